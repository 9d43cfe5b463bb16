internal import Addressing
internal import ConnectionSpace
package import Diagnostics
internal import Policy

/// Something in a change that a reviewer should look at twice.
package struct Risk: Hashable, Sendable {
  /// What is risky about it.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Nobody can log in any more.
    case lockout
    /// Opens into hosts that a guard speaks of.
    case guarded
    /// Opens to or from addresses outside the inventory.
    case outside
    /// Every address may be an end.
    case anyone
    /// More than a hundred ports at once.
    case wide
    /// A protocol that sends passwords or contents in the clear.
    case insecure
    /// What is not allowed passes again.
    case observed
    /// A flow ends soon.
    case expiring
  }

  package let kind: Kind
  /// A sentence.
  package let message: String
  /// The flow it is about, and where it is written.
  package let flow: String?
  package let location: SourceLocation?
}

extension Risk {
  private static let soon: Int64 = 7 * 86_400
  private static let manyPorts = 100

  /// - Parameter new: the policy that is changed to; without it less is known to be risky.
  static func all(
    of opened: [ConnectionLine], _ modes: [ConnectionDiff.ModeChange],
    _ forwarding: [ConnectionDiff.ForwardingChange], _ containers: [ContainersChange],
    _ lockout: Lockout?, to new: Policy?, at now: Timestamp
  ) -> [Risk] {
    let guarded = new.map(guardedHosts) ?? []
    let sensitive = new.map(sensitiveHosts) ?? []
    var risks: [Risk] = []
    var known: Set<Risk> = []
    func insert(
      _ kind: Kind, _ message: String, _ flow: String? = nil, _ location: SourceLocation? = nil
    ) {
      let risk = Risk(kind: kind, message: message, flow: flow, location: location)
      if known.insert(risk).inserted { risks.append(risk) }
    }
    func inside(_ end: LineEnd) -> String? { end.outsideName.isEmpty ? end.name : nil }
    if let lockout { insert(.lockout, lockout.sentence) }
    for line in opened {
      // What no flow is behind is told by the hosts that it is about.
      let isBetweenHosts = line.from.outsideName.isEmpty && line.to.outsideName.isEmpty
      func add(_ kind: Kind, _ message: String, _ other: String? = nil) {
        let ends = other ?? (isBetweenHosts ? "\(line.from.name) → \(line.to.name)" : nil)
        insert(
          kind, message + (line.flow == nil ? ends.map { " (\($0))" } ?? "" : ""), line.flow, line.location)
      }
      let destinations = Set(line.to.hosts)
      let speaking = guarded.filter { !$0.hosts.isDisjoint(with: destinations) }.map(\.name)
      if !speaking.isEmpty {
        add(
          .guarded,
          "opens into \(line.to.name), which \(speaking.count == 1 ? "the guard" : "the guards") "
            + "\(speaking.joined(separator: ", ")) \(speaking.count == 1 ? "is" : "are") about")
      }
      for (end, word) in [(line.from, "from"), (line.to, "to")] where !end.outsideName.isEmpty {
        let isAnyone = line.families.contains { end.outside.ranges($0) == [0...$0.highestBits] }
        add(
          isAnyone ? .anyone : .outside,
          isAnyone
            ? "opens \(word) every address there is"
            : "opens \(word) \(end.outsideName), outside the inventory",
          word == "from" ? inside(line.to).map { "to \($0)" } : inside(line.from).map { "from \($0)" })
      }
      for term in line.terms {
        if case .ports(let ports) = term.kinds, ports.ranges.reduce(0, { $0 + $1.count }) > manyPorts {
          add(.wide, "opens \(ports.ranges.reduce(0) { $0 + $1.count }) ports (\(term))")
        }
        for (name, isInsecure) in insecure(term, into: !sensitive.isDisjoint(with: destinations))
        where isInsecure {
          add(.insecure, "\(name) is not encrypted (\(term))")
        }
      }
    }
    for change in modes where change.mode != .enforce {
      let direction = change.direction.rawValue
      insert(
        .observed,
        (change.mode == .observe
          ? "\(change.host) only observes its \(direction): everything passes"
          : "\(change.host) leaves its \(direction) alone: everything passes, and nothing is recorded")
          + (change.reachesContainers ? ", to what it publishes for its containers as well" : ""))
    }
    let judging = Set(containers.filter { $0.new != nil }.map(\.host))
    for change in forwarding where change.passesAll {
      insert(
        .observed,
        "\(change.host) lets everything pass through"
          + (judging.contains(change.host)
            ? " that is neither for its containers nor from them" : ": its forwarding is left alone"))
    }
    for opening in containers.flatMap(\.openings) { insert(.observed, opening) }
    for flow in new?.flows ?? [] {
      guard let until = flow.until, until > now, until.seconds - now.seconds <= soon else { continue }
      insert(.expiring, "ends in \(remaining(until.seconds - now.seconds))", flow.name, flow.location)
    }
    return risks
  }

  private static func remaining(_ seconds: Int64) -> String {
    let (count, unit) =
      seconds >= 2 * 86_400
      ? (seconds / 86_400, "days")
      : seconds >= 2 * 3600 ? (seconds / 3600, "hours") : (seconds / 60, "minutes")
    return "\(count) \(unit)"
  }

  /// The zones and groups that guards keep something away from, guard by guard. What a guard calls by more than
  /// one name is most of a fleet, and would be named with every change.
  private static func guardedHosts(_ policy: Policy) -> [(name: String, hosts: Set<String>)] {
    policy.guards.compactMap { rule in
      let peers: PeersID? =
        switch rule.statement {
        case .never(_, let to, _, _): to
        case .only(_, let to, _): to
        case .through(_, let to, _): to
        case .isolated(let hosts): hosts
        case .expect(_, let to, _, let allowed): allowed ? nil : to
        }
      return peers.flatMap { policy[$0].name.contains("/") ? nil : $0 }
        .map { (rule.name, Set(policy[$0].hosts.map { policy[$0].name })) }
    }
  }

  /// Hosts with something to lose: crown jewels, and zones called vault or data.
  private static func sensitiveHosts(_ policy: Policy) -> Set<String> {
    let zones = Set(policy.zones.filter { $0.crown || ["vault", "data"].contains($0.name) }.map(\.name))
    return Set(
      policy.hosts.filter { host in host.crown || host.zone.map { zones.contains($0) } ?? false }.map(\.name))
  }

  /// Protocols in the clear that a term may be; HTTP counts where there is something to lose.
  private static func insecure(_ term: LineTerm, into isSensitive: Bool) -> [(String, Bool)] {
    guard case .ports(let ports) = term.kinds else { return [] }
    let isTCP = term.ipProtocol == .tcp
    let all: [(name: String, isTCP: Bool, ports: [UInt16], always: Bool)] = [
      ("ftp", true, [20, 21], true), ("telnet", true, [23], true), ("tftp", false, [69], true),
      ("http", true, [80, 8080], false), ("snmp before version 3", false, [161, 162], true),
      ("ldap", true, [389], true), ("rexec, rlogin or rsh", true, [512, 513, 514], true),
    ]
    return all.filter { $0.isTCP == isTCP && $0.ports.contains { ports.contains($0) } }
      .map { ($0.name, $0.always || isSensitive) }
  }
}
