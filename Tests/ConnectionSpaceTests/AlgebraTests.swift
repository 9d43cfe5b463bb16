import Addressing
import ConnectionSpace
import PolicyFixtures
import Testing

/// Operations and normal forms against looking at every point.
@Suite struct AlgebraTests {
  @Test(arguments: 0..<3)
  func `operations hold exactly the points they should`(place: Int) throws {
    var random = SeededGenerator(seed: UInt64(place) + 1)
    let points = SmallSpace.points(place: place)
    for _ in 0..<40 {
      let universe = Universe()
      let (a, b) = (SmallSpace(&random, place: place), SmallSpace(&random, place: place))
      let (left, right) = (try universe.space(of: a.rectangles), try universe.space(of: b.rectangles))
      let both = try left.intersection(right)
      let either = try left.union(right)
      let rest = try left.subtracting(right)
      for point in points {
        let (inA, inB) = (a.contains(point), b.contains(point))
        #expect(left.contains(point) == inA)
        #expect(both.contains(point) == (inA && inB))
        #expect(either.contains(point) == (inA || inB))
        #expect(rest.contains(point) == (inA && !inB))
      }
    }
  }

  /// Every pair of 150 sets over one domain, each the bits of a number: union, intersection and difference
  /// are those of the bits, and equal bits are equal spaces.
  @Test func `operations on more than twenty thousand pairs are those of the points`() throws {
    let universe = Universe()
    var random = SeededGenerator(seed: 11)
    var bySpace: [ConnectionSpace: UInt128] = [:]
    var byBits: [UInt128: ConnectionSpace] = [:]
    func check(_ space: ConnectionSpace, _ bits: UInt128) {
      #expect(bySpace[space, default: bits] == bits)
      #expect(byBits[bits, default: space] == space)
      bySpace[space] = bits
      byBits[bits] = space
    }
    var sets: [(space: ConnectionSpace, bits: UInt128)] = []
    for _ in 0..<150 {
      let set = try Self.bitSet(&random, universe)
      check(set.0, set.1)
      sets.append((set.0, set.1))
    }
    var pairs = 0
    for a in sets {
      for b in sets {
        check(try a.space.union(b.space), a.bits | b.bits)
        check(try a.space.intersection(b.space), a.bits & b.bits)
        check(try a.space.subtracting(b.space), a.bits & ~b.bits)
        pairs += 1
      }
    }
    #expect(pairs > 20_000)
    for (space, bits) in bySpace {
      #expect(space.volume == Volume(UInt128(bits.nonzeroBitCount)))
      #expect(space.isEmpty == (bits == 0))
    }
  }

  /// A space over four destinations, four ports, four sources and two families, and its points as bits.
  private static func bitSet(_ random: inout SeededGenerator, _ universe: Universe) throws -> (
    ConnectionSpace, UInt128
  ) {
    var bits: UInt128 = 0
    var rectangles: [Rectangle] = []
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let family: AddressFamily = random.oneIn(2) ? .ipv4 : .ipv6
      let masks = (0..<3).map { _ in Int.random(in: 1...15, using: &random) }
      let members = masks.map { mask in (0..<4).filter { mask >> $0 & 1 == 1 } }
      // The addresses end at the highest of their family, where an interval has no next number.
      let addresses = { (offsets: [Int]) in
        AddressSet(offsets.map { Address(family, family.highestBits - 3 + UInt128($0)) })
      }
      rectangles.append(
        Rectangle(
          .ingress, .udp, from: addresses(members[2]), to: addresses(members[0]),
          .ports(PortSet(members[1].map { UInt16(65532 + $0)...UInt16(65532 + $0) }))))
      for destination in members[0] {
        for port in members[1] {
          for source in members[2] {
            bits |= 1 << UInt128((family == .ipv4 ? 0 : 64) + destination * 16 + port * 4 + source)
          }
        }
      }
    }
    return (try universe.space(of: rectangles), bits)
  }

  @Test func `whatever way a space is made, its normal form is the same`() throws {
    var random = SeededGenerator(seed: 5)
    for round in 0..<300 {
      let universe = Universe()
      let rectangles = SmallSpace(&random, place: round % 3, atMost: 12).rectangles
      let space = try universe.space(of: rectangles)
      #expect(try universe.space(of: rectangles.shuffled(using: &random)) == space)
      #expect(try universe.space(of: rectangles + rectangles) == space)
      var one = universe.empty
      for rectangle in rectangles.shuffled(using: &random) {
        one = try one.union(try universe.space(of: [rectangle]))
      }
      #expect(one == space)
      // Cut in two by another space and put together again.
      let knife = try universe.space(of: SmallSpace(&random, place: round % 3).rectangles)
      #expect(try space.intersection(knife).union(try space.subtracting(knife)) == space)
      #expect(try space.union(knife).subtracting(try knife.subtracting(space)) == space)
      #expect(try space.subtracting(space.subtracting(knife)) == space.intersection(knife))
      #expect(try space.isSubset(of: space.union(knife)))
      #expect(space.hashValue == one.hashValue)
    }
  }

  @Test func `the ends of every interval and their neighbours are judged rightly`() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<60 {
      let universe = Universe()
      let rectangles = Self.wide(&random)
      let space = try universe.space(of: rectangles)
      for rectangle in rectangles {
        for family in AddressFamily.allCases {
          for destination in Self.ends(rectangle.destinations, family) {
            for source in Self.ends(rectangle.sources, family) {
              for kind in Self.ends(rectangle.kinds) {
                let point = Point(.forward, from: source, to: destination, .tcp, kind: kind)
                #expect(space.contains(point) == rectangles.contains { $0.contains(point) })
              }
            }
          }
        }
      }
    }
  }

  /// Rectangles of ranges anywhere in the families.
  static func wide(_ random: inout SeededGenerator) -> [Rectangle] {
    func set() -> AddressSet {
      var prefixes: [Prefix] = []
      for _ in 0...Int.random(in: 0...1, using: &random) {
        let family: AddressFamily = random.oneIn(2) ? .ipv4 : .ipv6
        let bits = UInt128.random(in: 0...family.highestBits, using: &random)
        let length = Int.random(in: 0...family.bitWidth, using: &random)
        prefixes.append(Prefix(containing: Address(family, bits), length: length))
      }
      return AddressSet(prefixes)
    }
    return (0..<4).map { _ in
      let low = UInt16.random(in: 0...UInt16.max, using: &random)
      let high = UInt16.random(in: low...UInt16.max, using: &random)
      return Rectangle(.forward, .tcp, from: set(), to: set(), .ports(PortSet([low...high])))
    }
  }

  private static func ends(_ set: AddressSet, _ family: AddressFamily) -> [Address] {
    set.ranges(family).flatMap { range in
      [range.lowerBound, range.upperBound].flatMap { [$0 &- 1, $0, $0 &+ 1] }
    }.filter { $0 <= family.highestBits }.map { Address(family, $0) }
  }

  private static func ends(_ kinds: Kinds) -> [UInt16] {
    guard case .ports(let ports) = kinds else { return [] }
    return ports.ranges.flatMap { range in
      [range.lowerBound, range.upperBound].flatMap { [$0 &- 1, $0, $0 &+ 1] }
    }
  }
}
