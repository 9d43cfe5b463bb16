import Addressing
import ConnectionSpace
import Policy
import PolicyFixtures

/// What the naive evaluator says of points.
struct Truth {
  let policy: Policy
  let now: Timestamp
  private let oracle: Oracle
  private var owners: [Address: HostID] = [:]
  /// Source ports that make a difference.
  private let sourcePorts: Set<UInt16>

  init(_ policy: Policy, now: Timestamp) {
    self.policy = policy
    self.now = now
    oracle = Oracle(policy)
    for (index, host) in policy.hosts.enumerated() {
      for address in host.addresses { owners[address] = HostID(index) }
    }
    var ports: Set<UInt16> = [40_000]
    for service in policy.services where service.replies != nil {
      for case .ports(let set) in service.terms.map(\.match) {
        ports.formUnion(set.ranges.map(\.lowerBound))
      }
    }
    sourcePorts = ports
  }

  func owner(_ address: Address) -> HostID? { owners[address] }

  /// The host that has an address, or those that may carry it.
  func hosts(of address: Address) -> [HostID] {
    if let owner = owners[address] { return [owner] }
    return policy.virtuals.filter { $0.addresses.contains(address) }.flatMap(\.carriers)
  }

  /// Whether the point is one that a host sends itself.
  func isLoopback(_ point: Point) -> Bool {
    owner(point.source) != nil && owner(point.source) == owner(point.destination)
  }

  /// Whether a host allows it by a flow; `nil` when it is open on every host.
  func judge(_ point: Point, at host: HostID) -> Bool? {
    let direction: Direction =
      switch point.passage {
      case .ingress: .ingress
      case .egress: .egress
      case .forward, .whole: .forward
      }
    if policy[host].modes[direction] == .leave { return true }
    var isAlwaysOpen = false
    for connection in connections(point) {
      switch oracle.judge(connection, at: host, direction, now: now) {
      case .allowed: return true
      case .alwaysOpen: isAlwaysOpen = true
      case .denied: break
      }
    }
    return isAlwaysOpen ? nil : false
  }

  /// The same for whichever host judges the point in its passage; several for groups and gateways.
  func judge(_ point: Point) -> Bool? {
    switch point.passage {
    case .ingress:
      let hosts = hosts(of: point.destination)
      return any(point) { hosts.isEmpty || hosts.contains($0) }
    case .egress: return any(point, hosts(of: point.source).contains)
    case .forward: return any(point) { if case .gateway = policy[$0].forwarding { true } else { false } }
    case .whole: return judgeWhole(point)
    }
  }

  private func any(_ point: Point, _ isAsked: (HostID) -> Bool) -> Bool? {
    let answers = policy.hosts.indices.map { HostID($0) }.filter(isAsked).map { judge(point, at: $0) }
    return answers.contains(true) ? true : answers.contains(nil) ? nil : false
  }

  /// Every managed end has to allow it, and one of the gateways on the way, if there are any.
  private func judgeWhole(_ point: Point) -> Bool? {
    func at(_ passage: Passage) -> Point {
      Point(passage, from: point.source, to: point.destination, point.ipProtocol, kind: point.kind)
    }
    let (source, destination) = (owner(point.source), owner(point.destination))
    var answers: [Bool?] = []
    var gateways: [Bool?] = []
    let (sources, destinations) = (hosts(of: point.source), hosts(of: point.destination))
    if !sources.isEmpty { answers.append(any(at(.egress), sources.contains)) }
    if !destinations.isEmpty { answers.append(any(at(.ingress), destinations.contains)) }
    for (index, host) in policy.hosts.enumerated() {
      let gateway = HostID(index)
      guard case .gateway(let routes) = host.forwarding, gateway != source, gateway != destination else {
        continue
      }
      if routes.contains(where: { crosses($0, point) }) { gateways.append(judge(at(.forward), at: gateway)) }
    }
    if !gateways.isEmpty {
      answers.append(gateways.contains(true) ? true : gateways.contains(nil) ? nil : false)
    }
    // Between two ends that nobody manages, only what a gateway forwards is looked at.
    if answers.isEmpty || answers.contains(false) { return false }
    return answers.contains(nil) ? nil : true
  }

  private func crosses(_ route: Route, _ point: Point) -> Bool {
    policy.crosses(route, point.source, point.destination)
  }

  private func connections(_ point: Point) -> [Connection] {
    if point.ipProtocol.hasPorts {
      return sourcePorts.map {
        Connection(
          from: point.source, to: point.destination, point.ipProtocol,
          .ports(source: $0, destination: point.kind))
      }
    }
    let isICMP = point.ipProtocol == .icmp || point.ipProtocol == .icmpv6
    return [
      Connection(
        from: point.source, to: point.destination, point.ipProtocol,
        isICMP ? .type(UInt8(point.kind)) : .plain)
    ]
  }
}
