package import Addressing
package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
package import RulesetShape

extension LocalHost {
  /// Lets nobody begin a connection with some addresses, whatever flows say.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; `refused` where no rules ask for such addresses.
  package func cutOff(_ addresses: [CutOff], _ hold: Hold) throws(AgentFailure) {
    try changeQuarantine(hold) { $0.quarantining(addresses) }
    let present: Set<Address>
    do throws(AgentFailure) { present = try cutOff(hold) } catch {
      throw AgentFailure(
        .unproven,
        "the kernel took the addresses, and whether it has them could not be read: \(error.message)",
        errno: error.errno, remedy: "do it again", happened: .applied)
    }
    if present.isSuperset(of: addresses.map(\.address)) { return }
    throw AgentFailure(
      .unproven,
      "the kernel took the addresses and does not have all of them: somebody may have taken them out",
      remedy: "do it again", happened: .unknown)
  }

  /// Lets addresses take part again.
  ///
  /// - Returns: those that were cut off.
  package func release(_ addresses: [Address], _ hold: Hold) throws(AgentFailure) -> Set<Address> {
    let before = try cutOff(hold)
    try changeQuarantine(hold) { $0.releasing(addresses) }
    return before.intersection(addresses)
  }

  /// Makes the addresses that are cut off those of the host's books again; rules that ask for none stay as they are.
  ///
  /// - Parameter known: every address that may be cut off; `nil`: it is not known.
  /// - Returns: how many sets were corrected.
  package func correctQuarantine(
    _ expected: [CutOff], known: Set<Address>?, _ hold: Hold
  ) throws(AgentFailure) -> Int {
    var pause = Backoff()
    guard let table = try own(hold.kernel, &pause).own?.table else { return 0 }
    let corrections = table.correctingQuarantine(expected, known: known)
    if corrections.isEmpty { return 0 }
    try changeQuarantine(hold) { $0.correctingQuarantine(expected, known: known) }
    return corrections.count
  }

  /// The addresses that the kernel has cut off; the time of each ends without a word, so that it is asked every time.
  package func cutOff(_ hold: Hold) throws(AgentFailure) -> Set<Address> {
    var pause = Backoff()
    return try own(hold.kernel, &pause).own?.table.cutOff ?? []
  }

  private func changeQuarantine(
    _ hold: Hold, _ operations: (Table) -> [Operation]
  ) throws(AgentFailure) {
    var lacks: AgentFailure?
    try whileMoving(hold) { (found) throws(CommitError) in
      guard let table = found.own?.table, table.asksForQuarantine else {
        lacks = AgentFailure(
          .refused,
          found.own == nil
            ? "nothing is enforced on this host"
            : "the rules of this host ask for no addresses that are cut off",
          remedy: found.own == nil
            ? "apply its ruleset, or start it where it is stopped" : "apply its ruleset")
        return
      }
      let change = Change(family: family, table: name, operations: operations(table))
      if !change.isEmpty { _ = try hold.kernel.commit(change, expecting: found.generation) }
    }
    if let lacks { throw lacks }
  }
}
