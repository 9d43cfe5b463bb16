internal import Addressing
internal import Policy
internal import PolicySpace

/// Finds what people call some addresses of a policy.
struct EndNames {
  private let policy: Policy
  private let owners: [Address: HostID]
  private let managed: AddressSet
  /// Groups, zones and other selectors of one name, by their hosts.
  private let names: [[HostID]: String]
  /// The same, the largest first.
  private let groups: [(hosts: [HostID], name: String)]
  private let networks: [(addresses: AddressSet, name: String)]

  init(_ policy: Policy) {
    self.policy = policy
    var owners: [Address: HostID] = [:]
    var zones: [String: [HostID]] = [:]
    for (index, host) in policy.hosts.enumerated() {
      for address in host.addresses { owners[address] = HostID(index) }
      if let zone = host.zone { zones[zone, default: []].append(HostID(index)) }
    }
    self.owners = owners
    managed = AddressSet(owners.keys)
    var names: [[HostID]: String] = [:]
    // Of two names for the same hosts the later one here is taken.
    let peers = policy.peers.filter { !$0.name.contains("/") }
    for peers in peers where peers.networks.isEmpty { names[peers.hosts] = peers.name }
    for (zone, hosts) in zones.sorted(by: { $0.key > $1.key }) { names[hosts] = zone }
    for group in policy.groups.reversed() where !group.hosts.isEmpty { names[group.hosts] = group.name }
    names[policy.hosts.indices.map { HostID($0) }] = "all"
    self.names = names
    groups = names.map { ($0.key, $0.value) }.filter { $0.0.count > 1 }
      .sorted { ($1.0.count, $0.1) < ($0.0.count, $1.1) }
    networks = peers.filter { $0.hosts.isEmpty }.map { ($0.networks, $0.name) }
  }

  /// The addresses of the policy's hosts.
  var managedAddresses: AddressSet { managed }

  /// What an end of some connections of one family is called.
  func end(_ addresses: AddressSet, _ family: AddressFamily) -> LineEnd {
    var hosts: [HostID: [Address]] = [:]
    for range in addresses.intersection(managed).ranges(family) {
      var bits = range.lowerBound
      while true {
        let address = Address(family, bits)
        if let owner = owners[address] { hosts[owner, default: []].append(address) }
        if bits == range.upperBound { break }
        bits += 1
      }
    }
    var whole: [HostID] = []
    var parts: [String] = []
    for (host, found) in hosts.sorted(by: { $0.key < $1.key }) {
      if found.count == policy[host].addresses.count(where: { $0.family == family }) {
        whole.append(host)
      } else {
        parts.append("\(policy[host].name) (\(found.map { "\($0)" }.joined(separator: ", ")))")
      }
    }
    let outside = addresses.subtracting(managed)
    var words = describe(whole) + parts
    if !outside.isEmpty { words += describe(outside, family) }
    var families = Set(hosts.keys.flatMap { policy[$0].addresses.map(\.family) })
    if !outside.isEmpty {
      families.insert(family)
      families.formUnion(networks.first { words.contains($0.name) }?.addresses.families ?? [])
    }
    return LineEnd(
      name: Self.joined(words), hosts: hosts.keys.sorted().map { policy[$0].name }, outside: outside,
      families: families)
  }

  private func describe(_ hosts: [HostID]) -> [String] {
    if hosts.isEmpty { return [] }
    if hosts.count == 1 { return [policy[hosts[0]].name] }
    if let name = names[hosts] { return [name] }
    var rest = Set(hosts)
    var words: [String] = []
    for group in groups where words.count < 3 && group.hosts.count <= rest.count {
      guard group.hosts.allSatisfy({ rest.contains($0) }) else { continue }
      words.append(group.name)
      rest.subtract(group.hosts)
    }
    let left = rest.sorted().map { policy[$0].name }
    if left.count <= 4 { return words + left }
    return words + Array(left.prefix(2)) + ["\(left.count - 2) more hosts"]
  }

  private func describe(_ outside: AddressSet, _ family: AddressFamily) -> [String] {
    // What a flow says of a network is without the addresses of managed hosts, and as a source without those
    // that no host believes.
    let known = networks.first { network in
      let others = network.addresses.subtracting(managed)
      return others.ranges(family) == outside.ranges(family)
        || others.subtracting(.forgedSources).ranges(family) == outside.ranges(family)
    }
    if let known { return [known.name] }
    let ranges = outside.ranges(family)
    if ranges == [0...family.highestBits] { return [family == .ipv4 ? "any IPv4" : "any IPv6"] }
    let texts = ranges.prefix(3).map { range in
      Prefix(family: family, exactly: range).map { prefix in
        prefix.length == family.bitWidth ? "\(prefix.address)" : "\(prefix)"
      } ?? "\(Address(family, range.lowerBound))-\(Address(family, range.upperBound))"
    }
    return texts + (ranges.count > 3 ? ["\(ranges.count - 3) more ranges"] : [])
  }

  private static func joined(_ words: [String]) -> String {
    words.count < 3
      ? words.joined(separator: " and ")
      : words.dropLast().joined(separator: ", ") + " and " + (words.last ?? "")
  }
}
