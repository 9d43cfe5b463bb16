internal import Addressing
internal import Diagnostics
internal import Policy

extension Lint {
  /// Hosts that no flow lets anyone into by the management service, zone by zone.
  ///
  /// A host that no flow touches is meant to be alone, and one that a guard keeps that service away from is
  /// managed at its console.
  static func hostsWithoutManagement(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    let management = ManagementService(policy)
    let isFine = policy.hostsManagedAtConsole(at: now).union(management.hostsServed(policy, now))
    var touched = [Bool](repeating: false, count: policy.hosts.count)
    for peers in Set(policy.flows.lazy.filter { !$0.hasEnded(now) }.flatMap(\.ends)) {
      let carriers = policy[peers].virtuals.flatMap { policy[$0].carriers }
      for host in policy[peers].hosts + carriers { touched[host.index] = true }
    }
    let hosts = policy.hosts.indices.filter { touched[$0] }.map { HostID($0) }.filter { !isFine.contains($0) }
    let areas = Dictionary(grouping: hosts) { policy.area(of: $0) }
    return areas.sorted { $0.key < $1.key }.map { area, hosts in
      Remark(.noManagement, area.isEmpty ? policy[hosts[0]].name : area, hosts) { some in
        Diagnostic(
          .warning, at: policy[some[0]].location, length: policy[some[0]].name.count,
          message:
            "no flow lets anyone in by \(management.name) at \(policy.list(some))\(policy.place(of: some[0]))",
          help: management.help(policy.selector(some, area)))
      }
    }
  }
}

extension Policy {
  /// Where a host belongs: its zone, else its first group, else nowhere.
  func area(of host: HostID) -> String { self[host].zone ?? self[host].groups.first ?? "" }

  /// The same as words behind the names of hosts.
  func place(of host: HostID) -> String {
    let area = area(of: host)
    return area.isEmpty ? "" : " in the \(self[host].zone == nil ? "group" : "zone") `\(area)`"
  }

  /// Hosts of an area as a guard would name them.
  fileprivate func selector(_ some: [HostID], _ area: String) -> String {
    if some.count == 1 { return self[some[0]].name }
    let all = hosts.count { area == $0.zone || $0.groups.contains(area) }
    if all == some.count { return area }
    return some.count > 3 ? "..." : "[\(some.map { self[$0].name }.joined(separator: ", "))]"
  }
}

/// The service by which hosts are managed.
struct ManagementService {
  /// As messages call it.
  let name: String
  private let isDeclared: Bool
  /// What a flow or a guard would call it; `nil`: no service does any of it.
  private let service: String?
  private let terms: [ServiceTerm]

  init(_ policy: Policy) {
    let terms = policy.managementTerms
    self.terms = terms
    isDeclared = policy.management != nil
    name = policy.management.map { "`\(policy[$0].name)`" } ?? "tcp/22"
    service =
      policy.management.map { policy[$0].name }
      ?? policy.services.filter { service in service.terms.contains { $0.overlaps(terms) } }
      .min { ($0.width, $0.name) < ($1.width, $1.name) }?.name
  }

  /// What to do, with hosts as a guard would name them.
  func help(_ hosts: String) -> String {
    let setting =
      isDeclared ? "" : "; if it is not tcp/22, name the service: `settings: {management: SERVICE}`"
    guard let service else { return "declare a service for it, and add a flow\(setting)" }
    return "add a flow, or a guard that says that nobody may: `expect: {from: all, to: \(hosts), service: "
      + "\(service), verdict: denied}`\(setting)"
  }

  /// Whether a service does any of it.
  func isPart(of service: Service) -> Bool { service.terms.contains { $0.overlaps(terms) } }

  /// The families in which a service does some of it.
  private func families(_ service: Service) -> Families {
    Families(service.terms.filter { $0.overlaps(terms) }.flatMap(\.families))
  }

  /// The hosts, ascending by flow, that somebody else may reach by it.
  func hostsServed(_ policy: Policy, _ now: Timestamp) -> [HostID] {
    let services = policy.services.map(families)
    let hostFamilies = policy.hosts.map { Families($0.addresses.lazy.map(\.family)) }
    var result: [HostID] = []
    for flow in policy.flows where !flow.hasEnded(now) {
      let opened = flow.services.reduce(into: Families()) { $0.formUnion(services[$1.index]) }
      if opened.isEmpty { continue }
      for part in flow.parts {
        let from = policy[part.from]
        let sources = Families(from.addresses.families)
        let outside = Families(from.networks.families)
        for host in policy[part.to].hosts {
          let wanted = opened.intersection(sources).intersection(hostFamilies[host.index])
          if wanted.isEmpty { continue }
          let isReached =
            !wanted.isDisjoint(with: outside)
            || from.hosts.contains { $0 != host && !wanted.isDisjoint(with: hostFamilies[$0.index]) }
          if isReached { result.append(host) }
        }
      }
    }
    return result
  }
}

extension Service {
  /// How much it opens: ports and types of all its terms, of which a protocol as a whole has the most.
  fileprivate var width: Int {
    terms.reduce(0) { sum, term in
      switch term.match {
      case .any: sum + 65_536
      case .ports(let ports): sum + ports.ranges.reduce(0) { $0 + $1.count }
      case .types(let types): sum + types.ranges.reduce(0) { $0 + $1.count }
      }
    }
  }
}
