internal import Addressing

/// All nodes of a universe.
struct Engine: ~Copyable, Sendable {
  var ipv4 = FamilySpace<UInt32>()
  var ipv6 = FamilySpace<UInt128>()
  /// Sets of ports and of types.
  var kinds = SetPool<UInt16>()
  var meter: Meter

  init(_ budget: Budget) { meter = Meter(budget) }

  mutating func intern(_ set: AddressSet) throws(NotProven) -> AddressSetID {
    AddressSetID(
      ipv4: try ipv4.intern(set.ipv4.ranges, &meter), ipv6: try ipv6.intern(set.ipv6.ranges, &meter))
  }

  mutating func union(of rectangles: inout [RawRectangle], _ family: AddressFamily) throws(NotProven)
    -> UInt32
  {
    switch family {
    case .ipv4: try ipv4.union(of: &rectangles, kinds, &meter)
    case .ipv6: try ipv6.union(of: &rectangles, kinds, &meter)
    }
  }

  mutating func apply(_ operation: SetOperation, _ a: UInt32, _ b: UInt32, _ family: AddressFamily)
    throws(NotProven) -> UInt32
  {
    switch family {
    case .ipv4: try ipv4.destinations.apply(operation, a, b, &meter)
    case .ipv6: try ipv6.destinations.apply(operation, a, b, &meter)
    }
  }

  mutating func connections(
    within endpoints: Endpoints, _ family: AddressFamily, _ kinds: ClosedRange<UInt16>
  ) throws(NotProven) -> UInt32 {
    let kinds = try self.kinds.intern([kinds], &meter)
    var rectangles: [RawRectangle] = []
    for addresses in endpoints.addresses {
      let own = try intern(AddressSet(addresses))[family]
      if own == 0 { continue }
      rectangles.append(RawRectangle(destination: own, kinds: kinds, source: own))
    }
    return try union(of: &rectangles, family)
  }

  func contains(_ node: UInt32, _ point: Point) -> Bool {
    switch point.source.family {
    case .ipv4:
      ipv4.contains(
        node, from: UInt32(truncatingIfNeeded: point.source.bits),
        to: UInt32(truncatingIfNeeded: point.destination.bits), point.kind)
    case .ipv6: ipv6.contains(node, from: point.source.bits, to: point.destination.bits, point.kind)
    }
  }

  func volume(_ node: UInt32, _ family: AddressFamily) -> Volume {
    family == .ipv4 ? ipv4.volume(node) : ipv6.volume(node)
  }

  mutating func pairs(_ node: UInt32, _ family: AddressFamily, _ endpoints: Endpoints) throws(NotProven)
    -> Int
  {
    let count = endpoints.addresses.count
    return switch family {
    case .ipv4:
      try ipv4.pairs(node, endpoints.owners(.ipv4, UInt32.self), endpoints: count, &meter)
    case .ipv6:
      try ipv6.pairs(node, endpoints.owners(.ipv6, UInt128.self), endpoints: count, &meter)
    }
  }

  // MARK: For people

  mutating func rectangles(_ node: UInt32, _ section: Section) throws(NotProven) -> [Rectangle] {
    let blocks =
      switch section.family {
      case .ipv4: try ipv4.blocks(node, &kinds, &meter)
      case .ipv6: try ipv6.blocks(node, &kinds, &meter)
      }
    return blocks.map { rectangle($0, section) }
  }

  mutating func pieces(_ node: UInt32, _ section: Section, atMost limit: Int) throws(NotProven) -> [(
    rectangle: Rectangle, except: UInt32
  )] {
    let pieces =
      switch section.family {
      case .ipv4: try ipv4.pieces(node, atMost: limit, &kinds, &meter)
      case .ipv6: try ipv6.pieces(node, atMost: limit, &kinds, &meter)
      }
    return pieces.map { (rectangle($0.block, section), $0.except) }
  }

  private func rectangle(_ block: Block, _ section: Section) -> Rectangle {
    Rectangle(
      section.passage, section.ipProtocol, from: addresses(block.sources, section.family),
      to: addresses(block.destinations, section.family),
      Kinds(kinds.ranges(block.kinds), of: section.ipProtocol))
  }

  private func addresses(_ set: UInt32, _ family: AddressFamily) -> AddressSet {
    switch family {
    case .ipv4: AddressSet(ipv4: IntervalSet(ipv4.destinations.below.below.ranges(set)))
    case .ipv6: AddressSet(ipv6: IntervalSet(ipv6.destinations.below.below.ranges(set)))
    }
  }
}
