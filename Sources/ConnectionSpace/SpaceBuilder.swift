public import Addressing

/// Collects rectangles and makes their union at once, which is much faster than one union after another.
public struct SpaceBuilder {
  private let universe: Universe
  /// By ``Section/index``.
  private var rectangles: [[RawRectangle]]

  public init(_ universe: Universe) {
    self.universe = universe
    rectangles = Array(repeating: [], count: Section.count)
  }

  /// Adds a rectangle in every family that both ends have.
  ///
  /// - Parameter families: those in which the protocol occurs.
  public mutating func add(
    _ passage: Passage, _ ipProtocol: IPProtocol, from sources: AddressSetID, to destinations: AddressSetID,
    _ kinds: KindsID, families: [AddressFamily] = AddressFamily.allCases
  ) {
    guard kinds.number != 0 else { return }
    for family in families where sources[family] != 0 && destinations[family] != 0 {
      rectangles[Section(passage, family, ipProtocol).index].append(
        RawRectangle(destination: destinations[family], kinds: kinds.number, source: sources[family]))
    }
  }

  /// The union of what was added.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public consuming func space() throws(NotProven) -> ConnectionSpace {
    var all = rectangles
    rectangles = []
    let entries = try universe.operate { engine throws(NotProven) in
      var entries: [ConnectionSpace.Entry] = []
      for index in all.indices where !all[index].isEmpty {
        let section = Section(index: index)
        let node = try engine.union(of: &all[index], section.family)
        entries.append(.init(section: section, node: node))
      }
      return entries
    }
    return ConnectionSpace(universe, entries)
  }
}
