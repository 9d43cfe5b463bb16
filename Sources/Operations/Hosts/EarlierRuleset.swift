internal import AgentProtocol
internal import Fleet
internal import Nftables

/// A host that is to have a revision again that it had.
package struct EarlierRuleset: Sendable {
  package let target: Target
  package let revision: Int

  init(_ revision: Int, _ table: Table, of target: Target) {
    self.target = Target(
      name: target.name, wanted: table, reach: target.reach, identity: target.identity,
      patience: target.patience)
    self.revision = revision
  }
}

extension Target {
  /// The same host, which is to have a revision again.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func goingBack(to revision: Int) async throws -> EarlierRuleset {
    let read = try await ask([ReadRevision.self]) { try await $0.ask(ReadRevision(revision)) }
    return EarlierRuleset(revision, read.table, of: self)
  }

  /// The same host, which is to have again what was confirmed last; `nil`: nothing ever was.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func goingBackToConfirmed() async throws -> EarlierRuleset? {
    do {
      let read = try await ask([ReadConfirmed.self]) { try await $0.ask(ReadConfirmed()) }
      return EarlierRuleset(read.revision, read.table, of: self)
    } catch let failure as AgentFailure where failure.code == .badRequest { return nil }
  }
}
