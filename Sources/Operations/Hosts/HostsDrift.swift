internal import AgentProtocol
internal import Fleet

/// What hosts run, against what they were confirmed to have.
package struct HostsDrift {
  /// The change that would lead back.
  package let running: RunningHosts
  /// The revision that each host was confirmed to have, in order of the hosts; `nil`: it could not be asked.
  package let revisions: [Int?]
  /// Whether the fallback of a boot stands on each host.
  package let fallbacks: [Bool]

  /// Asks every host.
  ///
  /// - Parameter targets: what they should have by an inventory is of no meaning; `nil`: this machine.
  /// - Throws: ``Machine/DirectoryRefusal``.
  package init(of targets: Targets?, watch: (any HostWatch)? = nil) async throws {
    let targets = try targets ?? Self.thisMachine()
    let answers = await asking(targets.hosts, watch) { target in
      try await target.ask([Status.self, ReadConfirmed.self, Look.self]) { agent in
        // Where what was confirmed cannot be read, that may stand in its place.
        let status = try await agent.ask(Status())
        let isFallback = status.table?.isFallback ?? false
        // Rules that are as confirmed do not tell that everybody is refused who should be.
        if let unknown = status.quarantineUnknown {
          return (
            isFallback,
            Result<Compared, any Error>.failure(
              AgentFailure(.failed, "whom it refuses is not known: \(unknown)"))
          )
        }
        do {
          let confirmed = try await agent.ask(ReadConfirmed())
          let looked = try await agent.ask(Look(confirmed.table))
          return (isFallback, Result<Compared, any Error>.success(Compared(confirmed, looked)))
        } catch {
          return (isFallback, .failure(error))
        }
      }
    }
    let asked = answers.map { $0.flatMap(\.1) }
    fallbacks = answers.map { (try? $0.get().0) ?? false }
    let hosts = zip(targets.hosts, asked).map { target, answer in
      Target(
        name: target.name, wanted: (try? answer.get().confirmed.table) ?? target.wanted, reach: target.reach,
        identity: target.identity, patience: target.patience)
    }
    // What was confirmed need not be of the inventory that is there.
    running = RunningHosts(
      Targets(hosts: hosts, all: targets.all, inventory: nil, isLab: targets.isLab),
      asked.map { $0.map(\.looked) }, [])
    revisions = asked.map { try? $0.get().confirmed.revision }
  }

  private struct Compared: Sendable {
    let confirmed: ConfirmedRuleset
    let looked: Looked

    init(_ confirmed: ConfirmedRuleset, _ looked: Looked) {
      self.confirmed = confirmed
      self.looked = looked
    }
  }

  private static func thisMachine() throws -> Targets {
    let target = try Target.thisMachine(named: "this host")
    return Targets(hosts: [target], all: [target.name], inventory: nil)
  }
}
