internal import Addressing
internal import Nftables
internal import Policy

/// Collects the objects of one table, and the named sets its rules refer to.
struct TableBuilder {
  let sets: PeerSets
  private var chains: [Chain] = []
  private var usedSets: [SetName: NamedSet] = [:]

  init(sets: PeerSets) { self.sets = sets }

  mutating func add(_ chain: Chain) { chains.append(chain) }

  /// Rules find a set by its name alone: two sets of one name would widen one of their matches.
  mutating func add(_ set: NamedSet) {
    precondition(usedSets[set.name].map { $0 == set } ?? true, "two sets are called \(set.name)")
    usedSets[set.name] = set
  }

  /// Whether the set of a match, if it has one, can be added under its name.
  func isFree(_ match: PeerMatch) -> Bool {
    guard case .set(let set) = match else { return true }
    return usedSets[set.name].map { $0 == set } ?? true
  }

  func table(name: TableName) -> Table {
    precondition(Set(chains.map(\.name)).count == chains.count, "two chains have one name")
    return Table(family: .inet, name: name, chains: chains, sets: Array(usedSets.values))
  }

  /// Statements that match the other end of an opening in a family, and use up the sets they need;
  /// `nil` when an end has no address of the family: such a match compiles to nothing, never to a
  /// rule without it.
  mutating func statements(for ends: Opening.Ends, _ family: AddressFamily) -> [Statement]? {
    let parts: [(Operand, PeerMatch?)]
    let isIPv4 = family == .ipv4
    let source: Operand = isIPv4 ? .ipSaddr : .ip6Saddr
    let destination: Operand = isIPv4 ? .ipDaddr : .ip6Daddr
    switch ends {
    case .source(let peers): parts = [(source, sets.match(peers, family))]
    case .destination(let peers): parts = [(destination, sets.match(peers, family))]
    case .both(let from, let to):
      parts = [(source, sets.match(from, family)), (destination, sets.match(to, family))]
    case .groups(let groups): parts = [(destination, Self.inline(groups, family))]
    }
    var result: [Statement] = []
    for (operand, match) in parts {
      guard let match else { return nil }
      if let statement = use(match, operand) { result.append(statement) }
    }
    // Both ends are any address: the family has to be said by itself.
    return result.isEmpty ? [.match(.nfProto, .family(family))] : result
  }

  /// The statement of a match, `nil` for any address.
  mutating func use(_ match: PeerMatch, _ operand: Operand) -> Statement? {
    switch match {
    case .any: return nil
    case .set(let set):
      add(set)
      return .match(operand, .named(set.name))
    case .inline(let comparand): return .match(operand, comparand)
    }
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
