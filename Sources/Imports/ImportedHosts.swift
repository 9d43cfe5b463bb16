package import Addressing
internal import Diagnostics
package import InventoryText

/// Hosts as another tool lists them, with names that an inventory can have.
package struct ImportedHosts: Hashable, Sendable {
  /// A host, and where it comes from.
  package struct Host: Hashable, Sendable {
    package let name: String
    /// Ascending; one at least, none that others cannot reach, none of another host.
    package let addresses: [Address]
    package let zone: String?
    /// Ascending.
    package let groups: [String]
    package let ssh: String?
    package let description: String?
    package let place: ImportPlace
  }

  /// In the order of their names.
  package let hosts: [Host]
  /// What was left out or renamed.
  package let remarks: [ImportRemark]

  package init(_ hosts: [Host], _ remarks: [ImportRemark]) { (self.hosts, self.remarks) = (hosts, remarks) }

  /// - Parameters:
  ///   - header: lines at the top, without `#`.
  ///   - zones: those that are declared elsewhere.
  package func part(header: [String], apartFrom zones: Set<String> = []) -> InventoryPart {
    var part = InventoryPart()
    part.header = header
    part.zones = Set(hosts.compactMap(\.zone)).subtracting(zones)
    part.hosts = hosts.map { host in
      var written = InventoryPart.Host(name: host.name, addresses: host.addresses)
      (written.zone, written.groups, written.ssh) = (host.zone, host.groups, host.ssh)
      written.description = host.description
      return written
    }
    return part
  }
}

/// A host as it was found: its names are any texts.
struct FoundHost {
  let name: String
  var addresses: [Address] = []
  var zone: String?
  var groups: Set<String> = []
  var ssh: String?
  var description: String?
  let place: ImportPlace
  /// Of addresses that stand elsewhere than the host.
  var places: [Address: ImportPlace] = [:]
}

extension ImportedHosts {
  /// The inventory's bound.
  private static let most = 65_536

  /// Gives what was found names of ours, and leaves out what nobody else could reach.
  ///
  /// - Throws: ``ImportFaults`` with everything that is wrong: names that are none or become the same, an address of two hosts.
  init(_ found: [FoundHost], of file: String, _ before: [ImportRemark]) throws(ImportFaults) {
    var naming = ImportNaming()
    var remarks = before
    var reachable: [FoundHost] = []
    for var host in found {
      for address in host.addresses {
        guard let what = Self.unusable(address) else { continue }
        remarks.append(
          ImportRemark(
            host.places[address] ?? host.place,
            "left out: \(address) of \(SafeText.quoted(host.name)) is \(what)"))
      }
      let all = host.addresses
      host.addresses = Set(all.filter { Self.unusable($0) == nil }).sorted()
      if !host.addresses.isEmpty { reachable.append(host) }
      if all.isEmpty {
        remarks.append(ImportRemark(host.place, "left out: \(SafeText.quoted(host.name)) has no address"))
      }
    }
    let names = reachable.map { naming.host($0.name, $0.place) }
    var owners: [Address: FoundHost] = [:]
    for host in reachable {
      for address in host.addresses {
        if let other = owners.updateValue(host, forKey: address) {
          naming.faults.append(
            ImportRemark(
              host.places[address] ?? host.place,
              "\(address) is an address of \(SafeText.quoted(host.name)), and of \(SafeText.quoted(other.name)) (\(other.places[address] ?? other.place)): no two hosts have one"
            ))
        }
        if naming.faults.count > ImportNaming.mostFaults { throw naming.refusal }
      }
      if let description = host.description, SafeText.escaped(description) != description {
        naming.faults.append(
          ImportRemark(
            host.place,
            "the description of \(SafeText.quoted(host.name)) has characters that cannot be seen: \(SafeText.quoted(description))"
          ))
      }
    }
    var hosts: [Host] = []
    for (host, name) in zip(reachable, names) {
      let zone = host.zone.flatMap { naming.area("zone", $0, host.place) }
      let groups = Set(host.groups.sorted().compactMap { naming.area("group", $0, host.place) })
      if naming.faults.count > ImportNaming.mostFaults { throw naming.refusal }
      guard let name else { continue }
      hosts.append(
        Host(
          name: name, addresses: host.addresses, zone: zone, groups: groups.sorted(), ssh: host.ssh,
          description: host.description, place: host.place))
    }
    if hosts.isEmpty, naming.faults.isEmpty {
      naming.faults.append(ImportRemark(ImportPlace(file), "there is no host with an address in it"))
    }
    if hosts.count > Self.most {
      naming.faults.append(
        ImportRemark(
          ImportPlace(file),
          "\(hosts.count) hosts; an inventory has \(Self.most) at most: import them in parts"))
    }
    if !naming.faults.isEmpty { throw naming.refusal }
    self.init(hosts.sorted { $0.name < $1.name }, remarks + naming.remarks)
  }

  /// One host, as somebody calls it.
  ///
  /// - Throws: ``ImportFaults`` where its name can be none, or it has no address by which others reach it.
  package init(only name: String, _ addresses: [Address], of place: ImportPlace) throws(ImportFaults) {
    try self.init([FoundHost(name: name, addresses: addresses, place: place)], of: place.file, [])
  }

  /// Why an address is none by which others reach a host; `nil`: it is one.
  private static func unusable(_ address: Address) -> String? {
    special.first { $0.prefix.contains(address) }?.what
  }

  private static let special: [(prefix: Prefix, what: String)] = [
    (.ipv4ThisNetwork, "of \"this network\""), (.ipv4Loopback, "a loopback address"),
    (.ipv4LinkLocal, "link-local"), (.ipv4Multicast, "a multicast address"),
    (.ipv4Broadcast, "the broadcast address"), (.ipv4Mapped, "an IPv4 address in IPv6 clothes"),
    (.ipv6Loopback, "the loopback address"), (.ipv4Compatible, "an IPv4-compatible address"),
    (.ipv6LinkLocal, "link-local"), (.ipv6Multicast, "a multicast address"),
    // fe00::0 is `ip6-localnet` in the /etc/hosts of Debian; nothing of it is assigned (RFC 4291, 2.4).
    (Prefix(containing: Address(.ipv6, 0xfe00 << 112), length: 9), "of no use to any host"),
  ]
}
