/// Everything that is known about one address family: destination, then port or type, then source.
struct FamilySpace<Bound: FixedWidthInteger & UnsignedInteger & Sendable> {
  /// At the bottom are sets of addresses, be they sources or destinations.
  var destinations = Level<Bound, Level<UInt16, SetPool<Bound>>>(Level(SetPool()))

  mutating func intern(_ ranges: [ClosedRange<Bound>], _ meter: inout Meter) throws(NotProven) -> UInt32 {
    try destinations.below.below.intern(ranges, &meter)
  }

  /// The union of rectangles.
  ///
  /// Rectangles with one destination are joined first, those with one set of ports among them first of all:
  /// so the many hosts of a group, and the many groups that may talk to a port, are looked at once.
  mutating func union(
    of rectangles: inout [RawRectangle], _ kinds: SetPool<UInt16>, _ meter: inout Meter
  ) throws(NotProven) -> UInt32 {
    RawRectangle.sort(&rectangles)
    try meter.look(rectangles.count)
    var parts = Functions<Bound>()
    var ports = Functions<UInt16>()
    var sources: [UInt32] = []
    var index = 0
    while index < rectangles.count {
      let destination = rectangles[index].destination
      ports.removeAll()
      while index < rectangles.count, rectangles[index].destination == destination {
        let kind = rectangles[index].kinds
        sources.removeAll(keepingCapacity: true)
        while index < rectangles.count, rectangles[index].destination == destination,
          rectangles[index].kinds == kind
        {
          if sources.last != rectangles[index].source { sources.append(rectangles[index].source) }
          index += 1
        }
        ports.append(try destinations.below.below.union(sources[...], &meter), on: kind, of: kinds)
      }
      let node = try destinations.below.union(&ports, &meter)
      parts.append(node, on: destination, of: destinations.below.below)
    }
    return try destinations.union(&parts, &meter)
  }

  func contains(_ node: UInt32, from source: Bound, to destination: Bound, _ kind: UInt16) -> Bool {
    let ports = destinations.value(node, at: destination)
    return destinations.below.below.contains(destinations.below.value(ports, at: kind), source)
  }

  // MARK: Volume

  func volume(_ node: UInt32) -> Volume {
    var ofPorts: [UInt32: Volume] = [:]
    var ofSources: [UInt32: Volume] = [:]
    var total = Volume.zero
    destinations.forEachPart(node) { range, ports in
      let area = ofPorts[ports] ?? volume(ofPorts: ports, &ofSources)
      ofPorts[ports] = area
      total += Volume(count: range) * area
    }
    return total
  }

  private func volume(ofPorts node: UInt32, _ known: inout [UInt32: Volume]) -> Volume {
    var total = Volume.zero
    destinations.below.forEachPart(node) { range, sources in
      let count = known[sources] ?? volume(ofSet: sources)
      known[sources] = count
      total += Volume(count: range) * count
    }
    return total
  }

  func volume(ofSet set: UInt32) -> Volume {
    var total = Volume.zero
    destinations.below.below.forEachRange(set) { total += Volume(count: $0) }
    return total
  }

  // MARK: Pairs

  /// The number of (source, destination, port) between two different endpoints, whichever of their
  /// addresses they use.
  mutating func pairs(_ node: UInt32, _ owners: [Owner<Bound>], endpoints: Int, _ meter: inout Meter)
    throws(NotProven) -> Int
  {
    var ports = [UInt32](repeating: 0, count: endpoints)
    var isOneEach = true
    for owner in owners {
      let here = destinations.value(node, at: owner.address)
      let before = ports[owner.endpoint]
      ports[owner.endpoint] = try destinations.below.apply(.union, before, here, &meter)
    }
    var own = [[Bound]](repeating: [], count: endpoints)
    for owner in owners {
      own[owner.endpoint].append(owner.address)
      if own[owner.endpoint].count > 1 { isOneEach = false }
    }
    var counts: [UInt32: Int] = [:]
    var stamps = [UInt32](repeating: 0, count: isOneEach ? 0 : endpoints)
    var total = 0
    for endpoint in 0..<endpoints where ports[endpoint] != 0 {
      try meter.look(destinations.below.place(ports[endpoint]).count)
      destinations.below.forEachPart(ports[endpoint]) { range, sources in
        let count = counts[sources] ?? count(sources, owners, isOneEach, &stamps)
        counts[sources] = count
        let isOwn = own[endpoint].contains { destinations.below.below.contains(sources, $0) }
        total += range.count * (count - (isOwn ? 1 : 0))
      }
    }
    return total
  }

  /// How many endpoints have an address in a set.
  private func count(
    _ set: UInt32, _ owners: [Owner<Bound>], _ isOneEach: Bool, _ stamps: inout [UInt32]
  ) -> Int {
    var count = 0
    destinations.below.below.forEachRange(set) { range in
      let first = owners.firstPosition { $0.address >= range.lowerBound }
      let end = owners.firstPosition { $0.address > range.upperBound }
      if isOneEach {
        count += end - first
      } else {
        // Id 0 is the empty set, so no stamp is 0.
        for position in first..<end where stamps[owners[position].endpoint] != set {
          stamps[owners[position].endpoint] = set
          count += 1
        }
      }
    }
    return count
  }
}

extension Array {
  /// The first position from which on a condition holds, by binary search.
  func firstPosition(where holds: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
