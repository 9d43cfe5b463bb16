import Addressing
import Attempts
import Lab
import Policy
import PolicyFixtures

/// One connection that is tried for real.
struct ProofProbe: Hashable {
  /// Name of the node that begins it.
  let source: String
  /// Name of the node that has the destination; every other node for a group.
  let destination: String
  let connection: Connection
  /// For protocols with ports: whether the source's port matters and is the connection's.
  let hasSourcePort: Bool

  init(_ source: String, _ destination: String, _ connection: Connection, hasSourcePort: Bool = false) {
    self.source = source
    self.destination = destination
    self.connection = connection
    self.hasSourcePort = hasSourcePort
  }

  /// As the prober of the lab reads it.
  var attempt: Attempt {
    let aim: Attempt.Aim
    var sourcePort: UInt16?
    switch connection.kind {
    case .ports(let near, let far):
      aim = .port(far)
      sourcePort = hasSourcePort ? near : nil
    case .type(let type): aim = .type(type)
    case .plain: aim = .plain
    }
    return Attempt(
      connection.ipProtocol, from: connection.source, sourcePort: sourcePort, to: connection.destination, aim)
  }

  /// Whether the sender learns of the answer; what has none is seen by the witness alone.
  var isAnswered: Bool {
    [.tcp, .udp, .icmp, .icmpv6].contains(connection.ipProtocol) && !connection.destination.isGroup
  }

  /// What the witness at the destination notes of it: protocol, port or type, source.
  var trace: String {
    let number =
      switch connection.kind {
      case .ports(_, let port): "\(port)"
      case .type(let type): "\(type)"
      case .plain: "-"
      }
    return "\(connection.ipProtocol) \(number) \(connection.source)"
  }

  /// What connection tracking cannot tell from the same thing begun by the other side, because it has no ports
  /// or the same ones: only one of the two can be tried.
  var unordered: [String]? {
    switch connection.kind {
    case .ports where !hasSourcePort: nil
    case .type: nil
    default:
      [connection.source, connection.destination].sorted().map(\.description) + [
        "\(connection.ipProtocol)"
      ]
    }
  }
}

extension Address {
  var isGroup: Bool { family == .ipv4 ? bits >> 28 == 0xe : bits >> 120 == 0xff }
}

/// Draws connections of a lab: most of them out of its flows, so that many are allowed, others out of the blue.
struct ProbeSampler {
  private let policy: Policy
  private let nodes: [LabNode]
  private var random: SeededGenerator
  private var traces: Set<[String]> = []
  private var pairs: Set<[String]> = []

  init(_ policy: Policy, _ plan: LabPlan, seed: UInt64) {
    self.policy = policy
    nodes = plan.nodes
    random = SeededGenerator(seed: seed)
  }

  /// - Returns: at most that many, no two of which a witness would take for one.
  mutating func draw(_ count: Int) -> [ProofProbe] {
    var probes: [ProofProbe] = []
    for number in 0..<count * 4 where probes.count < count {
      guard let probe = number % 3 == 0 ? fromAnywhere() : fromFlow() else { continue }
      let isNew = traces.insert([probe.destination, "\(probe.connection.destination)", probe.trace]).inserted
      // The witness does not see to which of its addresses something came.
      let isClear =
        probe.isAnswered
        || traces.insert([
          probe.destination, probe.connection.destination.isGroup ? "group" : "", probe.trace,
        ])
        .inserted
      guard isNew, isClear else { continue }
      if let pair = probe.unordered, !pairs.insert(pair).inserted { continue }
      probes.append(probe)
    }
    return probes
  }

  private mutating func fromFlow() -> ProofProbe? {
    guard let flow = policy.flows.randomElement(using: &random),
      let id = flow.services.randomElement(using: &random),
      let term = policy[id].terms.randomElement(using: &random),
      let family = term.families.randomElement(using: &random),
      let part = flow.parts.randomElement(using: &random),
      let source = end(in: policy[part.from].addresses, family)
    else { return nil }
    if let range = policy[id].multicast.ranges(family).randomElement(using: &random), !random.oneIn(3) {
      return probe(source, ("*", Address(family, range.lowerBound)), term.ipProtocol, port(of: term))
    }
    guard let destination = end(in: policy[part.to].addresses, family) else { return nil }
    return probe(source, destination, term.ipProtocol, port(of: term))
  }

  private mutating func fromAnywhere() -> ProofProbe? {
    let family = AddressFamily.allCases.randomElement(using: &random) ?? .ipv4
    guard let source = end(in: .all, family), let destination = end(in: .all, family),
      let service = policy.services.randomElement(using: &random),
      let term = service.terms.filter({ $0.families.contains(family) }).randomElement(using: &random)
    else { return nil }
    if random.oneIn(12), family == .ipv4, source.node != destination.node {
      return ProofProbe(
        source.node, destination.node,
        Connection(
          from: source.address, to: destination.address, .udp,
          random.oneIn(2) ? .ports(source: 68, destination: 67) : .ports(source: 67, destination: 68)),
        hasSourcePort: true)
    }
    // Sometimes the right port of the wrong protocol.
    let swaps: [IPProtocol: IPProtocol] = [.tcp: .udp, .udp: .tcp]
    let ipProtocol = random.oneIn(5) ? swaps[term.ipProtocol] ?? term.ipProtocol : term.ipProtocol
    return probe(source, destination, ipProtocol, port(of: term))
  }

  private typealias End = (node: String, address: Address)

  private mutating func end(in addresses: AddressSet, _ family: AddressFamily) -> End? {
    let candidates = nodes.flatMap { node in
      node.addresses.filter { $0.family == family && addresses.contains($0) }.map { (node.name, $0) }
    }
    return candidates.randomElement(using: &random)
  }

  /// A port of a term or right beside it.
  private mutating func port(of term: ServiceTerm) -> UInt16 {
    guard case .ports(let ports) = term.match, let range = ports.ranges.randomElement(using: &random) else {
      return 0
    }
    let candidates = [
      range.lowerBound, range.upperBound, range.lowerBound, range.upperBound, range.lowerBound &- 1,
      range.upperBound &+ 1,
    ]
    let inside = UInt16.random(in: range, using: &random)
    return (candidates + [inside]).filter { $0 > 0 }.randomElement(using: &random) ?? inside
  }

  private func probe(_ source: End, _ destination: End, _ ipProtocol: IPProtocol, _ port: UInt16)
    -> ProofProbe?
  {
    if source.node == destination.node { return nil }
    let kind: Connection.Kind
    switch ipProtocol {
    case .icmp: kind = .type(8)
    case .icmpv6: kind = .type(128)
    case _ where ipProtocol.hasPorts: kind = .ports(source: 40_000, destination: port)
    default: kind = .plain
    }
    return ProofProbe(
      source.node, destination.node,
      Connection(from: source.address, to: destination.address, ipProtocol, kind))
  }
}
