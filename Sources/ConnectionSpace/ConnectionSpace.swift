public import Addressing

/// A set of connections in normal form: two spaces of one universe are equal exactly when they hold the
/// same connections, and that is seen at once.
///
/// Operations on spaces of different universes are a programming error.
public struct ConnectionSpace: Sendable {
  public let universe: Universe
  /// Ascending by section; without empty ones.
  let entries: [Entry]

  struct Entry: Hashable, Sendable {
    let section: Section
    let node: UInt32
  }

  init(_ universe: Universe, _ entries: [Entry]) {
    self.universe = universe
    self.entries = entries
  }

  public var isEmpty: Bool { entries.isEmpty }

  /// The sections that hold something, ascending.
  public var sections: [Section] { entries.map(\.section) }

  public func contains(_ point: Point) -> Bool {
    let section = point.section
    guard let entry = entries.first(where: { $0.section == section }) else { return false }
    return universe.look { $0.contains(entry.node, point) }
  }

  // MARK: Operations

  /// - Throws: ``NotProven`` when the budget is spent.
  public func union(_ other: Self) throws(NotProven) -> Self { try combined(.union, other) }

  /// - Throws: ``NotProven`` when the budget is spent.
  public func intersection(_ other: Self) throws(NotProven) -> Self { try combined(.intersection, other) }

  /// - Throws: ``NotProven`` when the budget is spent.
  public func subtracting(_ other: Self) throws(NotProven) -> Self { try combined(.difference, other) }

  /// Whether every connection of this space is one of the other.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func isSubset(of other: Self) throws(NotProven) -> Bool { try subtracting(other).isEmpty }

  /// What of the space lies in some sections.
  public func restricted(to isWanted: (Section) -> Bool) -> Self {
    Self(universe, entries.filter { isWanted($0.section) })
  }

  /// What of the space is judged in one passage, as if it were judged in another.
  public func moved(from passage: Passage, to other: Passage) -> Self {
    restricted { $0.passage == passage }
      .copied { [Section(other, $0.family, $0.ipProtocol)] }
  }

  /// The space with every section's content in other sections instead. Sections of another family, or whose
  /// protocols differ in what tells connections apart, are a programming error.
  public func copied(to sections: (Section) -> [Section]) -> Self {
    var copies: [Entry] = []
    for entry in entries {
      for section in sections(entry.section) {
        precondition(
          section.family == entry.section.family
            && section.ipProtocol.highestKind == entry.section.ipProtocol.highestKind,
          "sections of another kind")
        copies.append(Entry(section: section, node: entry.node))
      }
    }
    copies.sort { $0.section < $1.section }
    precondition(
      zip(copies, copies.dropFirst()).allSatisfy { $0.section != $1.section }, "one section twice")
    return Self(universe, copies)
  }

  /// What of the space goes from some addresses to some addresses.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func restricted(from sources: AddressSet = .all, to destinations: AddressSet = .all)
    throws(NotProven) -> Self
  {
    let entries = entries
    let restricted = try universe.operate { engine throws(NotProven) in
      let (sources, destinations) = (try engine.intern(sources), try engine.intern(destinations))
      let kinds = try engine.kinds.intern([0...UInt16.max], &engine.meter)
      var result: [Entry] = []
      for family in AddressFamily.allCases where sources[family] != 0 && destinations[family] != 0 {
        var box = [
          RawRectangle(destination: destinations[family], kinds: kinds, source: sources[family])
        ]
        let mask = try engine.union(of: &box, family)
        for entry in entries where entry.section.family == family {
          let node = try engine.apply(.intersection, entry.node, mask, family)
          if node != 0 { result.append(Entry(section: entry.section, node: node)) }
        }
      }
      return result
    }
    return Self(universe, restricted.sorted { $0.section < $1.section })
  }

  private func combined(_ operation: SetOperation, _ other: Self) throws(NotProven) -> Self {
    precondition(universe === other.universe, "spaces of two universes")
    let (mine, theirs) = (entries, other.entries)
    let result = try universe.operate { engine throws(NotProven) in
      var result: [Entry] = []
      var (i, j) = (0, 0)
      while i < mine.count || j < theirs.count {
        let section =
          j == theirs.count || i < mine.count && mine[i].section < theirs[j].section
          ? mine[i].section : theirs[j].section
        var (left, right): (UInt32, UInt32) = (0, 0)
        if i < mine.count, mine[i].section == section {
          left = mine[i].node
          i += 1
        }
        if j < theirs.count, theirs[j].section == section {
          right = theirs[j].node
          j += 1
        }
        let node = try engine.apply(operation, left, right, section.family)
        if node != 0 { result.append(Entry(section: section, node: node)) }
      }
      return result
    }
    return Self(universe, result)
  }

  // MARK: Size

  /// The exact number of connections.
  public var volume: Volume {
    universe.look { engine in
      entries.reduce(into: Volume.zero) { $0 += engine.volume($1.node, $1.section.family) }
    }
  }

  /// The exact number of (section, source, destination, port or type) between two different endpoints: an
  /// endpoint counts once in a family, however many addresses it has.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func pairs(among endpoints: Endpoints) throws(NotProven) -> Int {
    let entries = entries
    return try universe.operate { engine throws(NotProven) in
      var total = 0
      for entry in entries { total += try engine.pairs(entry.node, entry.section.family, endpoints) }
      return total
    }
  }
}

extension ConnectionSpace: Hashable {
  public static func == (a: Self, b: Self) -> Bool {
    precondition(a.universe === b.universe, "spaces of two universes")
    return a.entries == b.entries
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(entries) }
}

extension ConnectionSpace: CustomStringConvertible {
  /// How much there is; what, the rectangles say.
  public var description: String { "\(volume) connections in \(sections.count) sections" }
}
