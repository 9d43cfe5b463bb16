internal import Digest
internal import FoundationEssentials

/// One signature of an ssh key, as `ssh-keygen -Y sign` writes it (PROTOCOL.sshsig of OpenSSH).
package struct SignatureBlock: Hashable, Sendable {
  /// With its first and last line.
  package let text: [UInt8]
  /// `SHA256:…`, as `ssh-keygen -l` shows the key; `nil`: it cannot be read.
  package let key: String?
  /// The key in base64, as a line of public keys has it; `nil`: it cannot be read.
  let publicKey: String?

  private static let first = "-----BEGIN SSH SIGNATURE-----"
  private static let last = "-----END SSH SIGNATURE-----"
  /// Signatures that are looked at; each costs a host some processes.
  package static let most = 16
  /// Bytes of a file of signatures.
  package static let longest = 1 << 18

  /// The signatures in a file, one behind the other.
  ///
  /// - Returns: `nil` where there is anything else in it, or more than ``most``.
  package static func all(in bytes: [UInt8]) -> [SignatureBlock]? {
    guard bytes.count <= longest else { return nil }
    var blocks: [SignatureBlock] = []
    var lines: [Substring]?
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      switch (line, lines) {
      case (first[...], nil): lines = []
      case (last[...], let body?):
        let text = ([first[...]] + body + [last[...]]).joined(separator: "\n") + "\n"
        let blob = publicKey(in: body.joined())
        blocks.append(
          SignatureBlock(
            text: Array(text.utf8), key: blob.map(fingerprint),
            publicKey: blob.map { Data($0).base64EncodedString() }))
        lines = nil
      case (_, .some): lines?.append(line)
      default: return nil
      }
    }
    return lines == nil && blocks.count <= most ? blocks : nil
  }

  /// `SSHSIG`, a number, and behind its length the public key.
  private static func publicKey(in base64: String) -> ArraySlice<UInt8>? {
    guard let data = Data(base64Encoded: base64), data.count > 14, data.starts(with: Array("SSHSIG".utf8))
    else { return nil }
    let bytes = Array(data)
    let length = bytes[10..<14].reduce(0) { $0 << 8 | Int($1) }
    return 14 + length <= bytes.count ? bytes[14..<(14 + length)] : nil
  }

  private static func fingerprint(_ key: ArraySlice<UInt8>) -> String {
    let digest = Array(SHA256.hex(key).utf8)
    let raw = stride(from: 0, to: digest.count, by: 2).compactMap {
      UInt8(String(decoding: digest[$0..<($0 + 2)], as: UTF8.self), radix: 16)
    }
    return "SHA256:" + Data(raw).base64EncodedString().prefix { $0 != "=" }
  }
}
