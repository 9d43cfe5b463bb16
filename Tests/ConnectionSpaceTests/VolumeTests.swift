import Addressing
import ConnectionSpace
import PolicyFixtures
import Testing

/// How large a space is.
@Suite struct VolumeTests {
  private static func v4(_ last: Int) -> Address { Address(.ipv4, 0x0a00_0000 + UInt128(last)) }
  private static func v6(_ last: Int) -> Address { Address(.ipv6, 0x2001_0db8 << 96 + UInt128(last)) }

  @Test func `everything is counted exactly, however much it is`() throws {
    let universe = Universe()
    let all = try universe.space(of: [Rectangle(.whole, .tcp, from: .all, to: .all, .any)])
    // 2^(32 + 16 + 32) and 2^(128 + 16 + 128).
    #expect(
      all.volume.description
        == "7588550360256754183279148073529370729071901715047420004891101151362209493257551872")
    let ipv4 = all.restricted { $0.family == .ipv4 }
    #expect(ipv4.volume == Volume(1 << 80))
    #expect(ipv4.volume.uint64 == nil)
    #expect(ipv4.volume.approximate == 0x1p80)
    #expect(universe.empty.volume == .zero)
    #expect(universe.empty.volume.description == "0")
    #expect(ipv4.volume < all.volume)
  }

  @Test(arguments: [
    ("0", 0 as UInt128), ("7", 7), ("1000000000000000000", 1_000_000_000_000_000_000),
    ("340282366920938463463374607431768211455", UInt128.max),
  ])
  func `a volume is written in decimal`(text: String, number: UInt128) {
    #expect(Volume(number).description == text)
  }

  @Test func `sums and products of volumes carry`() {
    let most = Volume(UInt128.max)
    let twice: UInt128 = 1 << 127
    #expect(Volume(twice) + Volume(twice) == most + Volume(1))
    #expect(
      (most * most).description
        == "115792089237316195423570985008687907852589419931798687112530834793049593217025")
    #expect((Volume(UInt128(UInt64.max)) * Volume(2)).uint64 == nil)
    #expect(Volume(3) * Volume(0) == .zero)
  }

  @Test func `the volume between finite sets is the number of points`() throws {
    var random = SeededGenerator(seed: 21)
    for round in 0..<200 {
      let universe = Universe()
      let small = SmallSpace(&random, place: round % 3)
      let space = try universe.space(of: small.rectangles)
      let domain = AddressSet(
        AddressFamily.allCases.flatMap { family in
          (0..<SmallSpace.width).map {
            Address(family, SmallSpace.base(family, round % 3) + UInt128($0))
          }
        })
      let finite = try space.restricted(from: domain, to: domain)
      var expected = 0
      for point in SmallSpace.weighted(place: round % 3) where small.contains(point.point) {
        expected += point.weight
      }
      #expect(finite.volume == Volume(UInt128(expected)))
    }
  }

  @Test func `pairs count machines, not addresses, and none with itself`() throws {
    let endpoints = Endpoints([
      [Self.v4(1), Self.v4(2), Self.v6(1)], [Self.v4(3), Self.v6(3)], [Self.v4(4), Self.v4(9)],
    ])
    let universe = Universe()
    func pairs(_ sources: [Address], _ destinations: [Address]) throws -> Int {
      try universe.space(of: [
        Rectangle(
          .whole, .tcp, from: AddressSet(sources), to: AddressSet(destinations), .ports(PortSet([80...81])))
      ]).pairs(among: endpoints)
    }
    #expect(try pairs([Self.v4(1)], [Self.v4(3)]) == 2)
    #expect(try pairs([Self.v4(1), Self.v4(2)], [Self.v4(3)]) == 2)
    #expect(try pairs([Self.v4(1), Self.v4(2)], [Self.v4(4), Self.v4(9)]) == 2)
    #expect(try pairs([Self.v4(1)], [Self.v4(2)]) == 0)
    #expect(try pairs([Self.v4(1), Self.v6(1)], [Self.v4(3), Self.v6(3)]) == 4)
    #expect(try pairs([Self.v4(77)], [Self.v4(3)]) == 0)
    let all = try universe.space(of: [Rectangle(.whole, .esp, from: .all, to: .all, .any)])
    #expect(try all.pairs(among: endpoints) == 3 * 2 + 2)
  }

  @Test func `the endpoints of a set are those with an address in it, and the rest is nobody's`() {
    let index = EndpointIndex(
      Endpoints([[Self.v4(1), Self.v4(9), Self.v6(1)], [Self.v4(3)], [], [Self.v6(3)]]))
    let set = AddressSet([Self.v4(2), Self.v4(3), Self.v4(9), Self.v6(3), Self.v6(4)])
    #expect(index.endpoints(in: set) == [0, 1, 3])
    #expect(index.others(in: set) == AddressSet([Self.v4(2), Self.v6(4)]))
    #expect(index.endpoints(in: AddressSet()).isEmpty)
    #expect(index.endpoints(in: .all) == [0, 1, 3])
  }

  @Test func `pairs are those that looking at every point finds`() throws {
    var random = SeededGenerator(seed: 31)
    for round in 0..<100 {
      let place = round % 3
      let universe = Universe()
      let small = SmallSpace(&random, place: place)
      let space = try universe.space(of: small.rectangles)
      var owners: [[Address]] = [[], [], []]
      for family in AddressFamily.allCases {
        for offset in 0..<SmallSpace.width {
          let owner = Int.random(in: 0...3, using: &random)
          if owner < 3 {
            owners[owner].append(Address(family, SmallSpace.base(family, place) + UInt128(offset)))
          }
        }
      }
      struct Seen: Hashable {
        let section: [Int]
        let source: Int
        let destination: Int
        let kind: UInt16
      }
      var seen: Set<Seen> = []
      var expected = 0
      for weighted in SmallSpace.weighted(place: place) where small.contains(weighted.point) {
        let point = weighted.point
        guard let source = owners.firstIndex(where: { $0.contains(point.source) }),
          let destination = owners.firstIndex(where: { $0.contains(point.destination) }),
          source != destination
        else { continue }
        let section = [
          Int(point.passage.rawValue), Int(point.source.family.rawValue), Int(point.ipProtocol.rawValue),
        ]
        let new = seen.insert(
          Seen(section: section, source: source, destination: destination, kind: point.kind)
        ).inserted
        if new { expected += weighted.weight }
      }
      #expect(try space.pairs(among: Endpoints(owners)) == expected)
    }
  }
}

extension SmallSpace {
  /// The points of the domain, and one port and one type that only "any" holds, which stand for all of those.
  fileprivate static func weighted(place: Int) -> [(point: Point, weight: Int)] {
    let points = points(place: place)
    let others = points.filter { $0.kind == 0 && $0.ipProtocol != .esp }.map { point in
      let named = protocols.first { $0.0 == point.ipProtocol }?.1.reduce(0) { $0 + $1.count } ?? 0
      return (
        Point(point.passage, from: point.source, to: point.destination, point.ipProtocol, kind: 100),
        (point.ipProtocol == .tcp ? 65536 : 256) - named
      )
    }
    return points.map { ($0, 1) } + others
  }
}
