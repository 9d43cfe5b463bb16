internal import Diagnostics
internal import Policy

extension Lint {
  /// Groups and zones with hosts that every use leaves out, and networks with networks that every use does.
  static func wideNames(_ policy: Policy) -> [Remark] {
    var members: [String: [HostID]] = [:]
    for (index, host) in policy.hosts.enumerated() {
      if let zone = host.zone { members[zone, default: []].append(HostID(index)) }
    }
    for group in policy.groups + policy.hostGroups { members[group.name] = group.hosts }
    func hosts(_ name: String) -> [HostID] {
      members[name] ?? policy.host(named: name).map { [$0] } ?? []
    }
    /// For each name the hosts that all uses so far leave out.
    var left: [String: Set<HostID>] = [:]
    /// For each network the names that all uses so far leave out.
    var excepted: [String: Set<String>] = [:]
    let networks = Set(policy.networks.map(\.name))
    for term in policy.terms {
      let excluded = Set(term.excluded.flatMap(hosts))
      for name in term.names {
        if let all = members[name], left[name]?.isEmpty != true {
          left[name] = excluded.isEmpty ? [] : (left[name] ?? Set(all)).intersection(excluded)
        }
        if networks.contains(name) {
          excepted[name] = (excepted[name] ?? networks).intersection(term.excluded)
        }
      }
    }
    let groups = (policy.groups + policy.hostGroups).map { ("group", $0.name, $0.location) }
    let zones = policy.zones.map { ("zone", $0.name, $0.location) }
    let wide = (groups + zones).compactMap { kind, name, location -> Remark? in
      guard let hosts = left[name]?.sorted(), !hosts.isEmpty else { return nil }
      return Remark(.wider, name, hosts) { some in
        Diagnostic(
          .warning, at: location, length: name.count,
          message: "every use of the \(kind) `\(name)` leaves out \(policy.list(some))",
          help: "leave them out of it, or give the hosts that are meant a group of their own")
      }
    }
    return wide
      + policy.networks.compactMap { network in
        guard let names = excepted[network.name]?.sorted(), let first = names.first else { return nil }
        return Remark(
          .wider, network.name, at: network.location,
          "every use of the network `\(network.name)` leaves out \(names.map { "`\($0)`" }.joined(separator: ", "))",
          help: "write it into the network: `except: [\(first)]`")
      }
  }
}

extension Policy {
  /// Binary search in the names.
  fileprivate func host(named name: String) -> HostID? {
    var (low, high) = (0, hosts.count)
    while low < high {
      let middle = (low + high) / 2
      if hosts[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < hosts.count && hosts[low].name == name ? HostID(low) : nil
  }
}
