/// What the signatures of an index are worth to a host.
package struct SignatureCheck: Hashable, Sendable {
  /// One signature.
  package struct Judged: Hashable, Sendable {
    /// `SHA256:…`.
    package let key: String?
    /// Whose it is, as far as that is known; it counts where ``reason`` is `nil`.
    package let principals: [String]
    /// Why it does not count.
    package let reason: String?
  }

  package let signatures: [Judged]
  /// Who approved it. Signatures that have a principal in common are of one: a key under two names is one person's, and so are
  /// two keys under one name.
  package let approvers: [String]
  package let needed: Int

  package var isEnough: Bool { approvers.count >= needed }

  /// - Parameters:
  ///   - bytes: the index, as it lies there.
  ///   - signatures: what lies beside it; `nil`: nothing.
  /// - Throws: ``SigningFailure`` where nobody can judge.
  package init(
    _ bytes: [UInt8], _ signatures: [UInt8]?, by requirement: TrustedSigners.Requirement
  ) throws(SigningFailure) {
    needed = requirement.approvals
    guard let blocks = SignatureBlock.all(in: signatures ?? []) else {
      self.signatures = [
        Judged(key: nil, principals: [], reason: "what lies beside the index are not signatures of ssh keys")
      ]
      approvers = []
      return
    }
    var judged: [Judged] = []
    for block in blocks { judged.append(try Self.judge(block, bytes, requirement)) }
    self.signatures = judged
    approvers = Self.people(judged.filter { $0.reason == nil }.map(\.principals))
  }

  private static func judge(
    _ block: SignatureBlock, _ bytes: [UInt8], _ requirement: TrustedSigners.Requirement
  ) throws(SigningFailure) -> Judged {
    guard try SSHKeygen.fits(block, bytes) else {
      return Judged(
        key: block.key, principals: [],
        reason: "it is not of this index, or was not made for \(SSHKeygen.namespace)")
    }
    let principals = try SSHKeygen.principals(of: block, in: requirement.signers)
    var (known, counted): ([String], [String]) = ([], [])
    for principal in principals {
      guard
        try SSHKeygen.verifies(block, bytes, as: principal, in: requirement.signers, revoked: nil)
      else { continue }
      known.append(principal)
      guard let revoked = requirement.revoked else {
        counted.append(principal)
        continue
      }
      if try SSHKeygen.verifies(block, bytes, as: principal, in: requirement.signers, revoked: revoked) {
        counted.append(principal)
      }
    }
    // All names of one line are one person's.
    if !counted.isEmpty { return Judged(key: block.key, principals: principals, reason: nil) }
    let reason =
      principals.isEmpty
      ? "its key is nobody's of those whose signatures count, or not at this time"
      : known.isEmpty
        ? "its key does not count for \(SSHKeygen.namespace)"
        : requirement.mayRevoke(block)
          ? "its key is revoked"
          : "what says which keys are revoked is neither a KRL nor public keys, one a line"
    return Judged(key: block.key, principals: principals, reason: reason)
  }

  /// Groups of names that have none in common, each by its first.
  private static func people(_ signatures: [[String]]) -> [String] {
    var groups: [Set<String>] = []
    for names in signatures {
      let (same, others) = groups.reduce(into: ([Set<String>](), [Set<String>]())) { parts, group in
        if group.isDisjoint(with: names) { parts.1.append(group) } else { parts.0.append(group) }
      }
      groups = others + [same.reduce(Set(names)) { $0.union($1) }]
    }
    return groups.compactMap { $0.min() }.sorted()
  }

  /// Why it is not enough, in a sentence.
  package var refusal: String {
    let few =
      approvers.isEmpty
      ? "nobody whose signature counts has approved it"
      : "\(approvers.joined(separator: ", ")) alone approved it"
    let need = needed == 1 ? "" : ", and \(needed) people have to"
    let reasons = signatures.compactMap { judged in
      judged.reason.map { "\(judged.principals.first ?? judged.key ?? "a signature"): \($0)" }
    }
    return few + need + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))")
  }
}
