internal import Addressing
package import InventoryText
package import Policy
package import Records

/// Flows that allow what hosts have recorded, and no more, over the names of an inventory.
///
/// A flow is about hosts, whichever of their addresses. Of each service, the pairs of hosts that were seen become the fewest
/// rectangles; those that are equal become one flow.
package struct FlowProposal: Sendable {
  /// A flow that is proposed, with names of the inventory.
  package struct Flow: Sendable {
    package let name: String
    package let from: [String]
    package let to: [String]
    package let services: [String]
    /// Pairs of ends, each for each port or protocol, that the flow is about, and how many of them were seen. A network is
    /// one end, and the range that a server picks ports from one port.
    package let pairs: Int
    package let seen: Int
    /// How many addresses were seen of each network that is an end, in their order.
    package let networks: [(name: String, seen: Int)]
    /// How many ports were seen of the range that a server picks from; `nil`: the flow is not about it.
    package let passivePorts: Int?
    /// Packets, or sessions, as the ends tell that have seen the most.
    package let packets: UInt64
    /// Seconds since the last of them.
    package let age: Int
    /// What is known of its kind.
    package let remarks: [String]
  }

  /// Something that was seen and that no flow of the proposal allows.
  package struct Left: Sendable {
    package let source: String
    package let destination: String
    package let service: String
    package let packets: UInt64
    package let reason: Reason

    init(_ connection: RecordedConnection, _ reason: Reason) {
      (source, destination) = (connection.source.text, connection.destination.text)
      (service, packets, self.reason) = (connection.serviceAlone, connection.packets, reason)
    }
  }

  /// Why no flow is proposed for something.
  package enum Reason: Hashable, Sendable {
    /// No host and no network has an address.
    case noName
    /// This network has it, and is more than what was seen.
    case network(String)
    /// It goes to a group of hosts, for which a service needs `multicast`, or came to one.
    case group
    /// It goes to everybody on the link, or came so.
    case broadcast
    /// Both its ends are one host or network.
    case sameEnd
    /// A message that no flow opens.
    case message
    /// No service can be about it.
    case nothing
    /// The host may have denied it: it came first before the host only observed, or nobody knows when.
    case denied
    /// One source wanted a great many ports.
    case scan
    /// Ports that a kernel has picked, and will not pick again.
    case picked
    /// The same beside a file transfer.
    case passive
    /// Whatever else is the matter with it.
    case cause(DenialCause)
  }

  /// What a proposal is made of.
  package enum Evidence: Sendable {
    /// What rules have recorded, in packets.
    case records
    /// What runs at the moment, in sessions.
    case sessions
  }

  package let flows: [Flow]
  /// Terms of services that the flows need and the inventory lacks, by name.
  package let services: [String: [String]]
  package let left: [Left]
  /// Records of what nothing allows, and how many of them the flows do.
  package let records: Int
  package let covered: Int

  /// - Parameters:
  ///   - connections: what hosts have recorded.
  ///   - policy: of the inventory whose names they have.
  ///   - isDeniedMeant: whether what hosts have denied, or may have, is proposed as well.
  ///   - isWide: whether a group or a zone stands for its hosts where half of them were seen, a network for its addresses where
  ///     one was, and the ports that kernels pick from for those that one has picked for a file transfer.
  package init(
    over connections: [RecordedConnection], in policy: Policy, isDeniedMeant: Bool = false,
    isWide: Bool = false
  ) {
    let ends = FlowEnds(policy)
    var bothEnds = BothEnds()
    bothEnds.add(connections)
    let seen = SeenPairs(
      bothEnds.judged(connections), in: policy, ends, isDeniedMeant: isDeniedMeant, isWide: isWide)
    var wanted: [PairBlock: Set<Wanted>] = [:]
    var spaces = seen.pairs.mapValues { Self.rows(of: $0, ends, isWide: isWide) }
    // A resolver is asked again over TCP where its answer is too long (RFC 7766).
    if let asking = spaces[.port(.udp, 53)] {
      spaces[.port(.tcp, 53), default: [:]].merge(asking) { $0.union($1) }
    }
    for (one, rows) in spaces {
      var asking = [seen.pairs[one]]
      if one == .port(.tcp, 53) { asking.append(seen.pairs[.port(.udp, 53)]) }
      for rectangle in PairCover(rows, count: ends.count, isSeveral: ends.isNetwork).rectangles {
        // A wide space may need one that nothing of it was seen in.
        let isSeen = asking.contains { $0?.contains(in: rectangle) { _, _ in true } ?? false }
        guard isSeen else { continue }
        wanted[rectangle, default: []].insert(one)
      }
    }
    var names = ServiceNames(policy)
    var free = InventoryName.FreeNames(besides: Set(policy.flows.map(\.name)))
    flows = Self.inOrder(wanted, ends).map { place, rectangle, all in
      let name = free.take(Flow.word(from: place.from, to: place.to))
      return Flow(
        name, from: place.from, to: place.to, rectangle, all, names.names(of: all), ends, seen)
    }
    services = names.lacking
    left = seen.left
    records = seen.records
    covered = seen.pairs.values.reduce(0) { $1.values.reduce($0) { $0 + $1.records } }
  }

  /// Of each source its destinations.
  private static func rows(of seen: [Pair: SeenPair], _ ends: FlowEnds, isWide: Bool) -> [Int: BitSet] {
    func gathered(_ pairs: some Sequence<(key: Int, value: Int)>) -> [Int: BitSet] {
      pairs.reduce(into: [:]) { $0[$1.key, default: BitSet(count: ends.count)].insert($1.value) }
    }
    let rows = gathered(seen.keys.lazy.map { (key: $0.source, value: $0.destination) })
    guard isWide else { return rows }
    let columns = gathered(
      rows.flatMap { source, partners in
        ends.widened(partners).members.filter { $0 != source }.map { (key: $0, value: source) }
      })
    return gathered(
      columns.flatMap { destination, askers in
        ends.widened(askers).members.filter { $0 != destination }.map { (key: $0, value: destination) }
      })
  }

  /// By the names of their ends, then by what they are about.
  private static func inOrder(
    _ wanted: [PairBlock: Set<Wanted>], _ ends: FlowEnds
  ) -> [(names: (from: [String], to: [String]), PairBlock, Set<Wanted>)] {
    // Most ends are those of many rectangles.
    var known: [BitSet: (names: [String], text: String)] = [:]
    func named(_ some: BitSet) -> (names: [String], text: String) {
      if let known = known[some] { return known }
      let names = ends.names(some)
      known[some] = (names, names.joined(separator: " "))
      return (names, names.joined(separator: " "))
    }
    let places = wanted.map { rectangle, all in
      let (from, to) = (named(rectangle.sources), named(rectangle.destinations))
      return (place: from.text + "\n" + to.text, (from: from.names, to: to.names), rectangle, all)
    }
    return places.sorted { $0.place < $1.place }.map { ($0.1, $0.2, $0.3) }
  }

  /// The proposal as a file of the inventory, in which each flow awaits its `why`.
  ///
  /// - Parameters:
  ///   - header: lines at the top.
  ///   - evidence: what its connections are.
  ///   - now: the moment of the question.
  package func file(header: [String], of evidence: Evidence = .records, now: Timestamp) -> InventoryPart {
    var file = InventoryPart()
    file.header = header
    file.services = services
    file.flows = flows.map { flow in
      let last = Timestamp(seconds: now.seconds - Int64(clamping: flow.age))
      let amount =
        switch evidence {
        case .records:
          "\(flow.packets) \(flow.packets == 1 ? "packet" : "packets") at least, the last at \(last)"
        case .sessions: "\(flow.packets) \(flow.packets == 1 ? "session" : "sessions") at \(now)"
        }
      var remarks = [amount]
      if flow.seen < flow.pairs {
        remarks.append("wider than what was seen: \(flow.seen) of \(flow.pairs) pairs and services were")
      }
      return InventoryPart.Flow(
        name: flow.name, from: flow.from, to: flow.to, services: flow.services, why: "",
        remarks: remarks + flow.remarks)
    }
    return file
  }
}

extension FlowProposal.Flow {
  /// What a flow is called, if the name is free.
  fileprivate static func word(from: [String], to: [String]) -> String {
    if from != to {
      "\(from.first ?? "")-to-\(to.first ?? "")"
    } else if from.count == 1 {
      "within-\(from.first ?? "")"
    } else {
      "between-\(from.first ?? "")-and-\(from.last ?? "")"
    }
  }

  init(
    _ name: String, from: [String], to: [String], _ rectangle: PairBlock, _ wanted: Set<Wanted>,
    _ services: [String], _ ends: FlowEnds, _ all: SeenPairs
  ) {
    let seen = all.pairs
    (self.name, self.from, self.to, self.services) = (name, from, to, services)
    let (asking, again) = (Wanted.port(.udp, 53), Wanted.port(.tcp, 53))
    // What resolvers are asked over TCP as well is not counted beside that over UDP.
    let asked = wanted.contains(asking) ? wanted.subtracting([again]) : wanted
    var (count, packets, age, isMutual, isAdded) = (0, UInt64(0), Int.max, false, false)
    var addresses: [Int: Set<Address>] = [:]
    var ports: Set<UInt16> = []
    var causes: Set<DenialCause> = []
    func take(_ pair: Pair, _ seenPair: SeenPair, _ one: Wanted, _ known: [Pair: SeenPair]) {
      if asked.contains(one) { count += 1 }
      packets = packets.addingSaturated(seenPair.mostPackets)
      age = min(age, seenPair.age)
      if !seenPair.sources.isEmpty { addresses[pair.source, default: []].formUnion(seenPair.sources) }
      if !seenPair.destinations.isEmpty {
        addresses[pair.destination, default: []].formUnion(seenPair.destinations)
      }
      ports.formUnion(seenPair.ports)
      if !all.remarked.isEmpty, let some = all.remarked[one]?[pair] { causes.formUnion(some) }
      if one == .port(.udp, 123) {
        isMutual = isMutual || known[Pair(source: pair.destination, destination: pair.source)] != nil
      }
    }
    for one in wanted {
      let known = seen[one] ?? [:]
      // What was seen may be far less than what a wide flow is about.
      _ = known.contains(in: rectangle) { pair, seenPair in
        take(pair, seenPair, one, known)
        return false
      }
      if one == again, let asking = seen[asking] {
        isAdded = asking.contains(in: rectangle) { pair, _ in known[pair] == nil }
        // A flow of its own is about those that were asked over UDP, too.
        if asked.contains(one) {
          _ = asking.contains(in: rectangle) { pair, seenPair in
            if known[pair] == nil { take(pair, seenPair, one, known) }
            return false
          }
        }
      }
    }
    let own = rectangle.sources.intersection(rectangle.destinations).count
    pairs = asked.count * (rectangle.sources.count * rectangle.destinations.count - own)
    self.seen = count
    self.packets = packets
    self.age = age == .max ? 0 : age
    networks = rectangle.sources.union(rectangle.destinations).members.filter(ends.isNetwork).map {
      (name: ends.name($0), seen: addresses[$0]?.count ?? 0)
    }
    passivePorts = wanted.contains(.passive) ? ports.count : nil
    // A network and a range are always more than what was seen, or may be.
    var remarks = networks.map { "network \($0.name): \($0.seen) of its addresses \(Self.was($0.seen)) seen" }
    if wanted.contains(.passive) {
      remarks.append("\(ports.count) of \(Wanted.picked.count) ports for data \(Self.was(ports.count)) seen")
    }
    if isAdded { remarks.append("over TCP as well, for long answers") }
    if isMutual { remarks.append("both ends ask: symmetric NTP, or an answer that came late") }
    self.remarks = remarks + causes.remarks
  }

  private static func was(_ count: Int) -> String { count == 1 ? "was" : "were" }
}
