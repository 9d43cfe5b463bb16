package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
package import RulesetShape

// What a host keeps in its rules by requests: whom it has cut off, and what it has opened for a time.

extension LocalHost {
  /// Puts elements in.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; `refused` where no rules ask for such elements.
  package func keep(_ elements: [KeptElement], _ hold: Hold) throws(AgentFailure) {
    try changeKept(elements, hold) { $0.adding(elements) }
    let present: Set<KeptElement.Place>
    do throws(AgentFailure) { present = try kept(hold) } catch {
      throw AgentFailure(
        .unproven, "the kernel took it, and whether it has it could not be read: \(error.message)",
        errno: error.errno, remedy: "do it again", happened: .applied)
    }
    if present.isSuperset(of: elements.map(\.place)) { return }
    throw AgentFailure(
      .unproven, "the kernel took it and does not have all of it: somebody may have taken it out",
      remedy: "do it again", happened: .unknown)
  }

  /// Takes elements out.
  ///
  /// - Returns: those that were there.
  package func takeOut(
    _ places: Set<KeptElement.Place>, _ hold: Hold
  ) throws(AgentFailure) -> Set<KeptElement.Place> {
    let before = try kept(hold).intersection(places)
    if !before.isEmpty { try changeKept([], hold) { $0.removing(places) } }
    return before
  }

  /// Makes what the host keeps that of its books again; rules that ask for nothing of it stay as they are.
  ///
  /// - Parameter known: every element that may be there; `nil`: it is not known.
  /// - Returns: how many sets were corrected.
  package func correct(
    _ expected: [KeptElement], known: Set<KeptElement.Place>?, _ hold: Hold
  ) throws(AgentFailure) -> Int {
    guard let table = try own(hold.kernel).own?.table else { return 0 }
    let corrections = table.correcting(expected, known: known)
    if corrections.isEmpty { return 0 }
    try changeKept([], hold) { $0.correcting(expected, known: known) }
    return corrections.count
  }

  /// What the host keeps; the time of each ends without a word, so that the kernel is asked every time.
  package func kept(_ hold: Hold) throws(AgentFailure) -> Set<KeptElement.Place> {
    try own(hold.kernel).own?.table.kept ?? []
  }

  private func changeKept(
    _ needed: [KeptElement], _ hold: Hold, _ operations: (Table) -> [Operation]
  ) throws(AgentFailure) {
    var lacks: AgentFailure?
    try whileMoving(hold) { (found) throws(CommitError) in
      guard let table = found.own?.table, table.asks(for: needed) else {
        lacks = AgentFailure(
          .refused,
          found.own == nil ? "nothing is enforced on this host" : "the rules of this host do not ask for it",
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
