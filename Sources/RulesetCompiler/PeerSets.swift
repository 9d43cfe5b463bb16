internal import Addressing
internal import Nftables
internal import Policy

/// What a rule says of one end of a connection in one family.
enum PeerMatch: Hashable, Sendable {
  /// Every address of the family.
  case any
  /// The addresses in a named set.
  case set(NamedSet)
  /// A few addresses written in the rule itself.
  case inline(Comparand)
}

/// The named sets of all peers, each made once however many rulesets refer to it.
struct PeerSets: Sendable {
  /// By peers, then family; `nil` where the peers have no address of the family.
  private let matches: [[PeerMatch?]]
  let addresses: [AddressSet]

  init(_ peers: [Peers]) {
    addresses = peers.map(\.addresses)
    matches = peers.map { peers in
      AddressFamily.allCases.map { Self.match(peers, $0) }
    }
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
    let name = setName(peers.name, family)
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

  /// The name of the set of some peers. nft(8) wants a word that begins with a letter: other
  /// beginnings get a `_`, also those that have one, so that no two names become one.
  static func setName(_ peers: String, _ family: AddressFamily) -> SetName {
    let first = peers.utf8.first ?? 0
    let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
    return SetName(checked: "\(isLetter ? "" : "_")\(peers).\(family.suffix)")
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
