package import AgentProtocol
internal import Fleet

/// What hosts run, against what they were confirmed to have.
package struct HostsDrift {
  /// The change that would lead back.
  package let running: RunningHosts
  /// The revision that each host was confirmed to have, in order of the hosts; `nil`: it could not be asked.
  package let revisions: [Int?]
  /// Whether the fallback of a boot stands on each host.
  package let fallbacks: [Bool]
  /// Whom each host refuses, and what it has opened for a time, beside its rules.
  package let quarantined: [[QuarantineStatus]]
  package let opened: [[OpenedStatus]]
  /// What is not known of each host, which rules that are as confirmed do not tell: its books of it cannot be read.
  package let unknown: [[String]]

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
        do {
          let confirmed = try await agent.ask(ReadConfirmed())
          let looked = try await agent.ask(Look(confirmed.table))
          return (status, Result<Compared, any Error>.success(Compared(confirmed, looked)))
        } catch {
          return (status, .failure(error))
        }
      }
    }
    let asked = answers.map { $0.flatMap(\.1) }
    let states = answers.map { try? $0.get().0 }
    fallbacks = states.map { $0?.table?.isFallback ?? false }
    quarantined = states.map { $0?.quarantine ?? [] }
    opened = states.map { $0?.opened ?? [] }
    unknown = states.map { $0?.unknown ?? [] }
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
