internal import Machine
internal import SystemPackage

/// ssh-keygen(1), which makes and judges signatures.
package enum SSHKeygen {
  /// What signatures are for (ssh-keygen(1), `-n`): one that was made for mail or git does not count.
  package static let namespace = "sekisho"

  /// Signs with a key of whoever asks: a file, one in an agent, or one on a token.
  ///
  /// - Parameter key: the private key, or the public one where the private is in ssh-agent(1).
  /// - Throws: ``SigningFailure``.
  package static func sign(_ bytes: [UInt8], with key: String) throws(SigningFailure) -> SignatureBlock {
    let outcome = try run(
      ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key], bytes, within: .seconds(300), asks: true
    )
    guard outcome.status == 0, let block = SignatureBlock.all(in: outcome.output)?.first else {
      throw SigningFailure(
        "ssh-keygen did not sign with \(key)", remedy: "give a key of yours (--key), or add it to ssh-agent")
    }
    return block
  }

  /// Whether a signature is of these bytes, for us, whoever made it.
  static func fits(_ block: SignatureBlock, _ bytes: [UInt8]) throws(SigningFailure) -> Bool {
    try run(
      [program, "-Y", "check-novalidate", "-n", namespace, "-s", Programs.path(ofFile: 0)], bytes,
      files: [block.text]
    ).status == 0
  }

  /// Whose key it is now, as the first line says that names it; nobody's: none.
  static func principals(of block: SignatureBlock, in signers: [UInt8]) throws(SigningFailure) -> [String] {
    let outcome = try run(
      [
        program, "-Y", "find-principals", "-s", Programs.path(ofFile: 0), "-f", Programs.path(ofFile: 1),
      ], [], files: [block.text, signers])
    if outcome.status != 0 { return [] }
    return String(decoding: outcome.output, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
  }

  /// Whether a signature counts as a principal's.
  static func verifies(
    _ block: SignatureBlock, _ bytes: [UInt8], as principal: String, in signers: [UInt8], revoked: [UInt8]?
  ) throws(SigningFailure) -> Bool {
    try run(
      [
        program, "-Y", "verify", "-n", namespace, "-I", principal, "-s", Programs.path(ofFile: 0), "-f",
        Programs.path(ofFile: 1),
      ] + (revoked == nil ? [] : ["-r", Programs.path(ofFile: 2)]), bytes,
      files: [block.text, signers] + (revoked.map { [$0] } ?? [])
    ).status == 0
  }

  /// On a host nobody's `PATH` decides who judges.
  private static let program = "/usr/bin/ssh-keygen"

  private static func run(
    _ command: [String], _ input: [UInt8], files: [[UInt8]] = [], within time: Duration = .seconds(20),
    asks: Bool = false
  ) throws(SigningFailure) -> Programs.Outcome {
    do throws(SystemFailure) {
      return try Programs.run(command, input: input, files: files, within: time, asks: asks)
    } catch {
      throw SigningFailure(
        "signatures cannot be made or judged here: \(error)",
        remedy: error.errno == .noSuchFileOrDirectory ? "apt install openssh-client" : nil)
    }
  }
}

/// A signature could not be made or judged.
package struct SigningFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String
  package let remedy: String?

  init(_ message: String, remedy: String?) {
    self.message = message
    self.remedy = remedy
  }

  package var description: String { remedy.map { "\(message); \($0)" } ?? message }
}
