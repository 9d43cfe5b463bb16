package import Diagnostics
package import Policy

extension ImportedHosts {
  /// What of the hosts an inventory does not have yet.
  package struct News: Hashable, Sendable {
    package let hosts: ImportedHosts
    /// Those that are there with the same addresses, and are left as they are.
    package let present: [String]
  }

  /// - Parameter shown: a place of the inventory, as a user would open it.
  /// - Throws: ``ImportFaults`` where both say different things: other addresses of a host, an address of another one, a name of
  ///   something else.
  package func news(
    beside policy: Policy, shown: (SourceLocation) -> String
  ) throws(ImportFaults) -> News {
    var faults: [ImportRemark] = []
    var remarks = self.remarks
    var (new, present): ([Host], [String]) = ([], [])
    let known = Dictionary(policy.hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let areas = PresentNames(policy)
    let owners = policy.owners
    func fault(_ host: Host, _ words: String) { faults.append(ImportRemark(host.place, words)) }
    for host in hosts {
      if faults.count > ImportNaming.mostFaults { break }
      if let other = known[host.name] {
        let there = "\(listed(other.addresses.map { "\($0)" })) at \(shown(other.location))"
        if other.addresses != host.addresses {
          fault(host, "`\(host.name)` has \(listed(host.addresses.map { "\($0)" })) here, and \(there)")
          continue
        }
        present.append(host.name)
        let missing = host.groups.filter { !other.groups.contains($0) }
        if !missing.isEmpty {
          remarks.append(
            ImportRemark(
              host.place, "`\(host.name)` is left as it is, and not in \(conjoined(missing)), as it is here"))
        }
        continue
      }
      if let place = areas.others[host.name] {
        fault(host, "`\(host.name)` is the name of something else at \(shown(place))")
      }
      for address in host.addresses {
        guard let owner = owners[address] else { continue }
        fault(
          host,
          "\(address) is an address of `\(host.name)` here, and of `\(policy[owner].name)` at \(shown(policy[owner].location))"
        )
      }
      for group in host.groups {
        if let place = known[group]?.location ?? areas.notGroups[group] {
          fault(host, "the group `\(group)` has the name of something else at \(shown(place))")
        }
      }
      if let zone = host.zone, let place = known[zone]?.location ?? areas.notZones[zone] {
        fault(host, "the zone `\(zone)` has the name of something else at \(shown(place))")
      }
      new.append(host)
    }
    if !faults.isEmpty { throw ImportFaults(faults) }
    return News(hosts: ImportedHosts(new, remarks), present: present)
  }
}

/// Names of a policy beside those of hosts, with their places: what a new group or zone may not be called.
private struct PresentNames {
  let others: [String: SourceLocation]
  let notGroups: [String: SourceLocation]
  let notZones: [String: SourceLocation]

  init(_ policy: Policy) {
    let networks =
      policy.networks.map { ($0.name, $0.location) } + policy.groups.map { ($0.name, $0.location) }
    let groups = policy.hostGroups.map { ($0.name, $0.location) }
    let zones = policy.zones.map { ($0.name, $0.location) }
    func places(_ pairs: [(String, SourceLocation)]) -> [String: SourceLocation] {
      Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
    others = places(networks + groups + zones)
    notGroups = places(networks + zones)
    notZones = places(networks + groups)
  }
}
