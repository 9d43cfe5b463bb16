internal import Addressing
internal import Diagnostics
internal import JSONStrings

/// The hosts of an inventory of Ansible, as `ansible-inventory --list` writes it: groups with their hosts and their groups,
/// and under `_meta` the variables of each host.
///
/// An address is what `ansible_host` says, or the addresses that a host's facts or a plugin of a cloud have left among its
/// variables; else the name itself, if it is one. A host is in each group that it is in by way of other groups.
package enum AnsibleInventory {
  private struct Group {
    var hosts: [String] = []
    var children: [String] = []
  }

  /// Those that every host is in, or no other.
  private static let implied: Set<String> = ["all", "ungrouped"]

  /// - Throws: ``ImportFaults``.
  package static func hosts(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> ImportedHosts {
    var groups: [String: Group] = [:]
    var variables: [String: Variables] = [:]
    let bytes = try ImportedText.bytes(bytes, of: file)
    do throws(JSONSyntaxError) {
      var reader = JSONReader(bytes)
      try reader.object { (reader, name) throws(JSONSyntaxError) in
        if name == "_meta" {
          try reader.object { (reader, key) throws(JSONSyntaxError) in
            guard key == "hostvars" else { return try reader.skip() }
            try reader.object { (reader, host) throws(JSONSyntaxError) in
              variables[host] = try Variables(&reader)
            }
          }
        } else {
          groups[name] = try group(&reader)
        }
      }
      try reader.end()
    } catch {
      throw ImportFaults(error, in: bytes, of: file)
    }
    let members = try memberships(groups, file)
    var names = Set(variables.keys)
    for group in groups.values { names.formUnion(group.hosts) }
    var (found, remarks): ([FoundHost], [ImportRemark]) = ([], [])
    for name in names.sorted() {
      var host = FoundHost(name: name, place: ImportPlace(file, item: SafeText.escaped(name)))
      let known = variables[name] ?? Variables()
      let destination = known.destination.first
      host.ssh = destination.flatMap { $0 != name && isDestination($0) ? $0 : nil }
      host.groups = members[name] ?? []
      for text in known.destination + known.addresses {
        if let address = try? Address(parsing: text) {
          host.addresses.append(address)
        } else if text == destination {
          remarks.append(
            ImportRemark(
              host.place, "ansible_host is \(SafeText.quoted(text)), which is no address; only ssh uses it"))
        } else {
          remarks.append(ImportRemark(host.place, "left out: \(SafeText.quoted(text)) is no address"))
        }
      }
      if host.addresses.isEmpty, let address = try? Address(parsing: name) { host.addresses = [address] }
      found.append(host)
    }
    return try ImportedHosts(found, of: file, remarks)
  }

  /// What the inventory takes for `ssh`.
  private static func isDestination(_ text: String) -> Bool {
    text.utf8.first != UInt8(ascii: "-")
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || "0123456789._-@:/[]%+".unicodeScalars.contains(scalar))
      }
  }

  /// The variables of a host that say where it is; all others are skipped.
  private struct Variables {
    /// Of `ansible_host`, or as it was called before: one or none.
    var destination: [String] = []
    var addresses: [String] = []

    init() {}

    init(_ reader: inout JSONReader) throws(JSONSyntaxError) {
      var (texts, old): ([String], [String]) = ([], [])
      var destination: [String] = []
      try reader.object { (reader, key) throws(JSONSyntaxError) in
        switch key {
        case "ansible_host": destination = try JSONTree(&reader).texts
        case "ansible_ssh_host": old = try JSONTree(&reader).texts
        // Facts of a host (setup module): those by which its default routes begin.
        case "ansible_default_ipv4", "ansible_default_ipv6":
          texts += try JSONTree(&reader)["address"]?.texts ?? []
        // amazon.aws.aws_ec2 has the first, azure.azcollection.azure_rm the second.
        case "private_ip_address", "private_ipv4_addresses": texts += try JSONTree(&reader).texts
        default: try reader.skip()
        }
      }
      self.destination = Array((destination.isEmpty ? old : destination).prefix(1))
      addresses = texts
    }
  }

  private static func group(_ reader: inout JSONReader) throws(JSONSyntaxError) -> Group {
    // A script of an inventory may write a group as the list of its hosts.
    if try reader.kind() == .array { return Group(hosts: try JSONTree(&reader).texts) }
    var group = Group()
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "hosts": group.hosts = try JSONTree(&reader).texts
      case "children": group.children = try JSONTree(&reader).texts
      default: try reader.skip()
      }
    }
    return group
  }

  /// The groups of each host.
  private static func memberships(
    _ groups: [String: Group], _ file: String
  ) throws(ImportFaults) -> [String: Set<String>] {
    var parents: [String: [String]] = [:]
    for (name, group) in groups where !implied.contains(name) {
      for child in group.children { parents[child, default: []].append(name) }
    }
    var members: [String: Set<String>] = [:]
    var total = 0
    for (name, group) in groups where !group.hosts.isEmpty {
      var above: Set<String> = implied.contains(name) ? [] : [name]
      var next = parents[name] ?? []
      while let parent = next.popLast() {
        if above.insert(parent).inserted { next += parents[parent] ?? [] }
      }
      for host in group.hosts { members[host, default: []].formUnion(above) }
      // A few megabytes of groups in groups could name every host in every one of them.
      total += above.count * group.hosts.count
      if total > 10_000_000 {
        throw ImportFaults(ImportPlace(file), "its groups name their hosts more than 10,000,000 times")
      }
    }
    return members
  }
}
