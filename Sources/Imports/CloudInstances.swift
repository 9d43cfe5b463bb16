internal import Addressing
internal import Diagnostics

/// Instances of the common clouds as hosts: their names, their private addresses, and their tags as groups.
///
/// Where an instance has public addresses alone, they are taken and said. A tag without a value is a group of its name; one with
/// a value is `KEY-VALUE`, unless it is more than a word.
struct CloudInstances {
  enum Kind: String {
    case amazon = "aws_instance"
    case google = "google_compute_instance"
    case azure = "azurerm_linux_virtual_machine"
    case hetzner = "hcloud_server"
    case digitalOcean = "digitalocean_droplet"
    case openstack = "openstack_compute_instance_v2"
  }

  /// Ends of the types of what may be a host, and is said not to be read.
  static let maybeHosts = ["_instance", "_virtual_machine", "_server", "_vm", "_droplet", "_instance_v2"]

  static func isBeside(_ type: String) -> Bool {
    type == "azurerm_network_interface" || type == "hcloud_server_network"
  }

  private(set) var hosts: [FoundHost] = []
  private(set) var remarks: [ImportRemark] = []
  private let file: String
  /// What resources beside them say of their addresses, by an id of an instance or an interface.
  private var beside: [String: [String]] = [:]
  private var toldTags: Set<String> = []

  init(_ all: [TerraformResource], _ file: String) {
    self.file = file
    // A replaced machine has the name of the current one, and goes with the next apply.
    for resource in all where Kind(rawValue: resource.type) != nil {
      guard let key = resource.deposed else { continue }
      remarks.append(
        ImportRemark(
          ImportPlace(file, item: SafeText.escaped(resource.address)),
          "left out: the deposed object \(SafeText.quoted(key)), which another has replaced and the next apply destroys"
        ))
    }
    let resources = all.filter { $0.deposed == nil }
    for resource in resources where Self.isBeside(resource.type) {
      let values = resource.values
      if resource.type == "hcloud_server_network" {
        if let id = values["server_id"]?.text { beside[id, default: []] += values["ip"]?.texts ?? [] }
      } else if let id = values["id"]?.text {
        beside[id, default: []] +=
          (values["ip_configuration"]?.values ?? []).flatMap { $0["private_ip_address"]?.texts ?? [] }
      }
    }
    var unread: [String: Int] = [:]
    for resource in resources where !Self.isBeside(resource.type) {
      guard let kind = Kind(rawValue: resource.type) else {
        unread[resource.type, default: 0] += 1
        continue
      }
      add(kind, resource)
    }
    leave(unread)
    nameByResource(resources.filter { Kind(rawValue: $0.type) != nil })
  }

  /// Says of each provider what of it is not read, first what may be a host.
  private mutating func leave(_ unread: [String: Int]) {
    let providers = Dictionary(grouping: unread.keys) { $0.prefix { $0 != "_" } }
    for (provider, types) in providers.sorted(by: { $0.key < $1.key }) {
      let isHost = { (type: String) in Self.maybeHosts.contains { type.hasSuffix($0) } }
      let order = types.sorted { (isHost($0) ? 0 : 1, $0) < (isHost($1) ? 0 : 1, $1) }
      let counts = order.map { "\(unread[$0, default: 0]) of \(SafeText.escaped($0))" }
      remarks.append(
        ImportRemark(
          ImportPlace(file),
          "not read, of \(SafeText.escaped(String(provider))): \(listed(counts, limit: 12))"))
    }
  }

  private struct Found {
    var name: String?
    var own: [String] = []
    var open: [String] = []
    /// Tags with a value, and without one.
    var values: JSONTree?
    var words: [String] = []
  }

  private static func found(_ kind: Kind, _ values: JSONTree, _ beside: [String: [String]]) -> Found {
    func texts(_ key: String) -> [String] { values[key]?.texts ?? [] }
    var found = Found(name: values["name"]?.text)
    switch kind {
    case .amazon:
      found.name = values["tags"]?["Name"]?.text ?? values["tags_all"]?["Name"]?.text
      found.own = texts("private_ip") + texts("secondary_private_ips") + texts("ipv6_addresses")
      found.open = texts("public_ip")
      found.values = values["tags_all"]?.members.isEmpty ?? true ? values["tags"] : values["tags_all"]
    case .google:
      for interface in values["network_interface"]?.values ?? [] {
        found.own += interface["network_ip"]?.texts ?? []
        found.own += interface["ipv6_address"]?.texts ?? []
        found.open += (interface["access_config"]?.values ?? []).flatMap { $0["nat_ip"]?.texts ?? [] }
        found.open += (interface["ipv6_access_config"]?.values ?? []).flatMap {
          $0["external_ipv6"]?.texts ?? []
        }
      }
      (found.values, found.words) = (values["labels"], values["tags"]?.texts ?? [])
    case .azure:
      let interfaces = values["network_interface_ids"]?.texts ?? []
      found.own =
        texts("private_ip_address") + texts("private_ip_addresses") + interfaces.flatMap { beside[$0] ?? [] }
      found.open = texts("public_ip_address") + texts("public_ip_addresses")
      found.values = values["tags"]
    case .hetzner:
      for network in values["network"]?.values ?? [] {
        found.own += (network["ip"]?.texts ?? []) + (network["alias_ips"]?.texts ?? [])
      }
      found.own += values["id"]?.text.flatMap { beside[$0] } ?? []
      found.open = texts("ipv4_address") + texts("ipv6_address")
      found.values = values["labels"]
    case .digitalOcean:
      found.own = texts("ipv4_address_private")
      found.open = texts("ipv4_address") + texts("ipv6_address")
      found.words = values["tags"]?.texts ?? []
    case .openstack:
      for network in values["network"]?.values ?? [] {
        found.own += (network["fixed_ip_v4"]?.texts ?? []) + (network["fixed_ip_v6"]?.texts ?? [])
      }
      found.open = texts("access_ip_v4") + texts("access_ip_v6")
      (found.values, found.words) = (values["metadata"], values["tags"]?.texts ?? [])
    }
    return found
  }

  private mutating func add(_ kind: Kind, _ resource: TerraformResource) {
    let found = Self.found(kind, resource.values, beside)
    let place = ImportPlace(file, item: SafeText.escaped(resource.address))
    var host = FoundHost(name: found.name ?? resource.label, place: place)
    let (own, open) = (addresses(found.own, place), addresses(found.open, place))
    host.addresses = own.isEmpty ? open : own
    if own.isEmpty, !open.isEmpty {
      remarks.append(
        ImportRemark(place, "it has public addresses alone, and gets \(listed(open.map { "\($0)" }))"))
    }
    if own.isEmpty, open.isEmpty {
      remarks.append(ImportRemark(place, "no address of it is known, as in a plan before it is applied"))
    }
    for (key, value) in found.values?.members ?? [] where key != "Name" && !key.hasPrefix("aws:") {
      group(key, value.text, &host)
    }
    for word in found.words { group(word, nil, &host) }
    hosts.append(host)
  }

  private mutating func addresses(_ texts: [String], _ place: ImportPlace) -> [Address] {
    var addresses: [Address] = []
    for text in texts {
      // The provider of OpenStack writes IPv6 in brackets.
      let plain = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text[...]
      guard let address = try? Address(parsing: plain) else {
        remarks.append(ImportRemark(place, "left out: \(SafeText.quoted(text)) is no address"))
        continue
      }
      if !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }

  private mutating func group(_ key: String, _ value: String?, _ host: inout FoundHost) {
    let name = value.map { "\(key)-\($0)" } ?? key
    let isWord =
      name.utf8.count <= 63
      && name.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0 != "\u{7f}" }
    if isWord {
      host.groups.insert(name)
    } else if toldTags.insert(key).inserted {
      remarks.append(
        ImportRemark(
          host.place,
          "left out as a group: the tag \(SafeText.quoted(key)), because its value is more than a word"))
    }
  }

  /// Copies of a machine often have one name, which tells nobody which is meant: each gets that of its resource.
  private mutating func nameByResource(_ resources: [TerraformResource]) {
    var count: [String: Int] = [:]
    for host in hosts { count[host.name, default: 0] += 1 }
    for (index, resource) in resources.enumerated() where count[hosts[index].name, default: 0] > 1 {
      let host = hosts[index]
      remarks.append(
        ImportRemark(
          host.place, "\(SafeText.quoted(host.name)) is the name of several; it is called as its resource"))
      hosts[index] = FoundHost(
        name: resource.label, addresses: host.addresses, groups: host.groups, place: host.place)
    }
  }
}
