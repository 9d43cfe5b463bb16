package import Addressing
package import Diagnostics
package import Policy
internal import Reachability

/// One end of allowed connections.
package struct AllowedEnd: Hashable, Sendable {
  package let name: String
  /// How many managed hosts it is; 0: networks or virtual addresses alone.
  package let hosts: Int
}

/// Connections that a flow allows: from each of one end to each of the other, by one service.
package struct AllowedLine: Hashable, Sendable {
  package let from: AllowedEnd
  package let to: AllowedEnd
  package let service: String
  /// `tcp/443`, `udp/53, tcp/53`.
  package let ports: String
  package let flow: String
  package let why: String
  package let owner: String?
  package let ticket: String?
  /// The first moment at which it is closed; `nil`: it is open until removed.
  package let until: Timestamp?
  package let place: SourceLocation
}

/// Which of the allowed connections are listed; `nil`: all in that respect.
package struct ListFilter: Sendable {
  /// Hosts and networks, one of which an end has to have.
  package struct Ends: Sendable {
    let hosts: Set<HostID>
    let networks: AddressSet
    let virtuals: Set<VirtualID>

    /// - Parameter virtuals: peers whose virtual addresses are meant.
    package init(hosts: [HostID], networks: AddressSet, virtuals: [PeersID] = [], in policy: Policy) {
      self.hosts = Set(hosts)
      self.networks = networks
      self.virtuals = Set(virtuals.flatMap { policy[$0].virtuals })
    }

    /// What of some peers is meant.
    fileprivate func hosts(of peers: Peers) -> [HostID] { peers.hosts.filter(hosts.contains) }

    fileprivate func takesNetworks(of peers: Peers) -> Bool {
      !networks.intersection(peers.networks).isEmpty
    }

    fileprivate func takes(_ id: VirtualID, _ policy: Policy) -> Bool {
      virtuals.contains(id) || !hosts.isDisjoint(with: policy[id].carriers)
    }
  }

  package var from: Ends?
  package var to: Ends?
  /// Services that have something in common with what is asked for.
  package var services: Set<ServiceID>?
  package var flows: Set<FlowID>?

  package init() {}
}

/// Everything that a policy allows, as lines: one for each part of a flow and each of its services.
package struct AllowedList: Sendable {
  /// In order of flows, their parts and services.
  package let lines: [AllowedLine]
  /// Flows that have ended and so allow nothing, among those that are asked for.
  package let ended: [String]
  /// Hosts that deny nothing in some direction, because they only observe it or leave it alone, so that what is in no line passes there too.
  package let unenforced: [HostID]

  /// Flows that allow connections together which neither allows alone: one opens an end to a network, another the other end to
  /// a network, and each network has addresses of the hosts that are there. Those connections are in no line.
  package let together: [[FlowID]]

  /// The most lines of single hosts that are made.
  package static let most = 1_000_000

  /// - Parameters:
  ///   - now: flows that have ended then allow nothing.
  ///   - byHost: whether each host is an end of its own.
  /// - Throws: ``TooManyLines``.
  package init(_ policy: Policy, at now: Timestamp, _ filter: ListFilter = ListFilter(), byHost: Bool = false)
    throws(TooManyLines)
  {
    let asked = policy.flows.indices.map { FlowID($0) }.filter { filter.flows?.contains($0) ?? true }
    ended = asked.filter { policy[$0].hasEnded(now) }.map { policy[$0].name }
    unenforced = policy.hosts.indices.map { HostID($0) }.filter { id in
      [Direction.ingress, .egress].contains { policy[id].modes[$0] != .enforce }
    }
    let networks = policy.peers.reduce(AddressSet()) { $0.union($1.networks) }
    together =
      networks.intersection(policy.managed).isEmpty
      ? [] : ReachGraph(policy, at: now, barriers: .declared).flowsTogether
    var builder = LineBuilder(policy, filter)
    for id in asked where !policy[id].hasEnded(now) {
      for part in policy[id].parts {
        if byHost { try builder.appendPairs(id, part) } else { builder.append(id, part) }
      }
    }
    lines = builder.lines
  }
}

/// A list would be longer than anybody reads.
package struct TooManyLines: Error, CustomStringConvertible {
  package let description =
    "there are over \(AllowedList.most) pairs of hosts; name fewer of them (--from, --to, --service, --flow)"
}

private struct LineBuilder {
  let policy: Policy
  let filter: ListFilter
  let names: PeerNames
  private(set) var lines: [AllowedLine] = []

  init(_ policy: Policy, _ filter: ListFilter) {
    self.policy = policy
    self.filter = filter
    names = PeerNames(policy)
  }

  mutating func append(_ id: FlowID, _ part: FlowPart) {
    let (from, to) = (policy[part.from], policy[part.to])
    guard isTaken(from, by: filter.from), isTaken(to, by: filter.to) else { return }
    append(
      id, AllowedEnd(name: names.name(part.from), hosts: from.hosts.count),
      AllowedEnd(name: names.name(part.to), hosts: to.hosts.count), services(id))
  }

  /// What one host has to do with another, and no host with itself.
  mutating func appendPairs(_ id: FlowID, _ part: FlowPart) throws(TooManyLines) {
    let sources = members(policy[part.from], part.from, filter.from)
    let destinations = members(policy[part.to], part.to, filter.to)
    let services = services(id)
    for from in sources {
      for to in destinations where from.host == nil || from.host != to.host {
        let common = from.families.intersection(to.families)
        let shared = services.filter { service in
          policy[service].terms.contains { !common.isDisjoint(with: $0.families) }
        }
        append(id, from.end, to.end, shared)
      }
      if lines.count > AllowedList.most { throw TooManyLines() }
    }
  }

  private mutating func append(
    _ id: FlowID, _ from: AllowedEnd, _ to: AllowedEnd, _ services: [ServiceID]
  ) {
    let flow = policy[id]
    for service in services {
      lines.append(
        AllowedLine(
          from: from, to: to, service: policy[service].name, ports: policy[service].written, flow: flow.name,
          why: flow.why, owner: flow.owner, ticket: flow.ticket, until: flow.until, place: flow.location))
    }
  }

  private func services(_ id: FlowID) -> [ServiceID] {
    policy[id].services.filter { filter.services?.contains($0) ?? true }
  }

  private func isTaken(_ peers: Peers, by ends: ListFilter.Ends?) -> Bool {
    guard let ends else { return true }
    return ends.takesNetworks(of: peers) || !ends.hosts(of: peers).isEmpty
      || peers.virtuals.contains { ends.takes($0, policy) }
  }

  private struct Member {
    let end: AllowedEnd
    /// `nil`: it is no single host.
    let host: HostID?
    let families: Set<AddressFamily>
  }

  private func members(_ peers: Peers, _ id: PeersID, _ ends: ListFilter.Ends?) -> [Member] {
    var result = (ends?.hosts(of: peers) ?? peers.hosts).map { host in
      Member(
        end: AllowedEnd(name: policy[host].name, hosts: 1), host: host,
        families: Set(policy[host].addresses.map(\.family)))
    }
    for id in peers.virtuals where ends?.takes(id, policy) ?? true {
      let virtual = policy[id]
      result.append(
        Member(
          end: AllowedEnd(name: virtual.name, hosts: 0),
          host: virtual.carriers.count == 1 ? virtual.carriers[0] : nil,
          families: Set(virtual.addresses.map(\.family))))
    }
    if !peers.networks.isEmpty, ends?.takesNetworks(of: peers) ?? true {
      result.append(
        Member(
          end: AllowedEnd(name: names.networkName(id), hosts: 0), host: nil,
          families: Set(AddressFamily.allCases.filter { !peers.networks.isEmpty($0) })))
    }
    return result
  }
}

extension Service {
  /// What it covers, as inventories write it, with the groups that are asked.
  package var written: String {
    let text = terms.map { term in
      switch term.match {
      case .any: "\(term.ipProtocol)"
      case .ports(let ports): "\(term.ipProtocol)/\(ports.text())"
      case .types(let types): "\(term.ipProtocol)/\(types.text())"
      }
    }
    .joined(separator: ", ")
    if multicast.isEmpty { return text }
    let groups = AddressFamily.allCases.flatMap { family in
      multicast.ranges(family).map { range in
        range.count == 1
          ? "\(Address(family, range.lowerBound))"
          : "\(Address(family, range.lowerBound))-\(Address(family, range.upperBound))"
      }
    }
    return "\(text) to \(groups.joined(separator: ", "))"
  }
}

extension AllowedLine {
  /// The names of ``cells``.
  package static let columns = [
    "from", "from_hosts", "to", "to_hosts", "service", "ports", "flow", "why", "owner", "ticket", "until",
  ]

  /// As a row of a table. Where the flow is written is not in it: that moves with every line above.
  package var cells: [String] {
    [
      from.name, "\(from.hosts)", to.name, "\(to.hosts)", service, ports, flow, why, owner ?? "",
      ticket ?? "",
      until?.description ?? "",
    ]
  }
}
