internal import Addressing
package import AgentProtocol
internal import Digest
internal import Enforcement
internal import HostState
internal import HostStore
internal import Machine
internal import Policy
internal import Signing

// What a host accepts. It is judged here and by nobody who asks: a controller in somebody else's hands asks for what he likes.

extension HostLife {
  /// Seconds that a clock may be behind that of whoever made an index.
  static let clockTolerance: Int64 = 600

  /// Judges what comes with a ruleset.
  ///
  /// - Parameter digest: of the ruleset's file.
  /// - Returns: by what it is accepted; `nil`: the host asks for nothing, and nothing came with it.
  /// - Throws: ``AgentProtocol/AgentFailure`` `.unapproved`.
  func approval(
    _ signed: SignedIndex?, of digest: String, _ run: Run
  ) throws(AgentFailure) -> Approved? {
    let requirement = try requirement()
    guard let signed else {
      if requirement != nil { throw .unsigned }
      return nil
    }
    // Signatures first: nothing else of it is read before somebody is known to stand for it.
    let by = try requirement.map { (requirement) throws(AgentFailure) in try approvers(signed, requirement) }
    guard let index = ChangeIndex(decoding: Array(signed.index.utf8)) else {
      throw AgentFailure(.unapproved, "the index is damaged, or of another version", remedy: Self.anew)
    }
    try requireTime(index)
    try requireMeant(signed.host, index, digest, isSigned: requirement != nil)
    try requireNewer(index, run)
    return Approved(index: index.revision, digest: SHA256.hex(signed.index.utf8), by: by ?? [])
  }

  /// That a revision of the host was accepted, where the host asks for that now.
  ///
  /// - Returns: by what.
  @discardableResult
  func requireApproved(_ number: RevisionNumber) throws(AgentFailure) -> Approved? {
    let approved = try reading { () throws(HostStore.Failure) in try store.about(number) }.approved
    if try requirement() == nil || approved?.by.isEmpty == false { return approved }
    throw AgentFailure(
      .unapproved, "revision \(number) was never approved, and this host takes only what is signed",
      remedy: "sign what is to be in force instead")
  }

  /// Refuses what opens a host beside its policy, where that is signed.
  func refuseWhereSigned(_ verb: String) throws(AgentFailure) {
    if try requirement() == nil { return }
    throw AgentFailure(
      .unapproved, "this host takes only what is signed, and \(verb) is not",
      remedy:
        "write it into the inventory (`until` ends a flow by itself) and sign that; in an emergency root on the host moves "
        + "\(trust.path)/allowed_signers away")
  }

  /// Takes an index that gives the host what it has confirmed.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``: `moved` where the confirmed revision has another ruleset.
  package func accept(_ signed: SignedIndex) throws(AgentFailure) -> Accepted {
    let run = try begin()
    guard run.content.state.trial == nil, let number = run.content.state.confirmed else {
      throw AgentFailure(.moved, "nothing is confirmed, or something is on trial")
    }
    let about = try reading { () throws(HostStore.Failure) in try store.about(number) }
    guard let approved = try approval(signed, of: about.digest, run) else {
      throw AgentFailure(.badRequest, "no index came with it")
    }
    let audit = AuditEntry(.accepted(number, approved), time: clock(), by: actor)
    try reading { () throws(HostStore.Failure) in
      try store.write(approved)
      try store.append(audit)
    }
    return Accepted(revision: number.rawValue)
  }

  /// Remembers what a revision was accepted by, when it is confirmed.
  func noteIndex(of number: RevisionNumber, _ run: inout Run) throws(AgentFailure) {
    let about = try reading { () throws(HostStore.Failure) in try store.about(number) }
    guard let approved = about.approved, approved.index > run.content.state.approved?.index ?? 0 else {
      return
    }
    try reading { () throws(HostStore.Failure) in try store.write(approved) }
    run.content.state.approved = approved
  }

  // MARK: Parts

  private static let anew = "make and sign it anew"

  private func requirement() throws(AgentFailure) -> TrustedSigners.Requirement? {
    do throws(TrustRefusal) { return try trust.requirement() } catch {
      throw AgentFailure(
        .unapproved, "whose signatures count cannot be told: \(error.reason)", object: error.path,
        remedy: error.remedy)
    }
  }

  private func approvers(
    _ signed: SignedIndex, _ requirement: TrustedSigners.Requirement
  ) throws(AgentFailure) -> [String] {
    let check: SignatureCheck
    do throws(SigningFailure) {
      check = try SignatureCheck(Array(signed.index.utf8), Array(signed.signatures.utf8), by: requirement)
    } catch {
      throw AgentFailure(.unapproved, error.message, remedy: error.remedy)
    }
    if check.isEnough { return check.approvers }
    throw AgentFailure(.unapproved, check.refusal, remedy: "sekisho verify shows what counts, and why not")
  }

  private func requireTime(_ index: ChangeIndex) throws(AgentFailure) {
    let now = clock()
    let here = "it is \(Timestamp(seconds: now)) by this host's clock"
    if now > index.notAfter {
      throw AgentFailure(
        .unapproved, "the index was good until \(Timestamp(seconds: index.notAfter)); \(here)",
        remedy: "\(Self.anew), or set the clock")
    }
    if now + Self.clockTolerance < index.made {
      throw AgentFailure(
        .unapproved, "the index was made at \(Timestamp(seconds: index.made)), which is to come; \(here)",
        remedy: "set the clock of this host, or of where the index was made")
    }
  }

  /// That a host is given its own ruleset and no other's, which may be signed just as well.
  private func requireMeant(
    _ name: String, _ index: ChangeIndex, _ digest: String, isSigned: Bool
  ) throws(AgentFailure) {
    guard let host = index.host(name) else {
      throw AgentFailure(.unapproved, "the index has no host \(name)", remedy: Self.anew)
    }
    guard host.ruleset == digest else {
      throw AgentFailure(
        .unapproved, "the ruleset is not the one that the index names for \(name)", remedy: Self.anew)
    }
    if isSigned { try requireIdentity(host) }
  }

  private func requireIdentity(_ host: ChangeIndex.Host) throws(AgentFailure) {
    let written: String?
    do throws(TrustRefusal) { written = try trust.host() } catch {
      throw AgentFailure(.unapproved, error.reason, object: error.path, remedy: error.remedy)
    }
    if let written {
      if written == host.name { return }
      throw AgentFailure(
        .wrongHost, "this machine is \(written), as \(trust.path)/host says, and not \(host.name)")
    }
    let own: Set<Address>
    do throws(SystemFailure) { own = Set(try Interfaces.addresses()) } catch { throw AgentFailure(error) }
    let meant = host.addresses.compactMap { try? Address(parsing: $0) }
    if meant.contains(where: own.contains) { return }
    throw AgentFailure(
      .wrongHost, "this machine has no address of \(host.name)",
      remedy: "where its own addresses do not say so, write its name into \(trust.path)/host")
  }

  private func requireNewer(_ index: ChangeIndex, _ run: Run) throws(AgentFailure) {
    if let damage = run.content.indexDamage {
      throw AgentFailure(
        .unapproved, "which index was confirmed last is not known: \(damage)",
        remedy: "write it anew from \"sekisho history\", or remove the file where the host may take any again"
      )
    }
    guard let last = run.content.state.approved?.index, index.revision <= last else { return }
    throw AgentFailure(
      .unapproved, "the index has revision \(index.revision), and this host has confirmed \(last)",
      remedy: "what is older is not taken again: make and sign a new one")
  }
}
