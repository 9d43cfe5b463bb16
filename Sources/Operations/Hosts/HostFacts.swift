package import Addressing
package import AgentProtocol
package import ConnectionDiff
internal import ConnectionSpace
internal import Nftables
package import Policy
internal import RulesetShape

/// What there is to know of a host beside what changes on it.
package struct HostFacts {
  package let host: String
  /// Addresses that its peers deny; `nil`: nothing says whose addresses are whose.
  package var stray: StrayAddresses?
  /// What rules lead elsewhere than clients ask for, once the host has what it should have.
  package let translations: [TranslationLine]
  /// Why there may be more of them, or other ones; `nil`: these are all.
  package let translationsNotProven: String?
  /// What was recorded where it was only observed, and is denied from now on.
  package var recorded: [Recorded]
  /// Addresses that the inventory gives to the host and that are on a link which its ruleset takes for a bridge of
  /// containers: what comes by it would be let pass as theirs. Known of this machine alone.
  package var mistakenForContainers: [Address] = []
  /// Milliseconds for which a change is on trial: all that is compared is what it stands beside.
  package var trialLeft: UInt64?
  /// Who has stopped the host: nothing is enforced, and what is confirmed ends that.
  package var stop: StopStatus?
  /// Whether the host has what it should have and boots with something else.
  package var bootsOtherwise = false
  /// Sessions that the rules that the host should have would not let begin.
  package var revoked: CutReport?
  /// Whom the host refuses, whatever flows say; empty where it was not asked.
  package private(set) var quarantine: [QuarantineStatus] = []
  /// Who has tripped tripwires of it; empty where it was not asked.
  package private(set) var tripped: [TripStatus] = []
  /// What it has opened for a time; empty where it was not asked.
  package private(set) var opened: [OpenedStatus] = []
  /// What of these is not known, in sentences; empty where it was not asked.
  package private(set) var unknown: [String] = []
  /// The names of hosts by their addresses.
  package let owners: [Address: String]

  /// Whether tables of others lead what asks for the host past it, to where nothing of Sekisho's filters: the inventory
  /// leaves its forwarding alone, and what is published there is open to everybody.
  package var publishesUnfiltered: Bool {
    translations.contains { $0.direction == .ingress && $0.isUnfiltered }
  }

  package var isEmpty: Bool {
    translations.isEmpty && translationsNotProven == nil && trialLeft == nil && stop == nil && !bootsOtherwise
      && (revoked?.sessions ?? 0) == 0
      && stray?.isEmpty != false && recorded.isEmpty && mistakenForContainers.isEmpty
  }

  /// - Parameters:
  ///   - tables: all that the host has, or will have.
  ///   - exits: which of its links lead where, as far as it is known.
  init(
    _ identity: HostIdentity, tables: [Table], names policy: Policy?,
    exits: [(link: String, destinations: AddressSet)] = [], stray: StrayAddresses? = nil,
    recorded: [Recorded] = []
  ) {
    host = identity.host
    owners = identity.owners
    self.stray = stray
    self.recorded = recorded
    do throws(NotProven) {
      let known = try TranslationLine.all(
        of: tables, own: identity.addresses, name: identity.host, names: policy, exits: exits, at: .current())
      translations = known.lines
      translationsNotProven = known.givenUp.isEmpty ? nil : "\(known.givenUp)"
    } catch { (translations, translationsNotProven) = ([], "\(error)") }
  }

  /// Asks hosts for them, in order.
  package static func of(
    _ targets: Targets, watch: (any HostWatch)? = nil
  ) async -> [(host: String, facts: Result<Self, any Error>)] {
    let answers = await asking(targets.hosts, watch) { target in
      try await target.ask([Look.self, Status.self]) { agent, greeting in
        // The state first: by that question a stop ends whose time is over.
        let status = try await agent.ask(Status())
        return (
          looked: try await agent.ask(Look(target.wanted)), status: status,
          stray: target.identity.strayAddresses(greeting)
        )
      }
    }
    return zip(targets.hosts, answers).map { target, answer in
      (
        target.name,
        answer.map { answer in
          var facts = Self(target, answer.looked, names: targets.inventory?.policy, stray: answer.stray)
          facts.quarantine = answer.status.quarantine ?? []
          facts.tripped = answer.status.tripped ?? []
          facts.opened = answer.status.opened ?? []
          facts.unknown = answer.status.unknown
          return facts
        }
      )
    }
  }

  /// Once the host has what it should have.
  init(_ target: Target, _ looked: Looked, names policy: Policy?, stray: StrayAddresses?) {
    let others = (looked.ruleset ?? []).filter { $0.title != target.wanted.title }
    self.init(
      target.identity, tables: [target.wanted] + others, names: policy, exits: target.exits, stray: stray,
      recorded: looked.recorded)
    trialLeft = looked.trialLeft
    revoked = looked.revoked
    stop = looked.stop
    bootsOtherwise = looked.bootsOtherwise == true
    let bridges = target.wanted.bridges
    guard case .here = target.reach, !bridges.isEmpty else { return }
    mistakenForContainers = ThisMachine.addresses(of: { link in
      bridges.contains { Containers.covers($0, link) }
    }).filter(target.identity.addresses.contains)
  }
}

extension Target {
  /// Which links of the host lead where; of a host that is reached through others it is not known.
  var exits: [(link: String, destinations: AddressSet)] {
    if case .here = reach { ThisMachine.exits } else { [] }
  }
}
