import Addressing
import ConnectionSpace
import PolicyFixtures

/// Random spaces over a domain so small that every point of it can be looked at: eight addresses of a family
/// at the end of each family's numbers, a few ports, types and protocols.
struct SmallSpace {
  static let passages: [Passage] = [.ingress, .egress]
  static let width = 8
  static let protocols: [(IPProtocol, [ClosedRange<UInt16>])] = [
    (.tcp, [0...1, 80...81, 443...443, 65534...65535]), (.icmp, [0...0, 8...8, 254...255]), (.esp, [0...0]),
  ]

  /// Places at which the domain's addresses begin: the lowest, one in between, and the highest.
  static func base(_ family: AddressFamily, _ place: Int) -> UInt128 {
    switch place {
    case 0: 0
    case 1: family == .ipv4 ? 0x0a00_0000 : 0x2001_0db8 << 96
    default: family.highestBits - UInt128(width - 1)
    }
  }

  let rectangles: [Rectangle]
  let place: Int

  init(_ random: inout SeededGenerator, place: Int, atMost count: Int = 6) {
    self.place = place
    rectangles = (0..<Int.random(in: 0...count, using: &random)).map { _ in
      let (ipProtocol, numbers) = Self.protocols.randomElement(using: &random) ?? (.esp, [0...0])
      var chosen = numbers.filter { _ in random.oneIn(2) }
      if chosen.isEmpty { chosen = [numbers[0]] }
      let kinds: Kinds =
        random.oneIn(4)
        ? .any
        : ipProtocol == .tcp
          ? .ports(PortSet(chosen.map { random.oneIn(2) ? $0 : $0.lowerBound...$0.lowerBound }))
          : ipProtocol == .icmp
            ? .types(IntervalSet(chosen.map { UInt8($0.lowerBound)...UInt8($0.upperBound) })) : .any
      return Rectangle(
        Self.passages.randomElement(using: &random) ?? .ingress, ipProtocol,
        from: Self.addresses(&random, place), to: Self.addresses(&random, place), kinds)
    }
  }

  private static func addresses(_ random: inout SeededGenerator, _ place: Int) -> AddressSet {
    if random.oneIn(12) { return .all }
    var addresses: [Address] = []
    for family in AddressFamily.allCases where !random.oneIn(4) {
      for offset in 0..<width where random.oneIn(2) {
        addresses.append(Address(family, base(family, place) + UInt128(offset)))
      }
    }
    return AddressSet(addresses)
  }

  /// Every point of the domain, by its rectangle list: what a space is checked against.
  static func points(place: Int) -> [Point] {
    var points: [Point] = []
    for passage in passages {
      for (ipProtocol, numbers) in protocols {
        for family in AddressFamily.allCases {
          for kind in numbers.flatMap({ Array($0) }) {
            for source in 0..<width {
              for destination in 0..<width {
                points.append(
                  Point(
                    passage, from: Address(family, base(family, place) + UInt128(source)),
                    to: Address(family, base(family, place) + UInt128(destination)), ipProtocol, kind: kind))
              }
            }
          }
        }
      }
    }
    return points
  }

  /// Whether a rectangle of the list holds the point.
  func contains(_ point: Point) -> Bool { rectangles.contains { $0.contains(point) } }
}

extension Rectangle {
  func contains(_ point: Point) -> Bool {
    guard passage == point.passage, ipProtocol == point.ipProtocol else { return false }
    let isKind =
      switch kinds {
      case .any: true
      case .ports(let ports): ports.contains(point.kind)
      case .types(let types): types.contains(UInt8(point.kind))
      }
    return isKind && sources.contains(point.source) && destinations.contains(point.destination)
  }
}
