internal import Addressing
internal import Policy

/// Connections that the same flows let pass: from every point of one set to every point of another.
///
/// A class, as lists of thousands are filtered again and again.
final class Link: Sendable {
  /// Points, of one family with the destinations.
  let sources: BitSet
  let destinations: BitSet
  /// The nodes of the points.
  let fromNodes: BitSet
  let toNodes: BitSet
  /// Each of them is needed; ascending. None where nobody on the way enforces.
  let flows: [FlowID]
  let traffic: Traffic
  /// Whether gateways that judge let it pass, by its flows; `false`: only those do that observe.
  let isForwarded: Bool

  /// 1 where it is of ICMP alone, else 0.
  var isMessages: Int {
    traffic.terms?.allSatisfy { $0.ipProtocol == .icmp || $0.ipProtocol == .icmpv6 } ?? false ? 1 : 0
  }

  init(
    _ sources: BitSet, _ destinations: BitSet, _ flows: [FlowID], _ traffic: Traffic, isForwarded: Bool,
    _ roles: Roles
  ) {
    self.sources = sources
    self.destinations = destinations
    self.flows = flows
    self.traffic = traffic
    self.isForwarded = isForwarded
    fromNodes = roles.nodes(of: sources)
    toNodes = roles.nodes(of: destinations)
  }
}

extension Roles {
  func nodes(of points: BitSet) -> BitSet {
    var result = BitSet(count: nodes.count)
    points.forEach { result.insert(self.points[$0].node) }
    return result
  }

  func points(of nodes: BitSet) -> BitSet {
    var result = BitSet(count: points.count)
    nodes.forEach { for point in self.nodes[$0].points { result.insert(point) } }
    return result
  }
}
