internal import FoundationEssentials
public import Policy

/// `manifest.json`: which host has which ruleset. It is written last: what it names is on disk.
public struct Manifest: Hashable, Sendable {
  /// One host of the fleet.
  public struct Entry: Hashable, Sendable {
    /// Names the files `rulesets/DIGEST.nft` and `rulesets/DIGEST.json`.
    public let digest: String
    public let modes: Modes
    /// What `ssh` connects to.
    public let ssh: String

    public init(digest: String, modes: Modes, ssh: String) {
      self.digest = digest
      self.modes = modes
      self.ssh = ssh
    }
  }

  static let formatVersion = 1

  /// Digest of the inventory's files.
  public let inventory: String
  public let hosts: [String: Entry]

  public init(inventory: String, hosts: [String: Entry]) {
    self.inventory = inventory
    self.hosts = hosts
  }

  /// One host a line, in order of name, so that a change reads well under version control.
  func encoded() -> [UInt8] {
    var out = Array(
      "{\"format_version\": \(Self.formatVersion), \"inventory\": \"\(inventory)\",\n\"hosts\": {".utf8)
    for (index, (name, entry)) in hosts.sorted(by: { $0.key < $1.key }).enumerated() {
      out += Array(index == 0 ? "\n".utf8 : ",\n".utf8)
      JSONText.append(name, to: &out)
      out += Array(
        ": {\"ruleset\": \"\(entry.digest)\", \"mode\": \(JSONText.modes(entry.modes)), \"ssh\": ".utf8)
      JSONText.append(entry.ssh, to: &out)
      out.append(UInt8(ascii: "}"))
    }
    out += Array("\n}}\n".utf8)
    return out
  }

  /// - Throws: ``OutputFailure`` when the bytes are not a manifest this version understands.
  init(decoding bytes: [UInt8], path: String) throws(OutputFailure) {
    struct File: Decodable {
      struct Host: Decodable {
        let ruleset: String
        let mode: [String: String]
        let ssh: String
      }
      let format_version: Int
      let inventory: String
      let hosts: [String: Host]
    }
    let damaged = "not a manifest of this version; compile again into an empty directory"
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)),
      file.format_version == Self.formatVersion
    else { throw OutputFailure(path, damaged) }
    var hosts: [String: Entry] = [:]
    hosts.reserveCapacity(file.hosts.count)
    for (name, host) in file.hosts {
      let modes = ["ingress", "egress", "forward"].map { host.mode[$0].flatMap(Mode.init(rawValue:)) }
      guard let ingress = modes[0], let egress = modes[1], let forward = modes[2],
        host.ruleset.utf8.count == 64, host.ruleset.utf8.allSatisfy(JSONText.isHexDigit),
        Self.isPlain(name, and: "._-"),
        !name.hasPrefix("."), Self.isPlain(host.ssh, and: "._-@:/[]%+"), !host.ssh.hasPrefix("-")
      else { throw OutputFailure(path, damaged) }
      hosts[name] = Entry(
        digest: host.ruleset, modes: Modes(ingress: ingress, egress: egress, forward: forward), ssh: host.ssh)
    }
    self.init(inventory: file.inventory, hosts: hosts)
  }

  /// Names become names of files and what `ssh` connects to, and a manifest may have been written by
  /// anybody: they hold no more than an inventory lets them hold.
  private static func isPlain(_ text: String, and others: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: others.utf8.contains(byte)
        }
      }
  }
}
