internal import Addressing
internal import Diagnostics
internal import Policy

/// Address families as bits.
struct Families: OptionSet {
  let rawValue: UInt8

  static let ipv4 = Self(rawValue: 1)
  static let ipv6 = Self(rawValue: 2)
  static let both: Self = [.ipv4, .ipv6]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ families: some Sequence<AddressFamily>) {
    self = families.reduce(into: []) { $0.formUnion($1 == .ipv4 ? .ipv4 : .ipv6) }
  }

  /// Those in which a service can reach anything.
  init(_ service: Service) {
    self.init(service.terms.flatMap(\.families))
    if !service.multicast.isEmpty { formIntersection(Self(service.multicast.families)) }
  }
}

extension Lint {
  /// An end of flows where hosts with one family stand beside hosts with both.
  private struct MixedEnd {
    let peers: PeersID
    let flow: FlowID
    /// `from` or `to`.
    let word: String
  }

  /// Hosts without a family that a flow opens for others at the same end. Each is told once, with the fewest
  /// others.
  static func hostsWithoutFamily(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    let families = policy.hosts.map { Families($0.addresses.lazy.map(\.family)) }
    let ends = mixedEnds(policy, now, families).sorted { a, b in
      let (x, y) = (policy[a.peers], policy[b.peers])
      return (x.hosts.count, x.name) < (y.hosts.count, y.name)
    }
    var isTold = [Bool](repeating: false, count: policy.hosts.count)
    var result: [Remark] = []
    for end in ends {
      let lacking = policy[end.peers].hosts.filter { families[$0.index] != .both && !isTold[$0.index] }
      for host in lacking { isTold[host.index] = true }
      for (family, text) in [(Families.ipv4, "IPv4"), (.ipv6, "IPv6")] {
        let hosts = lacking.filter { !families[$0.index].contains(family) }
        if !hosts.isEmpty { result.append(remark(policy, end, hosts, text)) }
      }
    }
    return result
  }

  private static func mixedEnds(
    _ policy: Policy, _ now: Timestamp, _ families: [Families]
  ) -> [MixedEnd] {
    var isMixed: [PeersID: Bool] = [:]
    var result: [MixedEnd] = []
    for (index, flow) in policy.flows.enumerated() where !flow.hasEnded(now) {
      let opened = flow.services.reduce(into: Families()) { $0.formUnion(Families(policy[$1])) }
      let ends = flow.parts.flatMap { [($0.from, $0.to, "from"), ($0.to, $0.from, "to")] }
      for (end, other, word) in ends {
        guard isMixed[end] != true,
          opened.intersection(Families(policy[other].addresses.families)) == .both
        else { continue }
        if isMixed[end] == nil {
          let hosts = policy[end].hosts
          isMixed[end] =
            hosts.contains { families[$0.index] == .both } && hosts.contains { families[$0.index] != .both }
        }
        if isMixed[end] == true { result.append(MixedEnd(peers: end, flow: FlowID(index), word: word)) }
      }
    }
    return result
  }

  private static func remark(
    _ policy: Policy, _ end: MixedEnd, _ hosts: [HostID], _ family: String
  ) -> Remark {
    let flow = policy[end.flow]
    let name = policy[end.peers].name
    let isName = !name.contains("/")
    return Remark(.families, isName ? name : flow.name, hosts) { some in
      let others = isName ? "of `\(name)`" : "in `\(end.word)` of the flow `\(flow.name)`"
      return Diagnostic(
        .warning, at: policy[some[0]].location, length: policy[some[0]].name.count,
        message: "\(policy.list(some)) \(some.count == 1 ? "has" : "have") no \(family) address; "
          + "others \(others) have both families",
        help: "add it, or name \(some.count == 1 ? "the host" : "them") in a flow apart from the others",
        related: [
          RelatedPlace(
            location: flow.location, length: flow.name.count, message: "opens \(family) for the others only")
        ])
    }
  }
}
