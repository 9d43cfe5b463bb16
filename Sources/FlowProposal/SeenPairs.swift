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
  private var packets = (ingress: UInt64(0), egress: UInt64(0), forward: UInt64(0))
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
    switch record.direction {
    case .ingress: packets.ingress = packets.ingress.addingSaturated(record.packets)
    case .egress: packets.egress = packets.egress.addingSaturated(record.packets)
    case .forward: packets.forward = packets.forward.addingSaturated(record.packets)
    }
    age = min(age, record.age)
    records += 1
  }

  /// Adds what was seen of the same pair.
  mutating func add(_ other: Self) {
    packets.ingress = packets.ingress.addingSaturated(other.packets.ingress)
    packets.egress = packets.egress.addingSaturated(other.packets.egress)
    packets.forward = packets.forward.addingSaturated(other.packets.forward)
    age = min(age, other.age)
    records += other.records
    sources.formUnion(other.sources)
    destinations.formUnion(other.destinations)
    ports.formUnion(other.ports)
  }

  /// As the end that has seen the most of it tells.
  var mostPackets: UInt64 { max(packets.ingress, packets.egress, packets.forward) }
}

extension UInt64 {
  /// The sum, or the greatest number.
  func addingSaturated(_ other: Self) -> Self {
    let (sum, isTooMuch) = addingReportingOverflow(other)
    return isTooMuch ? .max : sum
  }
}

extension [Pair: SeenPair] {
  /// Those of a rectangle, until one is enough; of many rectangles most are far smaller than all that was seen.
  ///
  /// - Parameter isEnough: whether to look at no other.
  /// - Returns: whether one was enough.
  func contains(in rectangle: PairBlock, where isEnough: (Pair, SeenPair) -> Bool) -> Bool {
    let destinations = rectangle.destinations.members
    guard rectangle.sources.count * destinations.count < count else {
      return contains { rectangle.contains($0.key) && isEnough($0.key, $0.value) }
    }
    for source in rectangle.sources.members {
      for destination in destinations {
        let pair = Pair(source: source, destination: destination)
        if let seen = self[pair], isEnough(pair, seen) { return true }
      }
    }
    return false
  }
}

/// What was seen, by what was wanted and between whom.
struct SeenPairs {
  private(set) var pairs: [Wanted: [Pair: SeenPair]] = [:]
  private(set) var left: [FlowProposal.Left] = []
  /// Records of what nothing allows, those that are left among them.
  private(set) var records = 0
  /// What of a flow there is already, or looks like it, by what was wanted and between whom.
  private(set) var remarked: [Wanted: [Pair: Set<DenialCause>]] = [:]

  /// - Parameters:
  ///   - isDeniedMeant: whether it matters not when something came.
  ///   - isWide: whether a network may stand for some of its addresses.
  init(
    _ connections: [RecordedConnection], in policy: Policy, _ ends: FlowEnds, isDeniedMeant: Bool,
    isWide: Bool
  ) {
    let hosts = Dictionary(
      policy.hosts.indices.map { (policy.hosts[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
    var needs = Needs()
    var calls: [Call: FlowProposal.Reason] = [:]
    for place in connections.indices {
      if case .allowed? = connections[place].cause { continue }
      records += 1
      if let cause = connections[place].cause,
        !cause.mayBeMended(isOfHosts: Self.isOfHosts(connections[place], hosts))
      {
        left.append(FlowProposal.Left(connections[place], .cause(cause)))
        continue
      }
      if connections[place].inOtherMode != .nothing, !isDeniedMeant {
        left.append(FlowProposal.Left(connections[place], .denied))
        continue
      }
      let wanted: Wanted
      do throws(Wanted.Unwanted) { wanted = try Wanted(connections[place].record) } catch {
        left.append(FlowProposal.Left(connections[place], error == .message ? .message : .nothing))
        continue
      }
      switch Self.pair(connections[place], hosts, ends, isWide: isWide) {
      case .success(let pair) where pair.source == pair.destination:
        left.append(FlowProposal.Left(connections[place], .sameEnd))
      case .success(let pair):
        needs.add(place, wanted, pair)
        if let cause = connections[place].cause, cause.isRemarked {
          remarked[wanted, default: [:]][pair, default: []].insert(cause)
        }
      case .failure(let stranger):
        left.append(FlowProposal.Left(connections[place], stranger.reason))
        if [.group, .broadcast].contains(stranger.reason),
          let source = connections[place].source.host.flatMap({ hosts[$0] })
        {
          calls[Call(source: source, wanted: wanted)] = stranger.reason
        }
      }
    }
    take(needs, of: connections, ends, calls, isWide: isWide)
  }

  /// What one host has asked of several at once. Those record it like any other packet: they do not say to which address it came.
  private struct Call: Hashable {
    let source: Int
    let wanted: Wanted
  }

  private static func isOfHosts(_ connection: RecordedConnection, _ hosts: [String: Int]) -> Bool {
    [connection.source.host, connection.destination.host].allSatisfy { $0.map { hosts[$0] != nil } ?? false }
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
      if Prefix.ipv4Broadcast.contains(address) { return .failure(Stranger(reason: .broadcast)) }
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
    _ needs: Needs, of connections: [RecordedConnection], _ ends: FlowEnds,
    _ calls: [Call: FlowProposal.Reason], isWide: Bool
  ) {
    var needs = needs
    let all = needs.all(of: connections)
    let apart = Needs.apart(all)
    var leftPlaces: [(place: Int, reason: FlowProposal.Reason)] = []
    var passive: [Pair: SeenPair] = [:]
    var first = 0
    while first < all.count {
      let wanted = all[first].wanted
      let end = all[first...].firstIndex { $0.wanted != wanted } ?? all.count
      // Room at once: hundreds of thousands are not moved each time that there is none left.
      var ofOne = [Pair: SeenPair](minimumCapacity: end - first)
      for (number, need) in zip(first..<end, all[first..<end]) {
        // Whoever asks one host of several by itself as well has recorded that.
        let call = calls.isEmpty ? nil : calls[Call(source: need.pair.source, wanted: need.wanted)]
        let isCall = call != nil && needs.places(need).allSatisfy { connections[$0].direction == .ingress }
        let reason = isCall ? call : apart[number]
        if let reason, reason != .passive || !isWide {
          leftPlaces += needs.places(need).map { ($0, reason) }
          continue
        }
        let isOfNetworks = (
          source: ends.isNetwork(need.pair.source), destination: ends.isNetwork(need.pair.destination)
        )
        var seen = SeenPair()
        for place in needs.places(need) {
          seen.add(connections[place], isOfNetworks: isOfNetworks, isPassive: reason != nil)
        }
        if reason == nil {
          ofOne[need.pair] = seen
        } else {
          passive[need.pair, default: SeenPair()].add(seen)
        }
      }
      if !ofOne.isEmpty { pairs[wanted] = ofOne }
      first = end
    }
    if !passive.isEmpty { pairs[.passive] = passive }
    left += leftPlaces.sorted { $0.place < $1.place }.map {
      FlowProposal.Left(connections[$0.place], $0.reason)
    }
  }
}
