internal import Addressing
internal import AgentProtocol
internal import Policy
internal import Records

/// A source and a destination, by their numbers.
struct Pair: Hashable {
  let source: Int
  let destination: Int
}

/// How much of something was seen between two ends.
struct SeenPair {
  /// Both ends and those between them may have recorded the same, so that they are counted apart.
  private var packets: [Direction: UInt64] = [:]
  /// Seconds since the last packet.
  private(set) var age = Int.max
  /// How many records there are of it.
  private(set) var records = 0
  /// Addresses of ends that are networks.
  private(set) var sources: Set<Address> = []
  private(set) var destinations: Set<Address> = []
  /// Ports that a server has picked.
  private(set) var ports: Set<UInt16> = []

  /// - Parameters:
  ///   - isOfNetworks: whether the source and the destination are told as a network.
  ///   - isPassive: whether the port is told as any.
  mutating func add(
    _ record: RecordedConnection, isOfNetworks: (source: Bool, destination: Bool), isPassive: Bool
  ) {
    if isOfNetworks.source, let address = record.source.address { sources.insert(address) }
    if isOfNetworks.destination, let address = record.destination.address { destinations.insert(address) }
    if isPassive, let port = record.record.port { ports.insert(port) }
    let (sum, isTooMuch) = packets[record.direction, default: 0].addingReportingOverflow(record.packets)
    packets[record.direction] = isTooMuch ? .max : sum
    age = min(age, record.age)
    records += 1
  }

  /// As the end that has seen the most of it tells.
  var mostPackets: UInt64 { packets.values.max() ?? 0 }
}

/// What was seen, by what was wanted and between whom.
struct SeenPairs {
  private(set) var pairs: [Wanted: [Pair: SeenPair]] = [:]
  private(set) var left: [FlowProposal.Left] = []
  /// Records of what nothing allows, those that are left among them.
  private(set) var records = 0

  /// - Parameters:
  ///   - isDeniedMeant: whether it matters not when something came.
  ///   - isWide: whether a network may stand for some of its addresses.
  init(
    _ connections: [RecordedConnection], in policy: Policy, _ ends: FlowEnds, isDeniedMeant: Bool,
    isWide: Bool
  ) {
    let hosts = Dictionary(
      policy.hosts.indices.map { (policy.hosts[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    var known: [Wanted: [Pair: [RecordedConnection]]] = [:]
    for connection in connections {
      if case .allowed? = connection.cause { continue }
      records += 1
      if let reason = connection.cause?.reason {
        left.append(FlowProposal.Left(connection, reason))
        continue
      }
      if connection.inOtherMode != .nothing, !isDeniedMeant {
        left.append(FlowProposal.Left(connection, .denied))
        continue
      }
      let wanted: Wanted
      do throws(Wanted.Unwanted) { wanted = try Wanted(connection.record) } catch {
        left.append(FlowProposal.Left(connection, error == .message ? .message : .nothing))
        continue
      }
      switch Self.pair(connection, hosts, ends, isWide: isWide) {
      case .success(let pair) where pair.source == pair.destination:
        left.append(FlowProposal.Left(connection, .sameEnd))
      case .success(let pair): known[wanted, default: [:]][pair, default: []].append(connection)
      case .failure(let stranger): left.append(FlowProposal.Left(connection, stranger.reason))
      }
    }
    take(known, ends, isWide: isWide)
  }

  private struct Stranger: Error {
    let reason: FlowProposal.Reason
  }

  private static func pair(
    _ connection: RecordedConnection, _ hosts: [String: Int], _ ends: FlowEnds, isWide: Bool
  ) -> Result<Pair, Stranger> {
    func number(_ end: RecordedConnection.End) -> Result<Int, Stranger> {
      if let host = end.host.flatMap({ hosts[$0] }) { return .success(host) }
      guard let address = end.address else { return .failure(Stranger(reason: .noName)) }
      if Prefix.multicast.contains(where: { $0.contains(address) }) {
        return .failure(Stranger(reason: .group))
      }
      if let virtual = ends.virtual(of: address) { return .success(virtual) }
      guard let network = ends.network(of: address) else { return .failure(Stranger(reason: .noName)) }
      return isWide ? .success(network) : .failure(Stranger(reason: .network(ends.name(network))))
    }
    return number(connection.source).flatMap { source in
      number(connection.destination).map { Pair(source: source, destination: $0) }
    }
  }

  /// Takes what is neither a scan nor at a port that somebody's kernel has picked.
  private mutating func take(
    _ known: [Wanted: [Pair: [RecordedConnection]]], _ ends: FlowEnds, isWide: Bool
  ) {
    var ports: [Pair: [Wanted]] = [:]
    for (wanted, pairs) in known {
      // What a service of the inventory is about is neither.
      for (pair, some) in pairs where some.contains(where: { $0.namedService == nil }) {
        if case .port = wanted { ports[pair, default: []].append(wanted) }
      }
    }
    var apart: [Pair: [Wanted: FlowProposal.Reason]] = [:]
    for (pair, wanted) in ports {
      let picked = wanted.filter(\.isPicked)
      if picked.count >= Self.fewestPicked {
        let isTransfer = known[.port(.tcp, 21)]?[pair] != nil
        for one in picked { apart[pair, default: [:]][one] = isTransfer ? .passive : .picked }
      }
      let others = picked.count >= Self.fewestPicked ? wanted.filter { !$0.isPicked } : wanted
      if others.count >= RecordLine.fewestOfScan {
        for one in others { apart[pair, default: [:]][one] = .scan }
      }
    }
    for (wanted, pairs) in known {
      for (pair, some) in pairs {
        switch apart[pair]?[wanted] {
        case nil: add(some, wanted, pair, ends)
        case .passive? where isWide: add(some, .passive, pair, ends)
        case let reason?: left += some.map { FlowProposal.Left($0, reason) }
        }
      }
    }
  }

  /// From so many ports on that one source asks for at one destination, ports of the range that kernels pick from are picked.
  private static let fewestPicked = 3

  private mutating func add(
    _ some: [RecordedConnection], _ wanted: Wanted, _ pair: Pair, _ ends: FlowEnds
  ) {
    let isOfNetworks = (source: ends.isNetwork(pair.source), destination: ends.isNetwork(pair.destination))
    for one in some {
      pairs[wanted, default: [:]][pair, default: SeenPair()]
        .add(one, isOfNetworks: isOfNetworks, isPassive: wanted == .passive)
    }
  }
}

extension DenialCause {
  /// Why no flow is proposed for it; `nil`: one may be.
  fileprivate var reason: FlowProposal.Reason? {
    switch self {
    case .noFlow, .unknown, .otherWay: nil
    case .hasNone, .otherFamily, .otherMessages, .onlyElsewhere, .otherGateway, .endsAtGateway, .answers,
      .asymmetric, .ended, .allowed, .rule:
      .cause(self)
    }
  }
}
