public import Addressing
internal import Synchronization

/// A set of addresses that a universe has seen; using it again costs nothing.
public struct AddressSetID: Hashable, Sendable {
  let ipv4: UInt32
  let ipv6: UInt32

  public func isEmpty(_ family: AddressFamily) -> Bool { family == .ipv4 ? ipv4 == 0 : ipv6 == 0 }

  subscript(family: AddressFamily) -> UInt32 { family == .ipv4 ? ipv4 : ipv6 }
}

/// Some ports or types that a universe has seen.
public struct KindsID: Hashable, Sendable {
  let number: UInt32
}

/// Owns the normal forms of spaces, each part of them once. Only spaces of one universe can be compared
/// and combined; it grows with what is asked of it, up to its budget, and gives nothing back.
public final class Universe: Sendable {
  private let engine: Mutex<Engine>

  public init(budget: Budget = Budget()) { engine = Mutex(Engine(budget)) }

  /// No connection at all.
  public var empty: ConnectionSpace { ConnectionSpace(self, []) }

  /// Every connection there is in a passage.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func everything(_ passage: Passage) throws(NotProven) -> ConnectionSpace {
    var builder = SpaceBuilder(self)
    try builder.addEverything(passage)
    return try builder.space()
  }

  /// - Throws: ``NotProven`` when the budget is spent.
  public func intern(_ set: AddressSet) throws(NotProven) -> AddressSetID {
    try operate { engine throws(NotProven) in try engine.intern(set) }
  }

  /// Ports of a protocol without ports, and types of one without types, are a programming error.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func intern(_ kinds: Kinds, of ipProtocol: IPProtocol) throws(NotProven) -> KindsID {
    let numbers = kinds.numbers(of: ipProtocol)
    return try operate { engine throws(NotProven) in
      KindsID(number: try engine.kinds.intern(numbers, &engine.meter))
    }
  }

  /// The union of rectangles.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func space(of rectangles: some Sequence<Rectangle>) throws(NotProven) -> ConnectionSpace {
    var builder = SpaceBuilder(self)
    for rectangle in rectangles {
      builder.add(
        rectangle.passage, rectangle.ipProtocol, from: try intern(rectangle.sources),
        to: try intern(rectangle.destinations), try intern(rectangle.kinds, of: rectangle.ipProtocol))
    }
    return try builder.space()
  }

  /// All connections of endpoints with themselves, in every section.
  ///
  /// - Throws: ``NotProven`` when the budget is spent.
  public func connections(within endpoints: Endpoints) throws(NotProven) -> ConnectionSpace {
    let entries = try operate { engine throws(NotProven) in
      var entries: [ConnectionSpace.Entry] = []
      // Protocols differ in how many kinds they have, sections in nothing else.
      var nodes: [Int: UInt32] = [:]
      for index in 0..<Section.count {
        let section = Section(index: index)
        let highest = section.ipProtocol.highestKind
        let key = Int(highest) << 8 | Int(section.family.rawValue)
        if nodes[key] == nil {
          nodes[key] = try engine.connections(within: endpoints, section.family, 0...highest)
        }
        let node = nodes[key, default: 0]
        if node != 0 { entries.append(.init(section: section, node: node)) }
      }
      return entries
    }
    return ConnectionSpace(self, entries)
  }

  /// Does something with half of what is left of the budget, so that something can be said when it does not do.
  ///
  /// - Throws: ``NotProven`` when that half is spent.
  public func sharing<Result>(_ body: () throws(NotProven) -> Result) throws(NotProven) -> Result {
    let old = engine.withLock { $0.meter.beginShare() }
    defer { engine.withLock { $0.meter.endShare(old) } }
    return try body()
  }

  /// Runs one operation on the nodes.
  ///
  /// - Parameter steps: what it may look at, if that is less than the budget says.
  func operate<Result>(
    atMost steps: Int? = nil, _ body: (inout Engine) throws(NotProven) -> Result
  ) throws(NotProven) -> Result {
    try engine.withLock { engine throws(NotProven) in
      engine.meter.beginOperation(atMost: steps)
      return try body(&engine)
    }
  }

  /// Looks at the nodes.
  func look<Result>(_ body: (borrowing Engine) -> Result) -> Result {
    engine.withLock { body($0) }
  }
}
