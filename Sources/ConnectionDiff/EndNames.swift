internal import Addressing
internal import Diagnostics
internal import Nftables
internal import Policy
internal import PolicySpace
internal import RulesetShape
internal import RulesetSpace

/// Finds what people call some addresses.
struct EndNames {
  /// A host by its addresses.
  struct Host {
    let name: String
    let addresses: [Address]
  }

  private let hosts: [Host]
  private var owners: [Address: Int]
  private var managed: AddressSet
  /// What several hosts are called, by their numbers.
  private let names: [[Int]: String]
  /// The same, the largest first.
  private let groups: [(hosts: [Int], name: String)]
  private var networks: [(addresses: AddressSet, name: String)]
  /// Hosts that are told with the addresses that are meant: they have others on the other side of a change.
  private var readdressed: Set<String> = []

  /// - Parameters:
  ///   - names: what hosts are called together, by their numbers, ascending.
  ///   - networks: names of addresses that are not managed.
  init(_ hosts: [Host], names: [[Int]: String], networks: [(addresses: AddressSet, name: String)]) {
    self.hosts = hosts
    var owners: [Address: Int] = [:]
    for (index, host) in hosts.enumerated() {
      for address in host.addresses { owners[address] = index }
    }
    self.owners = owners
    managed = AddressSet(owners.keys)
    self.names = names
    groups = names.map { ($0.key, $0.value) }.filter { $0.0.count > 1 }
      .sorted { ($1.0.count, $0.1) < ($0.0.count, $1.1) }
    self.networks = networks
  }

  /// The same, with addresses beside the names of some hosts.
  func telling(addressesOf hosts: Set<String>) -> Self {
    var result = self
    result.readdressed = hosts
    return result
  }

  /// The same, with addresses that hosts carry beside theirs, by name: where a host is meant as a whole, it has its name alone.
  func carrying(_ stray: [String: [Address]]) -> Self {
    if stray.isEmpty { return self }
    var result = self
    for (index, host) in hosts.enumerated() {
      for address in stray[host.name] ?? [] where owners[address] == nil {
        result.owners[address] = index
        result.managed = result.managed.union(AddressSet([address]))
      }
    }
    return result
  }

  /// The same, with a name for addresses that are no host's.
  func naming(_ addresses: AddressSet, _ name: String) -> Self {
    var result = self
    result.networks.insert((addresses, name), at: 0)
    return result
  }

  /// As the inventory calls them.
  ///
  /// - Parameter others: hosts that may be in the inventory no more.
  init(_ policy: Policy, with others: [HostRulesets] = []) {
    let known = Set(policy.hosts.flatMap(\.addresses))
    let gone = others.filter { known.isDisjoint(with: $0.addresses) }
    var zones: [String: [Int]] = [:]
    for (index, host) in policy.hosts.enumerated() {
      if let zone = host.zone { zones[zone, default: []].append(index) }
    }
    var names: [[Int]: String] = [:]
    // Of two names for the same hosts the later one here is taken.
    let peers = policy.peers.filter { !Peers.isDerived($0.name) }
    for peers in peers where peers.networks.isEmpty && peers.virtuals.isEmpty {
      names[peers.hosts.map(\.index)] = peers.name
    }
    for (zone, hosts) in zones.sorted(by: { $0.key > $1.key }) { names[hosts] = zone }
    for group in (policy.groups + policy.hostGroups).reversed()
    where !group.hosts.isEmpty && group.virtuals.isEmpty {
      names[group.hosts.map(\.index)] = group.name
    }
    names[Array(policy.hosts.indices)] = "all"
    self.init(
      policy.hosts.map { Host(name: $0.name, addresses: $0.addresses) }
        // An end of lines like a host.
        + policy.virtuals.map { Host(name: $0.name, addresses: $0.addresses) }
        + gone.map { Host(name: $0.name, addresses: $0.addresses) }, names: names,
      networks: peers.filter { $0.hosts.isEmpty && $0.virtuals.isEmpty }.map { ($0.networks, $0.name) }
        // One that flows name beside others only is an end of a line all the same.
        + policy.networks.map { ($0.addresses, $0.name) }
        // What no flow names any more still has the name of its set.
        + others.sets.compactMap(\.namedPeers).filter { !$0.isExact }.map { ($0.addresses, $0.name) }
        .sorted { $0.name < $1.name })
  }

  /// As the sets of compiled rulesets call them: `api.v4`.
  init(_ hosts: [HostRulesets]) {
    var owners: [Address: Int] = [:]
    for (index, host) in hosts.enumerated() {
      for address in host.addresses { owners[address] = index }
    }
    var names: [[Int]: String] = [:]
    for side in [\HostRulesets.old, \.new] {
      // A group is its members of both families.
      var members: [String: Set<Int>] = [:]
      for peers in hosts.sets(side).compactMap(\.namedPeers) where peers.isExact {
        let found = AddressFamily.allCases.flatMap { peers.addresses.members($0) }.compactMap { owners[$0] }
        members[peers.name, default: []].formUnion(found)
      }
      for (name, members) in members.sorted(by: { $0.key > $1.key }) where members.count > 1 {
        names[members.sorted()] = name
      }
    }
    let networks = hosts.sets.compactMap(\.namedPeers).filter { !$0.isExact }
      .map { (addresses: $0.addresses, name: $0.name) }.sorted { $0.name < $1.name }
    self.init(
      hosts.map { Host(name: $0.name, addresses: $0.addresses) }, names: names, networks: networks)
  }

  /// As rules refer to sets: `@admins`.
  ///
  /// - Parameter here: the addresses of the host that the tables are of.
  init(setsOf tables: [Table], here: [Address]) {
    let sets = tables.flatMap(\.sets).compactMap { set in
      set.addresses.map { (addresses: $0.addresses, name: "@\(set.name)") }
    }
    self.init(
      here.isEmpty ? [] : [Host(name: "here", addresses: here)], names: [:],
      networks: sets.filter { !$0.addresses.isEmpty }
        + (here.isEmpty ? [(RulesetSpace.unicast, "any single address")] : []))
  }

  /// What an end of some connections of one family is called.
  func end(_ addresses: AddressSet, _ family: AddressFamily) -> LineEnd {
    var found: [Int: [Address]] = [:]
    for address in addresses.intersection(managed).members(family) {
      if let owner = owners[address] { found[owner, default: []].append(address) }
    }
    var whole: [Int] = []
    var parts: [String] = []
    for (host, own) in found.sorted(by: { $0.key < $1.key }) {
      let declared = hosts[host].addresses.filter { $0.family == family }
      if !declared.isEmpty, declared.allSatisfy(own.contains),
        !readdressed.contains(hosts[host].name)
      {
        whole.append(host)
      } else {
        parts.append("\(hosts[host].name) (\(own.map { "\($0)" }.joined(separator: ", ")))")
      }
    }
    let outside = addresses.subtracting(managed)
    let isEveryone = addresses.ranges(family) == [0...family.highestBits]
    var words = isEveryone ? ["any \(family.word)"] : describe(whole) + parts
    if !outside.isEmpty, !isEveryone { words += describe(outside, family) }
    var families = Set(found.keys.flatMap { hosts[$0].addresses.map(\.family) })
    if !outside.isEmpty {
      families.insert(family)
      families.formUnion(networks.first { words.contains($0.name) }?.addresses.families ?? [])
    }
    let isNear = outside.subtracting(.linkGroups).subtracting(.linkLocal).isEmpty
    return LineEnd(
      name: conjoined(words), hosts: found.keys.sorted().map { hosts[$0].name }, outside: outside,
      outsideName: isNear ? "" : conjoined(isEveryone ? words : describe(outside, family)),
      families: families)
  }

  private func describe(_ some: [Int]) -> [String] {
    if some.isEmpty { return [] }
    if some.count == 1 { return [hosts[some[0]].name] }
    if let name = names[some] { return [name] }
    var rest = Set(some)
    var words: [String] = []
    for group in groups where words.count < 3 && group.hosts.count <= rest.count {
      guard group.hosts.allSatisfy({ rest.contains($0) }) else { continue }
      words.append(group.name)
      rest.subtract(group.hosts)
    }
    let left = rest.sorted().map { hosts[$0].name }
    if left.count <= 4 { return words + left }
    return words + Array(left.prefix(2)) + ["\(left.count - 2) more hosts"]
  }

  private func describe(_ outside: AddressSet, _ family: AddressFamily) -> [String] {
    // What a flow says of a network is without the addresses of managed hosts, and as a source without those
    // that no host believes.
    let known = networks.first { network in
      let others = network.addresses.subtracting(managed)
      return others.ranges(family) == outside.ranges(family)
        || others.subtracting(.ipv4InIPv6).ranges(family) == outside.ranges(family)
    }
    if let known { return [known.name] }
    let ranges = outside.ranges(family)
    if ranges == AddressSet.all.subtracting(managed).ranges(family) {
      return [managed.isEmpty(family) ? "any \(family.word)" : "any other \(family.word)"]
    }
    let texts = ranges.prefix(3).map { range in
      Prefix(family: family, exactly: range).map { prefix in
        prefix.length == family.bitWidth ? "\(prefix.address)" : "\(prefix)"
      } ?? "\(Address(family, range.lowerBound))-\(Address(family, range.upperBound))"
    }
    return texts + (ranges.count > 3 ? ["\(ranges.count - 3) more ranges"] : [])
  }
}

extension [HostRulesets] {
  /// The sets of one side's tables, those of hosts with one ruleset once.
  fileprivate func sets(_ side: KeyPath<HostRulesets, [Table]?>) -> Set<NamedSet> {
    let members = compactMap { host in host[keyPath: side].map { (host: host, tables: $0) } }
    return Set(members.byTables.flatMap(\.tables).flatMap(\.sets))
  }

  /// The sets of both sides' tables.
  fileprivate var sets: Set<NamedSet> { sets(\.old).union(sets(\.new)) }
}

extension AddressSet {
  /// Every address of one family; of sets that are known to be small.
  fileprivate func members(_ family: AddressFamily) -> [Address] {
    ranges(family).flatMap { range -> [Address] in
      var addresses: [Address] = []
      var bits = range.lowerBound
      while true {
        addresses.append(Address(family, bits))
        if bits == range.upperBound { return addresses }
        bits += 1
      }
    }
  }
}

extension NamedSet {
  /// The addresses that a set holds; `nil` where it holds anything else, or where rules fill it.
  fileprivate var addresses: (addresses: AddressSet, family: AddressFamily)? {
    let family: AddressFamily
    switch key {
    case [.ipv4Address]: family = .ipv4
    case [.ipv6Address]: family = .ipv6
    default: return nil
    }
    guard data == nil, !flags.contains(.dynamic) else { return nil }
    func address(_ bytes: ArraySlice<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
    let ranges = (0..<elements.count).map { index -> ClosedRange<UInt128> in
      let first = address(elements.key(index))
      return first...max(first, address(elements.lastKey(index)))
    }
    let addresses =
      family == .ipv4
      ? AddressSet(ipv4: IntervalSet(ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }))
      : AddressSet(ipv6: IntervalSet(ranges))
    return (addresses, family)
  }

  /// The peers that a set of a compiled table is named after, if the inventory names them: `api.v4`.
  fileprivate var namedPeers: (name: String, addresses: AddressSet, isExact: Bool)? {
    guard let peers, let (addresses, _) = addresses, !Peers.isDerived(peers.name) else { return nil }
    return (peers.name, addresses, peers.isExact)
  }
}

extension AddressFamily {
  fileprivate var word: String { self == .ipv4 ? "IPv4" : "IPv6" }
}
