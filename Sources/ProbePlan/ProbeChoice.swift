internal import Addressing
internal import Policy

/// Chooses connections between ends.
struct ProbeChoice {
  private let policy: Policy
  private let ends: [ProbeEnd]
  private let selected: Set<Int>
  private let kinds: ProbeKinds
  private var random: SeededGenerator
  private let ofHost: [HostID: Int]
  /// How many pairs of addresses of a family, of two ends, are worth asking about.
  let population: Int

  private var chosen: [PlannedProbe] = []
  private var places: [Connection: Int] = [:]

  init(
    _ policy: Policy, _ ends: [ProbeEnd], _ selected: Set<Int>, _ kinds: ProbeKinds, _ seed: UInt64
  ) {
    self.policy = policy
    self.ends = ends
    self.selected = selected
    self.kinds = kinds
    random = SeededGenerator(seed: seed)
    ofHost = Dictionary(
      ends.indices.compactMap { index in ends[index].host.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    population = Self.population(ends, selected, kinds)
  }

  /// Counted by what ends have in common: of ten thousand ends there are a hundred million pairs.
  private static func population(_ ends: [ProbeEnd], _ selected: Set<Int>, _ kinds: ProbeKinds) -> Int {
    var total = 0
    for family in AddressFamily.allCases {
      let counts = ends.map { end in end.addresses.count { $0.family == family } }
      // Ordered pairs of addresses of different ends, less those that are of no interest.
      func pairs(_ indices: [Int]) -> Int {
        let sum = indices.reduce(0) { $0 + counts[$1] }
        return sum * sum - indices.reduce(0) { $0 + counts[$1] * counts[$1] }
      }
      let places = ends.indices.filter { ends[$0].host == nil }
      let others = ends.indices.filter { !selected.contains($0) }
      let otherPlaces = places.filter { !selected.contains($0) }
      let uninteresting = pairs(others) + pairs(places) - pairs(otherPlaces)
      total += (pairs(Array(ends.indices)) - uninteresting) * kinds[family].count
    }
    return total
  }

  /// Whether a connection between two ends is asked about: where no host of the policy is one, it has no say.
  private func isOfInterest(_ from: Int, _ to: Int) -> Bool {
    from != to && (selected.contains(from) || selected.contains(to))
      && (ends[from].host != nil || ends[to].host != nil)
  }

  /// Whether a flow is of an end that is asked about, and no other end is there to try it with, or nothing of what it
  /// allows is tried.
  func isMissed(_ flow: Flow) -> Bool {
    let parts = ends(of: flow)
    guard isAsked(parts) else { return false }
    let isTried = flow.services.flatMap { policy[$0].terms }.contains { !ProbeKinds.inner(of: $0).isEmpty }
    return !isTried
      || !parts.contains { part in
        part.from.contains { source in part.to.contains { isOfInterest(source, $0) } }
      }
  }

  /// Whether a flow of an end that is asked about goes to groups as well: who of the members gets what is sent there depends on
  /// switches and routers, and is not tried.
  func goesToGroups(_ flow: Flow) -> Bool {
    flow.services.contains { !policy[$0].multicast.isEmpty } && isAsked(ends(of: flow))
  }

  private typealias FlowEnds = (from: [Int], to: [Int])

  private func ends(of flow: Flow) -> [FlowEnds] {
    flow.parts.map { (from: indices(of: $0.from), to: indices(of: $0.to)) }
  }

  private func isAsked(_ parts: [FlowEnds]) -> Bool {
    parts.contains { ($0.from + $0.to).contains(where: selected.contains) }
  }

  private func indices(of id: PeersID) -> [Int] {
    let peers = policy[id]
    let places = ends.indices.filter { index in
      ends[index].host == nil && ends[index].addresses.contains { peers.addresses.contains($0) }
    }
    return peers.hosts.compactMap { ofHost[$0] } + places
  }

  // MARK: - What is chosen

  mutating func chooseAll() {
    for from in ends.indices {
      for to in ends.indices where isOfInterest(from, to) {
        for (source, destination) in pairs(from, to) {
          for kind in kinds[source.family] { add(from, to, kind.connection(from: source, to: destination)) }
        }
      }
    }
  }

  /// Every end sends and receives, by each of its addresses.
  mutating func chooseEveryEnd() {
    for family in AddressFamily.allCases {
      let members = ends.indices.filter { index in ends[index].addresses.contains { $0.family == family } }
      let ring = members.shuffled(using: &random)
      for (position, one) in ring.enumerated() where selected.contains(one) {
        for other in [ring[(position + 1) % ring.count], ring[(position + ring.count - 1) % ring.count]] {
          for address in ends[one].addresses where address.family == family {
            addSome(one, other, from: address)
            addSome(other, one, to: address)
          }
        }
      }
    }
  }

  private mutating func addSome(
    _ from: Int, _ to: Int, from source: Address? = nil, to destination: Address? = nil
  ) {
    let matching = pairs(from, to).filter { pair in
      (source.map { $0 == pair.0 } ?? true) && (destination.map { $0 == pair.1 } ?? true)
    }
    guard isOfInterest(from, to), let (source, destination) = matching.randomElement(using: &random),
      let kind = kinds[source.family].randomElement(using: &random)
    else { return }
    add(from, to, kind.connection(from: source, to: destination))
  }

  /// Every flow, and what is right beside its services, once in each family.
  mutating func chooseFlows(at now: Timestamp) {
    let parts = policy.flows.filter { !$0.hasEnded(now) }.flatMap { flow in flow.parts.map { (flow, $0) } }
    for (flow, part) in parts {
      let (from, to) = (indices(of: part.from), indices(of: part.to))
      for term in flow.services.flatMap({ policy[$0].terms }) {
        for family in term.families {
          for kind in ProbeKinds.edges(of: term) {
            guard let (source, destination) = ends(from, to, family) else { continue }
            guard
              let pair = pairs(source, destination).filter({ $0.0.family == family })
                .randomElement(using: &random)
            else { continue }
            add(source, destination, kind.connection(from: pair.0, to: pair.1))
          }
        }
      }
    }
  }

  /// Two ends of a flow that have a family in common.
  private mutating func ends(_ from: [Int], _ to: [Int], _ family: AddressFamily) -> (Int, Int)? {
    func has(_ index: Int) -> Bool { ends[index].addresses.contains { $0.family == family } }
    let (sources, destinations) = (from.filter(has), to.filter(has))
    for _ in 0..<64 {
      guard let source = sources.randomElement(using: &random),
        let destination = destinations.randomElement(using: &random)
      else { return nil }
      if isOfInterest(source, destination) { return (source, destination) }
    }
    // Chance did not find one: few of many are asked about.
    for source in sources {
      for destination in destinations where isOfInterest(source, destination) { return (source, destination) }
    }
    return nil
  }

  /// Addresses of which one is chosen as the source and one as the destination.
  private struct Urn {
    typealias Place = (end: Int, address: Address)

    let sources: [Place]
    let destinations: [Place]
    let kinds: [ProbeKinds.Kind]

    /// How many connections there are, also those that are of no interest.
    var weight: Int { sources.count * destinations.count * kinds.count }
  }

  /// Urns that have each connection of which an end is selected once.
  private var urns: [Urn] {
    AddressFamily.allCases.flatMap { family in
      let all = ends.indices.flatMap { end in
        ends[end].addresses.filter { $0.family == family }.map { (end: end, address: $0) }
      }
      let near = all.filter { selected.contains($0.end) }
      let others = all.filter { !selected.contains($0.end) }
      return [
        Urn(sources: near, destinations: all, kinds: kinds[family]),
        Urn(sources: others, destinations: near, kinds: kinds[family]),
      ]
    }
  }

  /// Different ones, each as likely as any other of those that ``population`` counts.
  mutating func chooseRandomly(_ count: Int) {
    let urns = urns
    let weight = urns.reduce(0) { $0 + $1.weight }
    guard weight > 0 else { return }
    var found = 0
    var misses = 0
    while found < count, misses < 1000 + 20 * count {
      misses += 1
      var place = Int.random(in: 0..<weight, using: &random)
      let urn = urns.first { urn in
        place -= urn.weight
        return place < 0
      }
      // What is of no interest is put back.
      guard let urn, let source = urn.sources.randomElement(using: &random),
        let destination = urn.destinations.randomElement(using: &random),
        let kind = urn.kinds.randomElement(using: &random), isOfInterest(source.end, destination.end)
      else { continue }
      let connection = kind.connection(from: source.address, to: destination.address)
      if add(source.end, destination.end, connection, isRandom: true) { found += 1 }
    }
  }

  /// - Returns: whether it was not chosen in the same way before.
  @discardableResult
  private mutating func add(_ from: Int, _ to: Int, _ connection: Connection, isRandom: Bool = false) -> Bool
  {
    if let place = places[connection] {
      if !isRandom || chosen[place].isRandom { return false }
      chosen[place].isRandom = true
      return true
    }
    places[connection] = chosen.count
    chosen.append(PlannedProbe(from: from, to: to, connection, isRandom: isRandom))
    return true
  }

  private func pairs(_ from: Int, _ to: Int) -> [(Address, Address)] {
    ends[from].addresses.flatMap { source in
      ends[to].addresses.filter { $0.family == source.family }.map { (source, $0) }
    }
  }

  mutating func ordered() -> [PlannedProbe] {
    let shuffled = chosen.shuffled(using: &random)
    return shuffled.indices.sorted {
      (shuffled[$0].from, $0) < (shuffled[$1].from, $1)
    }.map { shuffled[$0] }
  }
}
