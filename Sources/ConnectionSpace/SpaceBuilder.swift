public import Addressing

/// Collects rectangles and makes their union at once, which is much faster than one union after another.
public struct SpaceBuilder {
  private let universe: Universe
  private var sections: [(section: Section, rectangles: [RawRectangle])] = []
  /// By ``Section/index``: the place in ``sections`` plus one, or 0.
  private var places: [UInt16]

  public init(_ universe: Universe) {
    self.universe = universe
    places = Array(repeating: 0, count: Section.count)
  }

  /// Adds a rectangle in every family that both ends have.
  ///
  /// - Parameters:
  ///   - passage: what the connections are to a host.
  ///   - ipProtocol: their protocol.
  ///   - sources: the addresses that they come from.
  ///   - destinations: the addresses that they go to.
  ///   - kinds: their destination ports, or types of message.
  ///   - families: those in which the protocol occurs.
  public mutating func add(
    _ passage: Passage, _ ipProtocol: IPProtocol, from sources: AddressSetID, to destinations: AddressSetID,
    _ kinds: KindsID, families: [AddressFamily] = AddressFamily.allCases
  ) {
    guard kinds.number != 0 else { return }
    for family in families where sources[family] != 0 && destinations[family] != 0 {
      let section = Section(passage, family, ipProtocol)
      if places[section.index] == 0 {
        self.sections.append((section, []))
        places[section.index] = UInt16(self.sections.count)
      }
      self.sections[Int(places[section.index]) - 1].rectangles.append(
        RawRectangle(destination: destinations[family], kinds: kinds.number, source: sources[family]))
    }
  }

  /// Adds every connection from some addresses to some addresses.
  ///
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  public mutating func addEverything(
    _ passage: Passage, from sources: AddressSet = .all, to destinations: AddressSet = .all
  ) throws(NotProven) {
    let (sources, destinations) = (try universe.intern(sources), try universe.intern(destinations))
    for number in UInt8.min...UInt8.max {
      let ipProtocol = IPProtocol(rawValue: number)
      add(
        passage, ipProtocol, from: sources, to: destinations, try universe.intern(.any, of: ipProtocol))
    }
  }

  /// The union of what was added.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public consuming func space() throws(NotProven) -> ConnectionSpace {
    var all = sections
    sections = []
    all.sort { $0.section < $1.section }
    let entries = try universe.operate { engine throws(NotProven) in
      var entries: [ConnectionSpace.Entry] = []
      for index in all.indices {
        let section = all[index].section
        let node = try engine.union(of: &all[index].rectangles, section.family)
        entries.append(.init(section: section, node: node))
      }
      return entries
    }
    return ConnectionSpace(universe, entries)
  }
}
