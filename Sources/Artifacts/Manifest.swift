internal import JSONStrings
package import Policy

/// `manifest.json`: which host has which ruleset. It is written last: what it names is on disk.
///
/// A compile of a part leaves the other hosts what they had, or nothing. The manifest then says of each
/// host which inventory its ruleset is of, and which hosts have none, so that nobody takes old for new or
/// a host that was left out for one that is gone.
package struct Manifest: Hashable, Sendable {
  /// One host of the fleet.
  package struct Entry: Hashable, Sendable {
    /// Names the files `rulesets/DIGEST.nft` and `rulesets/DIGEST.json`.
    package let digest: String
    package let modes: Modes
    /// What `ssh` connects to.
    package let ssh: String
    /// The command that the host's agent is started behind; `nil`: ssh.
    package let transport: [String]?
    /// Digest of the inventory's files that the ruleset was compiled from.
    package let inventory: String
    /// The host's addresses as text: what a machine must have to be given the ruleset.
    package let addresses: [String]
    /// The virtual addresses that the host may carry.
    package let virtual: [String]
    /// The groups that hold the host and its zone: what selectors name.
    package let groups: [String]
    package let zone: String?

    package init(
      digest: String, modes: Modes, ssh: String, transport: [String]? = nil, addresses: [String],
      virtual: [String] = [], groups: [String] = [],
      zone: String? = nil, inventory: String
    ) {
      self.digest = digest
      self.modes = modes
      self.ssh = ssh
      self.transport = transport
      self.addresses = addresses
      self.virtual = virtual
      self.groups = groups
      self.zone = zone
      self.inventory = inventory
    }
  }

  static let formatVersion = 1

  package let hosts: [String: Entry]
  /// Hosts of the inventory that were never compiled into this directory, ascending.
  package let notCompiled: [String]

  package init(hosts: [String: Entry], notCompiled: [String] = []) {
    self.hosts = hosts
    self.notCompiled = notCompiled
  }

  /// Digests of the inventories that the rulesets are of; more than one when some are older than others.
  package var inventories: Set<String> {
    var (all, last): (Set<String>, String?) = ([], nil)
    // Mostly it is one, which is compared faster than hashed.
    for entry in hosts.values where entry.inventory != last {
      all.insert(entry.inventory)
      last = entry.inventory
    }
    return all
  }

  /// One host a line, in order of name, so that a change reads well under version control.
  func encoded() -> [UInt8] {
    let inventories = inventories
    let one = inventories.count == 1 ? inventories.first : nil
    var out = Array("{\"format_version\": \(Self.formatVersion), \"inventory\": ".utf8)
    out += Array((one.map(\.jsonString) ?? "null").utf8)
    if !notCompiled.isEmpty {
      out += Array(",\n\"not_compiled\": [\(notCompiled.map(\.jsonString).joined(separator: ", "))]".utf8)
    }
    out += Array(",\n\"hosts\": {".utf8)
    for (index, (name, entry)) in hosts.sorted(by: { $0.key < $1.key }).enumerated() {
      out += index == 0 ? "\n".utf8 : ",\n".utf8
      out.append(jsonString: name)
      out += ": {\"ruleset\": ".utf8
      out.append(jsonString: entry.digest)
      out += ", \"mode\": ".utf8
      JSONText.append(entry.modes, to: &out)
      out += ", \"ssh\": ".utf8
      out.append(jsonString: entry.ssh)
      if let transport = entry.transport {
        out += ", \"transport\": ".utf8
        JSONText.append(transport, to: &out)
      }
      out += ", \"addresses\": ".utf8
      JSONText.append(entry.addresses, to: &out)
      if !entry.virtual.isEmpty {
        out += ", \"virtual\": ".utf8
        JSONText.append(entry.virtual, to: &out)
      }
      if !entry.groups.isEmpty {
        out += ", \"groups\": ".utf8
        JSONText.append(entry.groups, to: &out)
      }
      if let zone = entry.zone {
        out += ", \"zone\": ".utf8
        out.append(jsonString: zone)
      }
      if one == nil {
        out += ", \"inventory\": ".utf8
        out.append(jsonString: entry.inventory)
      }
      out.append(UInt8(ascii: "}"))
    }
    out += "\n}}\n".utf8
    return out
  }
}
