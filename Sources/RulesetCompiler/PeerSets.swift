internal import Addressing
internal import Nftables
internal import Policy
internal import RulesetShape

/// What a rule says of one end of a connection in one family.
enum PeerMatch: Hashable, Sendable {
  /// Every address of the family.
  case any
  /// The addresses in a named set.
  case set(NamedSet)
  /// A few addresses written in the rule itself.
  case inline(Comparand)

  /// The statement of the match, `nil` for any address.
  func statement(_ operand: Operand) -> Statement? {
    switch self {
    case .any: nil
    case .set(let set): .match(operand, .named(set.name))
    case .inline(let comparand): .match(operand, comparand)
    }
  }
}

/// The named sets of all peers, each made once however many rulesets refer to it.
struct PeerSets: Sendable {
  /// By peers, then family; `nil` where the peers have no address of the family.
  private let matches: [[PeerMatch?]]
  let addresses: [AddressSet]
  private let disguised: [Bool]

  init(_ peers: [Peers]) {
    addresses = peers.map(\.addresses)
    disguised = peers.map { !$0.networks.isEmpty && !$0.addresses.intersection(.ipv4InIPv6).isEmpty }
    matches = peers.map { peers in
      AddressFamily.allCases.map { Self.match(peers, $0) }
    }
  }

  /// Whether some peers' addresses hold IPv4 written as IPv6, which only a wide network's do.
  func mayBeDisguised(_ peers: PeersID) -> Bool { disguised[peers.index] }

  /// Link-local addresses, where some peers have IPv6 and these are not among them already.
  func linkLocal(beside peers: PeersID) -> AddressSet {
    let known = addresses[peers.index]
    return known.isEmpty(.ipv6) || AddressSet.linkLocal.isSubset(of: known) ? AddressSet() : .linkLocal
  }

  func match(_ peers: PeersID, _ family: AddressFamily) -> PeerMatch? {
    matches[peers.index][family == .ipv4 ? 0 : 1]
  }

  /// The named sets of some peers, one a family that needs one.
  func namedSets(_ peers: PeersID) -> [NamedSet] {
    matches[peers.index].compactMap { if case .set(let set) = $0 { set } else { nil } }
  }

  /// The match of whichever peers have exactly these addresses in the family.
  func known(_ addresses: AddressSet, _ family: AddressFamily) -> PeerMatch? {
    guard let index = self.addresses.firstIndex(where: { $0.ranges(family) == addresses.ranges(family) })
    else { return nil }
    return match(PeersID(index), family)
  }

  private static func match(_ peers: Peers, _ family: AddressFamily) -> PeerMatch? {
    if peers.addresses.isEmpty(family) { return nil }
    let name = SetMeaning.peers(peers.name, family).name
    // Peers that are all managed hosts stay a hash set whatever their number: a set's type cannot
    // change while rules refer to it.
    return match(peers.addresses, family, named: name, isExact: peers.networks.isEmpty)
  }

  /// The match for a set of addresses under a name.
  ///
  /// - Parameter isExact: whether to keep a hash set of single addresses rather than ranges.
  static func match(_ addresses: AddressSet, _ family: AddressFamily, named name: SetName, isExact: Bool)
    -> PeerMatch
  {
    let ranges = addresses.ranges(family)
    if ranges == [0...family.highestBits] { return .any }
    let type: DataType = family == .ipv4 ? .ipv4Address : .ipv6Address
    if isExact {
      var keys: [UInt8] = []
      for range in ranges {
        var bits = range.lowerBound
        while true {
          appendNetworkBytes(of: bits, family, to: &keys)
          if bits == range.upperBound { break }
          bits += 1
        }
      }
      let elements = SetElements(keyLength: family.byteCount, keys: keys)
      return .set(
        NamedSet(name: name, key: [type], size: declaredSize(elements.count), elements: elements))
    }
    var first: [UInt8] = []
    var last: [UInt8] = []
    for range in ranges {
      appendNetworkBytes(of: range.lowerBound, family, to: &first)
      appendNetworkBytes(of: range.upperBound, family, to: &last)
    }
    return .set(
      NamedSet(
        name: name, key: [type], flags: .interval,
        elements: SetElements(keyLength: family.byteCount, keys: first, lastKeys: last)))
  }

  /// Statements that match the other end of an opening in a family, and the sets they refer to; `nil` when an
  /// end has no address of the family: such a match compiles to nothing, never to a rule without it.
  func statements(for ends: Opening.Ends, _ family: AddressFamily) -> (
    statements: [Statement], sets: [NamedSet]
  )? {
    let parts: [(Operand, PeerMatch?)]
    let isIPv4 = family == .ipv4
    let source: Operand = isIPv4 ? .ipSaddr : .ip6Saddr
    let destination: Operand = isIPv4 ? .ipDaddr : .ip6Daddr
    switch ends {
    case .source(let peers): parts = [(source, match(peers, family))]
    case .destination(let peers): parts = [(destination, match(peers, family))]
    case .both(let from, let to):
      parts = [(source, match(from, family)), (destination, match(to, family))]
    case .groups(let groups): parts = [(destination, Self.inline(groups, family))]
    }
    var statements: [Statement] = []
    var used: [NamedSet] = []
    for (operand, match) in parts {
      guard let match else { return nil }
      if let statement = match.statement(operand) { statements.append(statement) }
      if case .set(let set) = match { used.append(set) }
    }
    // Both ends are any address: the family has to be said by itself.
    return (statements.isEmpty ? [.match(.nfProto, .family(family))] : statements, used)
  }

  /// Groups written into a rule. One may be a prefix, and `ff00::/8` has 2^120 addresses, so ranges stay
  /// ranges, joined where they touch, as nft(8) joins them when it loads the same rule.
  private static func inline(_ addresses: AddressSet, _ family: AddressFamily) -> PeerMatch? {
    let ranges = addresses.ranges(family)
    guard let only = ranges.first else { return nil }
    if ranges.count == 1 {
      if let prefix = Prefix(family: family, exactly: only) { return .inline(.prefix(prefix)) }
      return .inline(.range(bytes(family, only.lowerBound), bytes(family, only.upperBound)))
    }
    let isInterval = ranges.contains { $0.lowerBound != $0.upperBound }
    return .inline(
      .set(
        .inline(
          InlineSet(
            key: [family == .ipv4 ? .ipv4Address : .ipv6Address], flags: isInterval ? .interval : [],
            elements: SetElements(
              keyLength: family.byteCount, keys: ranges.flatMap { bytes(family, $0.lowerBound) },
              lastKeys: isInterval ? ranges.flatMap { bytes(family, $0.upperBound) } : nil)))))
  }

  private static func bytes(_ family: AddressFamily, _ bits: UInt128) -> [UInt8] {
    Address(family, bits).networkBytes
  }
}

/// The size a hash set declares for a number of elements: a power of two, at least twice the number,
/// so that most changes find room without touching the set itself.
func declaredSize(_ count: Int) -> UInt32 {
  var size: UInt32 = 16
  while Int(size) < count * 2 { size *= 2 }
  return size
}

private func appendNetworkBytes(of bits: UInt128, _ family: AddressFamily, to out: inout [UInt8]) {
  var shift = UInt128(family.bitWidth - 8)
  while true {
    out.append(UInt8(truncatingIfNeeded: bits >> shift))
    if shift == 0 { return }
    shift -= 8
  }
}
