internal import Addressing
internal import AgentProtocol
internal import Policy

/// What looks like answers and was new to both its ends: to the one that sent it, on the way out, and to the one it came to.
///
/// An answer belongs to a session that its destination began, and is established there. To be new to both it takes that both
/// have lost the session; whoever forges a sender leaves no record at that.
///
/// Sessions of TCP are lost rarely, but come by the dozen then, each at a port of its own. Those of UDP are forgotten alike
/// at both ends, 30 seconds after the question (`nf_conntrack_udp_timeout`), so that one datagram at each end may be an answer
/// that took longer.
package struct BothEnds {
  private struct Ends: Hashable {
    let source: String
    let destination: String
    let ipProtocol: IPProtocol
    let family: AddressFamily
  }

  /// Packets of each port, as both ends have recorded them.
  private var seen: [Ends: [UInt16: (out: UInt64, in: UInt64)]] = [:]

  /// From so many ports on that one source asks for at one destination, ports of the range that kernels pick from are picked.
  package static let fewestPicked = 3

  package init() {}

  /// Whether nothing looks like answers.
  package var isEmpty: Bool { seen.isEmpty }

  /// Takes what was recorded in one direction of a host, or in many.
  package mutating func add(_ connections: [RecordedConnection]) {
    for one in connections where one.isOfAnswers && one.direction != .forward {
      guard let (ends, port) = Self.ends(of: one) else { continue }
      let isSource = one.direction == .egress
      guard one.host == (isSource ? ends.source : ends.destination) else { continue }
      seen[ends, default: [:]][port, default: (0, 0)].out &+= isSource ? one.packets : 0
      seen[ends, default: [:]][port, default: (0, 0)].in &+= isSource ? 0 : one.packets
    }
  }

  /// The connections, of which those that were new to both ends are no answers; in their order.
  package func judged(_ connections: [RecordedConnection]) -> [RecordedConnection] {
    let new = newPorts
    if new.isEmpty { return connections }
    return connections.map { one in
      guard one.isOfAnswers, let flow = one.cause?.flow, let (ends, port) = Self.ends(of: one),
        new[ends]?.contains(port) == true
      else { return one }
      return RecordedConnection(one, because: .newToBoth(flow: flow))
    }
  }

  private var newPorts: [Ends: Set<UInt16>] {
    var new: [Ends: Set<UInt16>] = [:]
    for (ends, ports) in seen {
      let least: UInt64 = ends.ipProtocol == .udp ? 2 : 1
      let some = ports.filter { min($0.value.out, $0.value.in) >= least }
      if (1..<Self.fewestPicked).contains(some.count) { new[ends] = Set(some.keys) }
    }
    return new
  }

  private static func ends(of one: RecordedConnection) -> (Ends, port: UInt16)? {
    guard let source = one.source.host, let destination = one.destination.host, let port = one.record.port
    else { return nil }
    let ends = Ends(
      source: source, destination: destination, ipProtocol: one.record.ipProtocol,
      family: one.record.peer.family)
    return (ends, port)
  }
}
