internal import Addressing

/// Every source of a set with every destination of another.
struct PairBlock: Hashable {
  var sources: BitSet
  var destinations: BitSet

  func contains(_ pair: Pair) -> Bool {
    sources.contains(pair.source) && destinations.contains(pair.destination)
  }
}

/// Pairs of a source and a destination as the fewest rectangles, in which there are no other pairs.
///
/// That is the biclique cover of a graph of two sides, which is NP-hard. Ends with the same partners are one; of what is left,
/// the maximal rectangles are those of formal concepts (Ganter and Wille, "Formal Concept Analysis", 1999). Few of them are
/// searched for the least cover; of many each next one covers the most.
///
/// No flow is needed from a host to itself, and none does harm: such a pair may be in a rectangle and need not be. From a network to
/// itself one does: its parts may be behind a gateway.
struct PairCover {
  /// Ends of each class of sources and of destinations, which have the same partners.
  private let sources: [BitSet]
  private let destinations: [BitSet]
  /// Of each class of sources, the classes of destinations that may be in a rectangle with it.
  private let rows: [BitSet]
  /// Those that must.
  private let needed: [BitSet]
  private let pairs: [Int: BitSet]

  /// So many rectangles are looked at; those of one class of sources are always among them.
  private static let mostRectangles = 256
  /// Of more classes each is a rectangle of its own: looking for fewer would take time with their cube.
  private static let mostClasses = 512
  /// So many steps the search may take before it is given up for what is known.
  private static let mostSteps = 20_000

  /// - Parameters:
  ///   - pairs: of each source, its destinations; no end is its own.
  ///   - count: one more than the greatest end.
  ///   - isSeveral: whether an end is more than one machine.
  init(_ pairs: [Int: BitSet], count: Int, isSeveral: (Int) -> Bool) {
    self.pairs = pairs
    let asked = pairs.values.reduce(into: BitSet(count: count)) { $0.formUnion($1) }
    var bySource: [BitSet: BitSet] = [:]
    for (source, partners) in pairs where !partners.isEmpty {
      var row = partners
      if asked.contains(source), !isSeveral(source) { row.insert(source) }
      bySource[row, default: BitSet(count: count)].insert(source)
    }
    let classes = bySource.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }
    var byDestination: [BitSet: BitSet] = [:]
    for destination in asked.members {
      let askers = classes.indices.filter { classes[$0].key.contains(destination) }
      byDestination[BitSet(count: classes.count, askers), default: BitSet(count: count)].insert(destination)
    }
    let columns = byDestination.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }
    sources = classes.map(\.value)
    destinations = columns.map(\.value)
    let rows = classes.indices.map { row in
      BitSet(count: columns.count, columns.indices.filter { columns[$0].key.contains(row) })
    }
    self.rows = rows
    needed = rows.indices.map { row in
      let ends = classes[row].value
      return BitSet(
        count: columns.count,
        rows[row].members.filter { ends.count > 1 || columns[$0].value != ends })
    }
  }

  /// Rectangles of ends, by their first source and destination.
  var rectangles: [PairBlock] {
    let chosen: [PairBlock]
    if rows.count > Self.mostClasses {
      chosen = rows.indices.filter { !needed[$0].isEmpty }.map { row in
        PairBlock(sources: BitSet(count: rows.count, [row]), destinations: rows[row])
      }
    } else {
      let candidates = maximal
      let greedy = cover(by: candidates)
      chosen = least(of: candidates, below: greedy.count) ?? greedy
    }
    return chosen.map { rectangle in
      trimmed(
        Self.union(rectangle.sources, of: sources), Self.union(rectangle.destinations, of: destinations))
    }.sorted { a, b in
      (a.sources.first ?? 0, a.destinations.first ?? 0) < (b.sources.first ?? 0, b.destinations.first ?? 0)
    }
  }

  /// Without the ends that have no pair in it but with themselves.
  private func trimmed(_ sources: BitSet, _ destinations: BitSet) -> PairBlock {
    var rectangle = PairBlock(sources: sources, destinations: destinations)
    var asked = sources.subtracting(sources)
    for source in sources.members {
      let partners = pairs[source]?.intersection(destinations) ?? asked.subtracting(asked)
      if partners.isEmpty { rectangle.sources.remove(source) }
      asked.formUnion(partners)
    }
    rectangle.destinations = asked
    return rectangle
  }

  private static func union(_ classes: BitSet, of ends: [BitSet]) -> BitSet {
    classes.members.dropFirst().reduce(into: ends[classes.first ?? 0]) { $0.formUnion(ends[$1]) }
  }

  // MARK: - Classes

  /// Rectangles to which no class can be added: of each set of destinations that some sources have in common.
  private var maximal: [PairBlock] {
    var common: [BitSet] = []
    var known: Set<BitSet> = []
    for row in rows where known.insert(row).inserted { common.append(row) }
    var index = 0
    while index < common.count, common.count < Self.mostRectangles {
      for row in rows where common.count < Self.mostRectangles {
        let both = common[index].intersection(row)
        if !both.isEmpty, known.insert(both).inserted { common.append(both) }
      }
      index += 1
    }
    return common.map { destinations in
      let sources = rows.indices.filter { destinations.isSubset(of: rows[$0]) }
      return PairBlock(sources: BitSet(count: rows.count, sources), destinations: destinations)
    }
  }

  /// Each next one has the most pairs that no other has.
  private func cover(by candidates: [PairBlock]) -> [PairBlock] {
    var open = needed
    var chosen: [PairBlock] = []
    // What a rectangle would take can only become less, so that hardly any has to be counted again.
    var gains = candidates.map { Self.pairs(of: $0, in: open) }
    while true {
      var best: Int?
      for index in candidates.indices where gains[index] > best.map({ gains[$0] }) ?? 0 {
        gains[index] = Self.pairs(of: candidates[index], in: open)
        if gains[index] > best.map({ gains[$0] }) ?? 0 { best = index }
      }
      guard let best else { break }
      chosen.append(candidates[best])
      Self.take(candidates[best], from: &open)
    }
    // What was chosen early may be covered by what came later.
    var times = needed.map { _ in Array(repeating: 0, count: destinations.count) }
    for rectangle in chosen {
      for source in rectangle.sources.members {
        needed[source].intersection(rectangle.destinations).forEach { times[source][$0] += 1 }
      }
    }
    for index in chosen.indices.reversed() {
      let needs = chosen[index].sources.members.map {
        (source: $0, all: needed[$0].intersection(chosen[index].destinations))
      }
      guard needs.allSatisfy({ need in need.all.members.allSatisfy { times[need.source][$0] > 1 } })
      else { continue }
      for need in needs { need.all.forEach { times[need.source][$0] -= 1 } }
      chosen.remove(at: index)
    }
    return chosen
  }

  private static func pairs(of rectangle: PairBlock, in open: [BitSet]) -> Int {
    rectangle.sources.members.reduce(0) { $0 + open[$1].intersection(rectangle.destinations).count }
  }

  private static func take(_ rectangle: PairBlock, from open: inout [BitSet]) {
    for source in rectangle.sources.members { open[source].subtract(rectangle.destinations) }
  }

  // MARK: - The least cover

  /// The fewest rectangles, if they are fewer than so many and are found in time.
  private func least(of candidates: [PairBlock], below limit: Int) -> [PairBlock]? {
    var best: [PairBlock]?
    var fewest = limit
    var steps = Self.mostSteps
    func search(_ open: [BitSet], _ chosen: [PairBlock]) {
      if steps == 0 || chosen.count >= fewest { return }
      steps -= 1
      guard let row = open.firstIndex(where: { !$0.isEmpty }), let column = open[row].first else {
        (best, fewest) = (chosen, chosen.count)
        return
      }
      if chosen.count + 1 >= fewest { return }
      for one in candidates where one.sources.contains(row) && one.destinations.contains(column) {
        var rest = open
        Self.take(one, from: &rest)
        search(rest, chosen + [one])
      }
    }
    search(needed, [])
    return best
  }
}
