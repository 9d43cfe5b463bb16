internal import Policy

/// Hosts in parts that become finer with each set that is told apart.
struct Partition {
  private(set) var partOf: [Int]
  private var sizes: [Int]
  private var inside: [Int]
  private var target: [Int]

  var count: Int { sizes.count }

  init(_ partOf: [Int]) {
    self.partOf = partOf
    sizes = Array(repeating: 0, count: (partOf.max() ?? -1) + 1)
    for part in partOf { sizes[part] += 1 }
    inside = Array(repeating: 0, count: sizes.count)
    target = Array(repeating: -1, count: sizes.count)
  }

  /// The cost grows with the set, not with the hosts.
  mutating func split(by hosts: [HostID]) {
    if hosts.count == partOf.count { return }
    var touched: [Int] = []
    for host in hosts {
      let part = partOf[host.index]
      if inside[part] == 0 { touched.append(part) }
      inside[part] += 1
    }
    for part in touched where inside[part] < sizes[part] {
      target[part] = sizes.count
      sizes.append(inside[part])
      inside.append(0)
      target.append(-1)
    }
    for host in hosts {
      let part = partOf[host.index]
      if target[part] >= 0 { partOf[host.index] = target[part] }
    }
    for part in touched {
      if target[part] >= 0 { sizes[part] -= inside[part] }
      target[part] = -1
      inside[part] = 0
    }
  }
}
