internal import Machine
internal import SystemPackage

/// Whom a host believes, as its owner has written down in `/etc/sekisho`:
///
///     allowed_signers    keys and their principals (ssh-keygen(1), ALLOWED SIGNERS); with it the host asks for signatures
///     revoked_keys       keys that count no more (a KRL, or public keys, one a line)
///     approvals          of how many principals an index needs a signature; 1 where there is none
///     host               which host of inventories this machine is; where there is none its addresses say so
///
/// Each is root's alone to write. What cannot be read or trusted is no file that is missing: nothing is accepted then.
package struct TrustedSigners: Hashable, Sendable {
  package let path: String

  package init(path: String = ConfigurationDirectory.path) { self.path = path }

  /// What a host asks of an index.
  package struct Requirement: Hashable, Sendable {
    package let signers: [UInt8]
    package let revoked: [UInt8]?
    package let approvals: Int

    package init(signers: [UInt8], revoked: [UInt8]? = nil, approvals: Int = 1) {
      self.signers = signers
      self.revoked = revoked
      self.approvals = approvals
    }

    /// Whether the key of a signature that does not count for it can be one that is revoked. ssh-keygen(1) tells it in the same words
    /// where it cannot read the list.
    func mayRevoke(_ block: SignatureBlock) -> Bool {
      guard let revoked, let key = block.publicKey else { return true }
      // PROTOCOL.krl of OpenSSH.
      if revoked.starts(with: Array("SSHKRL\n\0".utf8)) { return true }
      let words = String(decoding: revoked, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      return words.contains(key[...])
    }
  }

  /// - Returns: `nil`: the host takes what it is given.
  /// - Throws: ``TrustRefusal``.
  package func requirement() throws(TrustRefusal) -> Requirement? {
    let revoked = try read("revoked_keys")
    let approvals = try read("approvals")
    guard let signers = try read("allowed_signers") else {
      if revoked == nil, approvals == nil { return nil }
      throw TrustRefusal(
        path: "\(path)/allowed_signers", reason: "it is missing, and what belongs to it is there",
        remedy:
          "write whose signatures count (ssh-keygen(1), ALLOWED SIGNERS), or remove revoked_keys and approvals"
      )
    }
    return Requirement(signers: signers, revoked: revoked, approvals: try Self.count(approvals, path))
  }

  /// Which host of inventories this machine is; `nil`: nobody has written it down.
  ///
  /// - Throws: ``TrustRefusal``.
  package func host() throws(TrustRefusal) -> String? {
    guard let bytes = try read("host") else { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 1 else {
      throw TrustRefusal(path: "\(path)/host", reason: "it is not one name", remedy: "write the host's name")
    }
    return String(words[0])
  }

  private static func count(_ bytes: [UInt8]?, _ path: String) throws(TrustRefusal) -> Int {
    guard let bytes else { return 1 }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let count = Int(words[0]), (1...SignatureBlock.most).contains(count) else {
      throw TrustRefusal(
        path: "\(path)/approvals", reason: "it is not a number from 1 to \(SignatureBlock.most)",
        remedy: "write of how many principals signatures are needed")
    }
    return count
  }

  private func read(_ name: String) throws(TrustRefusal) -> [UInt8]? {
    do throws(SystemFailure) {
      return try Directory(opening: path, isOwn: true).read(name, atMost: 1 << 22, isOwn: true)
    } catch {
      if error.errno == .noSuchFileOrDirectory { return nil }
      throw TrustRefusal(
        path: error.object,
        reason: error.errno == .notPermitted
          ? "others than root may write it" : "it cannot be trusted: \(error.message)",
        remedy:
          "make it a \(error.object == path ? "directory" : "plain file") of root's that nobody else may write (chown root, chmod go-w)"
      )
    }
  }
}

/// What says whom a host believes cannot be believed itself.
package struct TrustRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  package let path: String
  package let reason: String
  package let remedy: String

  package var description: String { "\(path): \(reason); \(remedy)" }
}
