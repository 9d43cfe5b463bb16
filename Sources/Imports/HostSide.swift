internal import Addressing
internal import ConnectionSpace

/// One end of connections, which a host's rules judge: the other end is the peer.
struct HostSide {
  let passage: Passage
  private let own: [Address]

  /// - Parameter passage: ingress or egress.
  init(_ passage: Passage, _ own: [Address]) { (self.passage, self.own) = (passage, own) }

  var isIngress: Bool { passage == .ingress }
  var word: String { isIngress ? "in" : "out" }

  func peers(of rectangle: Rectangle) -> AddressSet {
    isIngress ? rectangle.sources : rectangle.destinations
  }

  /// Peers about which no rule of a host decides: a kernel takes no packet with an own source from a link
  /// (`fib_validate_source`), and reaches an own destination by the loopback. Sources that are IPv4 in IPv6 no host believes.
  private var indifferent: AddressSet { AddressSet(own).union(isIngress ? .ipv4InIPv6 : AddressSet()) }

  /// What of a space is about the host's own addresses.
  func here(_ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
    let own = AddressSet(own)
    return isIngress ? try space.restricted(to: own) : try space.restricted(from: own)
  }

  /// What of a space it meets on its links.
  func onLinks(_ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
    let others = AddressSet.all.subtracting(AddressSet(own))
    return try isIngress ? here(space).restricted(from: others) : here(space).restricted(to: others)
  }

  /// The same peers as plainly as they can be told: where own addresses are a hole among them, or all that they lack, it is
  /// filled.
  func plain(_ peers: AddressSet, _ families: Set<AddressFamily>) -> AddressSet {
    let between = own.filter { address in
      let bits = address.bits
      return bits > 0 && bits < address.family.highestBits
        && peers.contains(Address(address.family, bits - 1))
        && peers.contains(Address(address.family, bits + 1))
    }
    let whole = peers.union(indifferent)
    let filled = peers.union(AddressSet(between))
    return AddressSet(
      ipv4: !families.contains(.ipv4) ? IntervalSet() : whole.ipv4.isAll ? .all : filled.ipv4,
      ipv6: !families.contains(.ipv6) ? IntervalSet() : whole.ipv6.isAll ? .all : filled.ipv6)
  }

  /// What comes to groups that is no connections of one with another; `nil`: nothing does that anybody would miss.
  func groups(_ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace? {
    let groups = try space.restricted {
      $0.passage == passage && ![.tcp, .sctp, .icmp, .icmpv6].contains($0.ipProtocol)
    }
    .restricted(to: .multicast)
    return try groups.rectangles().contains { isOfUse($0) } ? groups : nil
  }

  /// Whether anybody would write it as a flow, or miss it: not messages that are always let through or never.
  func isOfUse(_ rectangle: Rectangle) -> Bool { !PeersByService.kinds(of: rectangle).isEmpty }

  /// What holds at each address of a family alike.
  ///
  /// - Returns: that, told of the first address of each family, and of all of them.
  func common(_ space: ConnectionSpace) throws(NotProven) -> (atOne: ConnectionSpace, atEach: ConnectionSpace)
  {
    let universe = space.universe
    var (atOne, atEach) = (universe.empty, universe.empty)
    for family in AddressFamily.allCases {
      let addresses = own.filter { $0.family == family }
      guard let first = addresses.first else { continue }
      var shared = try at(first, space)
      for other in addresses.dropFirst() {
        shared = try shared.intersection(
          universe.space(of: moved(at(other, space).rectangles(), to: [first])))
      }
      atOne = try atOne.union(shared)
      atEach = try atEach.union(universe.space(of: moved(shared.rectangles(), to: addresses)))
    }
    return (atOne, atEach)
  }

  private func at(_ address: Address, _ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
    let one = AddressSet([address])
    return isIngress ? try space.restricted(to: one) : try space.restricted(from: one)
  }

  private func moved(_ rectangles: [Rectangle], to addresses: [Address]) -> [Rectangle] {
    let here = AddressSet(addresses)
    return rectangles.map { rectangle in
      isIngress
        ? Rectangle(passage, rectangle.ipProtocol, from: rectangle.sources, to: here, rectangle.kinds)
        : Rectangle(passage, rectangle.ipProtocol, from: here, to: rectangle.destinations, rectangle.kinds)
    }
  }
}
