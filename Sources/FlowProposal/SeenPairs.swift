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
      if let reason = connections[place].cause?.reason {
        left.append(FlowProposal.Left(connections[place], reason))
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

/// One thing that was wanted between two ends.
private struct Need {
  let wanted: Wanted
  let pair: Pair
  /// Whether a service of the inventory is about each record of it.
  let isNamed: Bool
  /// Where its records are among those that are sorted.
  let places: Range<Int>
}

/// What was wanted between whom, record by record: sorted, since a million of them are sorted in a fraction of the time in
/// which they are looked for one by one.
private struct Needs {
  /// The number of what was wanted, those of the two ends, and the record.
  private struct Entry: Comparable {
    let wanted: UInt32
    let source: UInt32
    let destination: UInt32
    let place: UInt32

    private var need: UInt64 { UInt64(wanted) << 32 | UInt64(source) }
    private var rest: UInt64 { UInt64(destination) << 32 | UInt64(place) }

    static func < (a: Self, b: Self) -> Bool { a.need != b.need ? a.need < b.need : a.rest < b.rest }

    func isOfSame(as other: Self) -> Bool { need == other.need && destination == other.destination }
  }

  private var entries: [Entry] = []
  private var wanted: [Wanted] = []
  private var numbers: [Wanted: Int] = [:]

  mutating func add(_ record: Int, _ one: Wanted, _ pair: Pair) {
    let number = numbers[one] ?? wanted.count
    if number == wanted.count {
      numbers[one] = number
      wanted.append(one)
    }
    entries.append(
      Entry(
        wanted: UInt32(number), source: UInt32(pair.source), destination: UInt32(pair.destination),
        place: UInt32(record)))
  }

  /// Each once, those of one thing that was wanted one behind the other.
  mutating func all(of connections: [RecordedConnection]) -> [Need] {
    entries.sort()
    var all: [Need] = []
    var first = 0
    while first < entries.count {
      let entry = entries[first]
      var (end, isNamed) = (first, true)
      while end < entries.count, entries[end].isOfSame(as: entry) {
        if connections[Int(entries[end].place)].namedService == nil { isNamed = false }
        end += 1
      }
      let pair = Pair(source: Int(entry.source), destination: Int(entry.destination))
      all.append(
        Need(wanted: wanted[Int(entry.wanted)], pair: pair, isNamed: isNamed, places: first..<end))
      first = end
    }
    return all
  }

  /// The records of a need.
  func places(_ need: Need) -> some Sequence<Int> { entries[need.places].lazy.map { Int($0.place) } }

  /// From so many ports on that one source asks for at one destination, ports of the range that kernels pick from are picked.
  private static let fewestPicked = 3

  /// Of what is a scan or at ports that a kernel has picked, why no flow is proposed for it.
  static func apart(_ all: [Need]) -> [Int: FlowProposal.Reason] {
    var ports: [Pair: [Int]] = [:]
    var transfers: Set<Pair> = []
    for (number, need) in all.enumerated() {
      if need.wanted == .port(.tcp, 21) { transfers.insert(need.pair) }
      // What a service of the inventory is about is neither.
      if case .port = need.wanted, !need.isNamed { ports[need.pair, default: []].append(number) }
    }
    var apart: [Int: FlowProposal.Reason] = [:]
    for (pair, numbers) in ports {
      let picked = numbers.filter { all[$0].wanted.isPicked }
      if picked.count >= Self.fewestPicked {
        let reason: FlowProposal.Reason = transfers.contains(pair) ? .passive : .picked
        for one in picked { apart[one] = reason }
      }
      let others = picked.count >= Self.fewestPicked ? numbers.filter { !all[$0].wanted.isPicked } : numbers
      if others.count >= RecordLine.fewestOfScan { for one in others { apart[one] = .scan } }
    }
    return apart
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
