internal import Addressing
package import Policy

/// What ends of flows and guards are called: by the inventory's names, and where those do not suffice by the hosts'.
package struct PeerNames: Sendable {
  private let policy: Policy
  /// What several hosts are called together.
  private let names: [[HostID]: String]
  /// The same, the largest first.
  private let groups: [(hosts: [HostID], name: String)]
  /// By host: in which of ``groups`` it is, the largest first.
  private let groupsOf: [[Int]]

  package init(_ policy: Policy) {
    self.policy = policy
    var zones: [String: [HostID]] = [:]
    for (index, host) in policy.hosts.enumerated() {
      if let zone = host.zone { zones[zone, default: []].append(HostID(index)) }
    }
    var names: [[HostID]: String] = [:]
    // Of two names for the same hosts the later one here is taken.
    for (zone, hosts) in zones.sorted(by: { $0.key > $1.key }) { names[hosts] = zone }
    for group in (policy.groups + policy.hostGroups).reversed()
    where !group.hosts.isEmpty && group.virtuals.isEmpty && group.networks.isEmpty {
      names[group.hosts] = group.name
    }
    if !policy.hosts.isEmpty { names[policy.hosts.indices.map { HostID($0) }] = "all" }
    self.names = names
    groups = names.map { (hosts: $0.key, name: $0.value) }.filter { $0.hosts.count > 1 }
      .sorted { ($1.hosts.count, $0.name) < ($0.hosts.count, $1.name) }
    var groupsOf = Array(repeating: [Int](), count: policy.hosts.count)
    for (number, group) in groups.enumerated() {
      for host in group.hosts { groupsOf[host.index].append(number) }
    }
    self.groupsOf = groupsOf
  }

  /// `api`, `api, worker`, `office, web-1 and 12 more hosts`.
  package func name(_ id: PeersID) -> String {
    let peers = policy[id]
    if !Peers.isDerived(peers.name) { return peers.name }
    let words =
      describe(peers.hosts) + peers.virtuals.map { policy[$0].name }
      + (peers.networks.isEmpty ? [] : networks(of: peers))
    return words.joined(separator: ", ")
  }

  /// What the networks of some peers are called, without their hosts.
  package func networkName(_ id: PeersID) -> String {
    let peers = policy[id]
    if peers.hosts.isEmpty, peers.virtuals.isEmpty { return name(id) }
    return networks(of: peers).joined(separator: ", ")
  }

  /// The same of hosts, ascending.
  package func name(_ hosts: [HostID]) -> String { describe(hosts).joined(separator: ", ") }

  private func describe(_ hosts: [HostID]) -> [String] {
    if hosts.isEmpty { return [] }
    if hosts.count == 1 { return [policy[hosts[0]].name] }
    if let name = names[hosts] { return [name] }
    var rest = hosts
    var words: [String] = []
    for group in groups where words.count < 3 && !rest.isEmpty {
      guard group.hosts.count <= rest.count, let others = Self.rest(of: rest, without: group.hosts) else {
        continue
      }
      words.append(group.name)
      rest = others
    }
    let left = rest.map { policy[$0].name }
    if words.count + left.count <= 4 { return words + left }
    if let others = exception(hosts) ?? common(hosts) { return [others] }
    if left.count <= 4 { return words + left }
    return words + left.prefix(2) + ["\(left.count - 2) more hosts"]
  }

  /// As a selector without a few: `all & !bastion`. The smallest group that has them all is taken.
  private func exception(_ hosts: [HostID]) -> String? {
    // Who takes away more than is left says it better otherwise.
    for number in groupsOf[hosts[0].index].reversed()
    where groups[number].hosts.count > hosts.count && groups[number].hosts.count <= 2 * hosts.count {
      guard let others = Self.rest(of: groups[number].hosts, without: hosts) else { continue }
      guard let words = excluded(others) else { continue }
      return ([groups[number].name] + words.map { "!\($0)" }).joined(separator: " & ")
    }
    return nil
  }

  /// As a selector of what groups have in common: `worker & staging`. At most three.
  private func common(_ hosts: [HostID]) -> String? {
    var numbers = groupsOf[hosts[0].index].filter { number in
      hosts.allSatisfy { groupsOf[$0.index].contains(number) }
    }
    func isJust(_ numbers: [Int]) -> Bool {
      guard let smallest = numbers.last else { return false }
      return groups[smallest].hosts.count { host in numbers.allSatisfy(groupsOf[host.index].contains) }
        == hosts.count
    }
    guard isJust(numbers) else { return nil }
    // The largest says least.
    for number in numbers {
      let others = numbers.filter { $0 != number }
      if isJust(others) { numbers = others }
    }
    return numbers.count > 3 ? nil : numbers.reversed().map { groups[$0].name }.joined(separator: " & ")
  }

  /// At most three names; `nil`: that is not enough.
  private func excluded(_ others: [HostID]) -> [String]? {
    if let name = names[others] { return [name] }
    var rest = others
    var words: [String] = []
    while let first = rest.first {
      if words.count == 3 { return nil }
      let group = groupsOf[first.index].lazy.map { groups[$0] }.filter { $0.hosts[0] == first }
        .compactMap { group in Self.rest(of: rest, without: group.hosts).map { (group.name, $0) } }.first
      words.append(group?.0 ?? policy[first].name)
      rest = group?.1 ?? Array(rest.dropFirst())
    }
    return words
  }

  /// What is left of some hosts; `nil` where the others are not all among them. Both ascend.
  private static func rest(of some: [HostID], without others: [HostID]) -> [HostID]? {
    guard let first = others.first, let last = others.last else { return some }
    guard others.count <= some.count, some[0] <= first, last <= some[some.count - 1] else { return nil }
    var left: [HostID] = []
    left.reserveCapacity(some.count - others.count)
    var next = 0
    for host in some {
      guard next < others.count, others[next] <= host else {
        left.append(host)
        continue
      }
      if others[next] < host { return nil }
      next += 1
    }
    return next == others.count ? left : nil
  }

  /// The named networks that are within it, the widest alone; where they are not just it, that there are more addresses.
  private func networks(of peers: Peers) -> [String] {
    if let one = policy.networks.first(where: { $0.addresses == peers.networks }) { return [one.name] }
    let within = policy.networks.filter {
      !$0.addresses.isEmpty && $0.addresses.subtracting(peers.networks).isEmpty
    }
    let widest = within.filter { one in
      !within.contains { $0.addresses != one.addresses && one.addresses.subtracting($0.addresses).isEmpty }
    }
    let named = widest.reduce(peers.networks) { $0.subtracting($1.addresses) }
    if named.isEmpty { return widest.map(\.name) }
    // What is left of a network after exceptions has its name, with what is taken away.
    let around = policy.networks.filter { peers.networks.subtracting($0.addresses).isEmpty }.min {
      $0.addresses.subtracting($1.addresses).isEmpty && $0.addresses != $1.addresses
    }
    if widest.isEmpty, let around { return ["a part of \(around.name)"] }
    return widest.map(\.name) + ["addresses outside"]
  }
}
