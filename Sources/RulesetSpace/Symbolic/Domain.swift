internal import Addressing
internal import ConnectionSpace

/// The connections of one family and one class of protocols that a ruleset treats alike.
struct Domain {
  let universe: Universe
  let passage: Passage
  let family: AddressFamily
  /// Ascending; one of them, unless none of them has ports or types.
  let protocols: [IPProtocol]
  let all: ConnectionSpace

  /// The one that stands for the others.
  var ipProtocol: IPProtocol { protocols[0] }

  var empty: ConnectionSpace { universe.empty }
  var always: Match { Match(sure: all, possible: all) }
  var never: Match { Match(sure: empty, possible: empty) }
  /// Holds for some packets of each connection, perhaps.
  var unknown: Match { Match(sure: empty, possible: all) }

  /// - Parameter types: of messages, if only some are meant.
  init(
    _ universe: Universe, _ passage: Passage, _ family: AddressFamily, _ protocols: [IPProtocol],
    types: IntervalSet<UInt8>? = nil
  ) throws(NotProven) {
    self.universe = universe
    self.passage = passage
    self.family = family
    self.protocols = protocols
    let every = family == .ipv4 ? AddressSet(ipv4: .all) : AddressSet(ipv6: .all)
    all = try universe.space(of: [
      Rectangle(passage, protocols[0], from: every, to: every, types.map { .types($0) } ?? .any)
    ])
  }

  private init(_ domain: Domain, _ all: ConnectionSpace) {
    universe = domain.universe
    passage = domain.passage
    family = domain.family
    protocols = domain.protocols
    self.all = all
  }

  /// Some of the connections.
  func restricted(to some: ConnectionSpace) -> Domain { Domain(self, some) }

  /// Width of ``SymbolicByte/Field/kind`` in bytes.
  var kindWidth: Int { ipProtocol.hasPorts ? 2 : ipProtocol.hasTypes ? 1 : 0 }

  func space(of box: Box) throws(NotProven) -> ConnectionSpace {
    box == Box() ? all : try union([box])
  }

  func union(_ boxes: [Box]) throws(NotProven) -> ConnectionSpace {
    let every = family == .ipv4 ? AddressSet(ipv4: .all) : AddressSet(ipv6: .all)
    let rectangles = boxes.map { box in
      Rectangle(
        passage, ipProtocol, from: box.sources.map(addresses) ?? every,
        to: box.destinations.map(addresses) ?? every, box.kinds.map(kinds) ?? .any)
    }
    return try universe.space(of: rectangles).intersection(all)
  }

  private func addresses(_ set: IntervalSet<UInt128>) -> AddressSet {
    switch family {
    case .ipv4:
      AddressSet(
        ipv4: IntervalSet(
          set.ranges.map {
            UInt32(truncatingIfNeeded: $0.lowerBound)...UInt32(truncatingIfNeeded: $0.upperBound)
          }))
    case .ipv6: AddressSet(ipv6: set)
    }
  }

  private func kinds(_ set: IntervalSet<UInt128>) -> Kinds {
    if ipProtocol.hasPorts {
      return .ports(
        PortSet(
          set.ranges.map {
            UInt16(truncatingIfNeeded: $0.lowerBound)...UInt16(truncatingIfNeeded: $0.upperBound)
          }))
    }
    return .types(
      IntervalSet(
        set.ranges.map {
          UInt8(truncatingIfNeeded: $0.lowerBound)...UInt8(truncatingIfNeeded: $0.upperBound)
        }))
  }
}

extension IPProtocol {
  var hasTypes: Bool { self == .icmp || self == .icmpv6 }
}

/// Where each coordinate may lie; `nil`: anywhere.
struct Box: Hashable {
  var destinations: IntervalSet<UInt128>?
  var kinds: IntervalSet<UInt128>?
  var sources: IntervalSet<UInt128>?

  mutating func restrict(_ side: WritableKeyPath<Box, IntervalSet<UInt128>?>, to set: IntervalSet<UInt128>) {
    self[keyPath: side] = self[keyPath: side].map { $0.intersection(set) } ?? set
  }
}
