import Addressing
import Policy
import PolicyFixtures
import Reachability

/// Where somebody can be, address by address outside.
enum NaivePlace: Hashable {
  case host(HostID)
  case outside(Address)

  var host: HostID? { if case .host(let host) = self { host } else { nil } }
}

/// Every connection that could matter, each judged flow by flow by the naive evaluator.
struct NaiveReach {
  let policy: Policy
  let places: [NaivePlace]
  private let connections: [Asked]

  /// A connection, and which flows (as bits) let it pass at each point that judges it.
  private struct Asked {
    let from: NaivePlace
    let to: NaivePlace
    let connection: Connection
    let ends: [Point]
    /// At the gateways on the way, any of which may forward it.
    let gateways: [(host: HostID, point: Point)]
  }

  private typealias Point = (flows: UInt32, observes: Bool)

  /// - Parameter addresses: every address that could matter.
  init(_ policy: Policy, _ addresses: [Address], now: Timestamp, quarantine: [RefusedHost] = []) {
    self.policy = policy
    var owners: [Address: HostID] = [:]
    for (index, host) in policy.hosts.enumerated() {
      for address in host.addresses { owners[address] = HostID(index) }
    }
    // Of the addresses that are in the same peers, one stands for all.
    var seen: Set<[Bool]> = []
    var strangers: [Address] = []
    let virtual = Set(policy.virtuals.flatMap(\.addresses))
    for address in addresses where owners[address] == nil && !address.isForged && !virtual.contains(address) {
      let kind = policy.peers.map { $0.addresses.contains(address) } + [address.family == .ipv4]
      if seen.insert(kind).inserted { strangers.append(address) }
    }
    places = policy.hosts.indices.map { .host(HostID($0)) } + strangers.map { .outside($0) }
    // What flows say is asked for apart from modes.
    let enforced = policy.with(hosts: policy.hosts.map { $0.with(modes: Modes(.enforce)) })
    let single = policy.flows.indices.map { Oracle(enforced.keeping(1 << UInt32($0))) }
    let kinds = Self.kinds(policy)
    var connections: [Asked] = []
    var ends = owners.sorted { $0.key < $1.key }.map { (address: $0.key, host: HostID?.some($0.value)) }
    // At each host that may carry it.
    for virtual in policy.virtuals {
      for host in virtual.carriers { ends += virtual.addresses.map { ($0, host) } }
    }
    ends += strangers.map { ($0, nil) }
    for (from, source) in ends {
      // One address outside stands for several, which may connect to each other.
      for (to, destination) in ends where to.family == from.family {
        if let source, source == destination { continue }
        let isRefused = quarantine.contains { refusal in
          func isMet(_ one: HostID?, _ address: Address, by other: HostID?) -> Bool {
            one == refusal.refused && !virtual.contains(address) && other.map(refusal.by.contains) == true
          }
          return isMet(source, from, by: destination) || isMet(destination, to, by: source)
        }
        if isRefused { continue }
        var judges: [(HostID, Direction)] = []
        var gateways: [HostID] = []
        if let source { judges.append((source, .egress)) }
        for (index, host) in policy.hosts.enumerated() {
          guard case .gateway(let routes) = host.forwarding else { continue }
          let gateway = HostID(index)
          if gateway == source || gateway == destination { continue }
          if routes.contains(where: { policy.crosses($0, from, to) }) { gateways.append(gateway) }
        }
        if let destination { judges.append((destination, .ingress)) }
        for (ipProtocol, kind) in kinds where ipProtocol != (from.family == .ipv4 ? .icmpv6 : .icmp) {
          let connection = Connection(from: from, to: to, ipProtocol, kind)
          func point(_ host: HostID, _ direction: Direction) -> Point {
            var flows: UInt32 = 0
            for (index, oracle) in single.enumerated() {
              if case .allowed = oracle.judge(connection, at: host, direction, now: now) {
                flows |= 1 << UInt32(index)
              }
            }
            return (flows, policy[host].modes[direction] != .enforce)
          }
          connections.append(
            Asked(
              from: source.map { .host($0) } ?? .outside(from),
              to: destination.map { .host($0) } ?? .outside(to), connection: connection,
              // Nobody knows what passes outside.
              ends: judges.isEmpty && gateways.isEmpty ? [(0, false)] : judges.map { point($0, $1) },
              gateways: gateways.map { ($0, point($0, .forward)) }))
        }
      }
    }
    self.connections = connections
  }

  /// Ports at the ends of every range, and the protocols without ports.
  private static func kinds(_ policy: Policy) -> [(IPProtocol, Connection.Kind)] {
    var ports: Set<UInt16> = []
    var sources: Set<UInt16> = [40_000]
    var plain: Set<IPProtocol> = []
    var types: Set<UInt8> = []
    var withPorts: Set<IPProtocol> = []
    for service in policy.services {
      for term in service.terms {
        switch term.match {
        case .any: plain.insert(term.ipProtocol)
        case .types(let set): types.formUnion(set.ranges.flatMap { Array($0) })
        case .ports(let set):
          withPorts.insert(term.ipProtocol)
          for range in set.ranges {
            ports.formUnion([range.lowerBound, range.upperBound &+ 1])
            if service.replies != nil { sources.insert(range.lowerBound) }
          }
          for range in service.replies?.ranges ?? [] { ports.insert(range.lowerBound) }
        }
      }
    }
    ports.remove(0)
    return withPorts.sorted().flatMap { ipProtocol in
      ports.sorted().flatMap { port in
        sources.sorted().map { (ipProtocol, Connection.Kind.ports(source: $0, destination: port)) }
      }
    } + plain.sorted().map { ($0, .plain) }
      + types.sorted().flatMap { type in [(.icmp, .type(type)), (.icmpv6, .type(type))] }
  }

  /// The pairs that can connect when only some flows are there.
  ///
  /// - Parameters:
  ///   - flows: as bits.
  ///   - avoiding: hosts that must not forward it.
  func pairs(_ flows: UInt32, service: Service? = nil, avoiding: Set<HostID> = [], observing: Bool = true)
    -> [NaivePlace: Set<NaivePlace>]
  {
    var result: [NaivePlace: Set<NaivePlace>] = [:]
    for asked in connections {
      if let service, !service.covers(asked.connection) { continue }
      if isAllowed(asked, flows, observing, avoiding) { result[asked.from, default: []].insert(asked.to) }
    }
    return result
  }

  private func isAllowed(
    _ asked: Asked, _ flows: UInt32, _ observing: Bool, _ avoiding: Set<HostID> = []
  ) -> Bool {
    func passes(_ point: Point) -> Bool { point.flows & flows != 0 || observing && point.observes }
    return asked.ends.allSatisfy(passes)
      && (asked.gateways.isEmpty
        || asked.gateways.contains { !avoiding.contains($0.host) && passes($0.point) })
  }

  /// Whether every pair can make every connection of a service that its addresses can form.
  func allows(_ from: [NaivePlace], _ to: [NaivePlace], _ service: Service, _ flows: UInt32) -> Bool {
    for source in ends(from) {
      for destination in ends(to) {
        if source.first?.host != nil, source == destination { continue }
        let all = connections.filter {
          source.contains($0.from) && destination.contains($0.to) && service.covers($0.connection)
            && $0.connection.isFromAnyPort
        }
        if all.isEmpty || !all.allSatisfy({ isAllowed($0, flows, false) }) { return false }
      }
    }
    return true
  }

  /// A host is an end of its own, what is outside is one end together.
  private func ends(_ places: [NaivePlace]) -> [[NaivePlace]] {
    let outside = places.filter { $0.host == nil }
    return places.filter { $0.host != nil }.map { [$0] } + (outside.isEmpty ? [] : [outside])
  }

  func addresses(_ place: NaivePlace) -> [Address] {
    switch place {
    case .host(let host): policy[host].addresses
    case .outside(let address): [address]
    }
  }

  /// The places of peers.
  func members(_ id: PeersID) -> Set<NaivePlace> {
    Set(places.filter { addresses($0).contains(where: policy[id].addresses.contains) })
  }

  /// Whether a path of different hosts leads from one to another.
  func isReachable(
    _ from: Set<NaivePlace>, _ to: Set<NaivePlace>, hops: Int, _ pairs: [NaivePlace: Set<NaivePlace>],
    last: [NaivePlace: Set<NaivePlace>]? = nil, closed: Set<NaivePlace> = []
  ) -> Bool {
    from.contains { start in
      var reached: Set<NaivePlace> = [start]
      for hop in 1...min(hops, places.count + 1) {
        for place in reached {
          let arrivals = (last ?? pairs)[place] ?? []
          if arrivals.contains(where: { ($0 != start || $0.host == nil) && to.contains($0) }) { return true }
        }
        if hop == hops { break }
        for place in reached {
          for next in pairs[place] ?? [] where next.host != nil && !closed.contains(next) {
            reached.insert(next)
          }
        }
      }
      return false
    }
  }
}

extension Policy {
  /// The same with some flows only, by bits; the others keep their places and never begin.
  func keeping(_ flows: UInt32) -> Policy {
    Policy(
      hosts: hosts, peers: peers, services: services,
      flows: self.flows.enumerated().map { index, flow in
        flows & 1 << UInt32(index) != 0
          ? flow
          : Flow(
            name: flow.name, parts: flow.parts, written: flow.written, per: flow.per, services: flow.services,
            why: flow.why,
            owner: nil, ticket: nil, until: Timestamp(seconds: .min), location: flow.location)
      }, guards: guards, zones: zones, virtuals: virtuals)
  }
}

extension Service {
  func covers(_ connection: Connection) -> Bool {
    terms.contains { term in
      guard term.ipProtocol == connection.ipProtocol else { return false }
      return switch (term.match, connection.kind) {
      case (.any, _): true
      case (.ports(let ports), .ports(_, let destination)): ports.contains(destination)
      case (.types(let types), .type(let type)): types.contains(type)
      default: false
      }
    }
  }
}

extension Address {
  /// IPv4 written as IPv6: no host believes such a source.
  fileprivate var isForged: Bool { family == .ipv6 && [0, 0xffff].contains(bits >> 32) }
}

extension Connection {
  /// Whether it is one of those that stand for every source port.
  var isFromAnyPort: Bool {
    if case .ports(let source, _) = kind { return source == 40_000 }
    return true
  }
}
