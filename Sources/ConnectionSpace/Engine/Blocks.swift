internal import Addressing

/// The connections from a set of sources to the kinds of a set of destinations.
struct Block: Hashable {
  var destinations: UInt32
  var kinds: UInt32
  var sources: UInt32
}

/// Two sides of a block.
private struct Sides: Hashable {
  let one: UInt32
  let other: UInt32
}

extension FamilySpace {
  /// Blocks that together are a node and do not overlap; few, though not always the fewest there are.
  ///
  /// The normal form cuts by destination first. Cutting by source first may take fewer: both are tried.
  mutating func blocks(_ node: UInt32, _ kinds: inout SetPool<UInt16>, _ meter: inout Meter)
    throws(NotProven) -> [Block]
  {
    let byDestination = try blocksByDestination(node, &kinds, &meter)
    let one = try joined(byDestination, &kinds, &meter)
    let other = try joined(try blocksBySource(byDestination, &kinds, &meter), &kinds, &meter)
    return other.count < one.count ? other : one
  }

  private mutating func blocksByDestination(
    _ node: UInt32, _ kinds: inout SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> [Block] {
    var blocks: [Block] = []
    var parts = OrderedGroups<ClosedRange<Bound>>()
    destinations.forEachPart(node) { parts.append($0, to: $1) }
    for (ports, ranges) in parts.groups {
      let here = try intern(ranges, &meter)
      var numbers = OrderedGroups<ClosedRange<UInt16>>()
      destinations.below.forEachPart(ports) { numbers.append($0, to: $1) }
      for (sources, ranges) in numbers.groups {
        blocks.append(
          Block(destinations: here, kinds: try kinds.intern(ranges, &meter), sources: sources))
      }
    }
    return blocks
  }

  /// The same blocks cut anew: for each set of sources, which destinations each kind has.
  private mutating func blocksBySource(
    _ blocks: [Block], _ kinds: inout SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> [Block] {
    var bySource = OrderedGroups<Block>()
    for block in blocks { bySource.append(block, to: block.sources) }
    var result: [Block] = []
    for (sources, blocks) in bySource.groups {
      var functions = Functions<UInt16>()
      for block in blocks { functions.append(block.destinations, on: block.kinds, of: kinds) }
      let node = try destinations.below.union(&functions, &meter)
      var numbers = OrderedGroups<ClosedRange<UInt16>>()
      destinations.below.forEachPart(node) { numbers.append($0, to: $1) }
      for (here, ranges) in numbers.groups {
        result.append(
          Block(destinations: here, kinds: try kinds.intern(ranges, &meter), sources: sources))
      }
    }
    return result
  }

  /// Joins blocks that differ in one side only, until there are none.
  private mutating func joined(_ blocks: [Block], _ kinds: inout SetPool<UInt16>, _ meter: inout Meter)
    throws(NotProven) -> [Block]
  {
    var blocks = blocks
    while true {
      let before = blocks.count
      blocks = try groups(blocks, \.kinds, \.sources).map { group throws(NotProven) in
        var block = group[0]
        block.destinations = try destinations.below.below.union(of: group.map(\.destinations), &meter)
        return block
      }
      blocks = try groups(blocks, \.destinations, \.sources).map { group throws(NotProven) in
        var block = group[0]
        block.kinds = try kinds.union(of: group.map(\.kinds), &meter)
        return block
      }
      blocks = try groups(blocks, \.destinations, \.kinds).map { group throws(NotProven) in
        var block = group[0]
        block.sources = try destinations.below.below.union(of: group.map(\.sources), &meter)
        return block
      }
      if blocks.count == before { return blocks }
    }
  }

  /// Blocks that are equal in two sides, in the order in which they come.
  private func groups(
    _ blocks: [Block], _ one: KeyPath<Block, UInt32>, _ other: KeyPath<Block, UInt32>
  ) -> [[Block]] {
    var groups: [[Block]] = []
    var places: [Sides: Int] = [:]
    for block in blocks {
      let sides = Sides(one: block[keyPath: one], other: block[keyPath: other])
      if let place = places[sides] {
        groups[place].append(block)
      } else {
        places[sides] = groups.count
        groups.append([block])
      }
    }
    return groups
  }

  // MARK: For people

  /// Blocks and the nodes of what does not belong to them: together exactly the node. At most so many;
  /// where exact blocks would be more, some are the hull of much that belongs and little that does not.
  mutating func pieces(
    _ node: UInt32, atMost limit: Int, _ kinds: inout SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> [(block: Block, except: UInt32)] {
    var pieces: [(block: Block, except: UInt32)] = []
    var rest = node
    while rest != 0 {
      // So many kinds of destinations do not come out as few blocks; one hull may still say nearly all of it.
      if let hull = try wideHull(rest, atLeast: limit * 8, &kinds, &meter),
        try isMostly(hull, node, kinds, &meter)
      {
        let whole = try box(hull, kinds, &meter)
        pieces.append((hull, try destinations.apply(.difference, whole, node, &meter)))
        return pieces
      }
      var blocks = try self.blocks(rest, &kinds, &meter)
      if pieces.count + blocks.count <= limit { return pieces + blocks.map { ($0, 0) } }
      blocks = blocks.map { ($0, volume($0, kinds)) }.sorted { $0.1 > $1.1 }.map(\.0)
      let isLast = pieces.count + 1 >= limit
      // The last piece takes everything that is left; one before it as many of the largest as fill their hull.
      var count = blocks.count
      var hull = try self.hull(of: blocks[...], &kinds, &meter)
      while !isLast, count > 1, try !isMostly(hull, node, kinds, &meter) {
        count /= 2
        hull = try self.hull(of: blocks[..<count], &kinds, &meter)
      }
      // Far down the list are small things, each of which would cost another look at the whole.
      for block in blocks[count...].prefix(64) {
        let wider = try self.hull(of: [hull, block], &kinds, &meter)
        if wider == hull { continue }
        if try isMostly(wider, node, kinds, &meter) { hull = wider }
      }
      let whole = try box(hull, kinds, &meter)
      pieces.append((hull, try destinations.apply(.difference, whole, node, &meter)))
      rest = try destinations.apply(.difference, rest, whole, &meter)
    }
    return pieces
  }

  /// The smallest block that holds a node, if the node has at least so many kinds of destinations.
  private mutating func wideHull(
    _ node: UInt32, atLeast count: Int, _ kinds: inout SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> Block? {
    var parts = OrderedGroups<ClosedRange<Bound>>()
    destinations.forEachPart(node) { parts.append($0, to: $1) }
    guard parts.groups.count >= count else { return nil }
    var numbers: [ClosedRange<UInt16>] = []
    var sources: Set<UInt32> = []
    for (ports, _) in parts.groups {
      destinations.below.forEachPart(ports) {
        numbers.append($0)
        sources.insert($1)
      }
    }
    return Block(
      destinations: try intern(IntervalSet(parts.groups.flatMap(\.values)).ranges, &meter),
      kinds: try kinds.intern(IntervalSet(numbers).ranges, &meter),
      sources: try destinations.below.below.union(of: sources.sorted(), &meter))
  }

  /// The smallest block that holds some.
  private mutating func hull(
    of blocks: ArraySlice<Block>, _ kinds: inout SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> Block {
    Block(
      destinations: try destinations.below.below.union(of: blocks.map(\.destinations), &meter),
      kinds: try kinds.union(of: blocks.map(\.kinds), &meter),
      sources: try destinations.below.below.union(of: blocks.map(\.sources), &meter))
  }

  /// Whether at least half of a block belongs to a node.
  private mutating func isMostly(
    _ block: Block, _ node: UInt32, _ kinds: SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> Bool {
    let common = try destinations.apply(.intersection, node, try box(block, kinds, &meter), &meter)
    let held = volume(common)
    return held + held >= volume(block, kinds)
  }

  /// The node of a block.
  mutating func box(_ block: Block, _ kinds: SetPool<UInt16>, _ meter: inout Meter) throws(NotProven)
    -> UInt32
  {
    var rectangle = [
      RawRectangle(destination: block.destinations, kinds: block.kinds, source: block.sources)
    ]
    return try union(of: &rectangle, kinds, &meter)
  }

  private func volume(_ block: Block, _ kinds: SetPool<UInt16>) -> Volume {
    var count = Volume.zero
    kinds.forEachRange(block.kinds) { count += Volume(count: $0) }
    return count * volume(ofSet: block.destinations) * volume(ofSet: block.sources)
  }
}

/// Values by number, in the order in which the numbers come first.
private struct OrderedGroups<Value> {
  private(set) var groups: [(key: UInt32, values: [Value])] = []
  private var places: [UInt32: Int] = [:]

  mutating func append(_ value: Value, to key: UInt32) {
    if let place = places[key] {
      groups[place].values.append(value)
    } else {
      places[key] = groups.count
      groups.append((key, [value]))
    }
  }
}
