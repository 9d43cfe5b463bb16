/// A compiled ruleset as its two files.
public struct RulesetFiles: Sendable {
  /// Digest of ``json``, which holds everything there is to the ruleset.
  public let digest: String
  /// Text for people and for `nft -f`.
  public let nft: [UInt8]
  /// libnftables JSON in Sekisho's envelope.
  public let json: [UInt8]

  public init(nft: [UInt8], json: [UInt8]) {
    digest = SHA256.hex(json)
    self.nft = nft
    self.json = json
  }
}

/// What a write changed.
public struct OutputReport: Hashable, Sendable {
  /// Hosts whose files are new or lead to another ruleset than before.
  public let changed: [String]
  /// Hosts whose files were removed.
  public let removed: [String]
  /// Hosts that are as they were.
  public let unchanged: Int
}

/// The directory a compile writes: `HOST.nft` and `HOST.json` for each host, which are links into
/// `rulesets/`, where each distinct ruleset lies once under its digest, and `manifest.json`.
///
/// Nothing is written before everything is compiled. New rulesets come first, then links, then the
/// manifest; what no host needs any more goes last. A write that breaks off leaves the manifest naming
/// what it named before, and the next compile mends the rest.
public struct OutputDirectory: Sendable {
  private static let rulesets = "rulesets"
  private let path: String

  public init(_ path: String) { self.path = path }

  /// Writes hosts and their rulesets.
  ///
  /// - Parameters:
  ///   - hosts: what the manifest is to say of each host that was compiled.
  ///   - rulesets: by digest, at least those that the hosts name.
  ///   - others: hosts of the inventory that were not compiled this time and keep what they have.
  /// - Throws: ``OutputFailure``.
  public func write(
    inventory: String, hosts: [String: Manifest.Entry], rulesets: [String: RulesetFiles],
    keeping others: Set<String>
  ) throws(OutputFailure) -> OutputReport {
    if hosts["manifest"] != nil {
      throw OutputFailure(
        path, "a host cannot be called manifest: its file would take the place of manifest.json")
    }
    let directory = try Directory(making: path)
    try directory.lock()
    let store = try Directory(making: "\(path)/\(Self.rulesets)")
    let old = try Self.manifest(in: directory)
    var stored = try store.entries()
    let present = try directory.entries()

    for (digest, files) in rulesets.sorted(by: { $0.key < $1.key }) {
      for (name, bytes) in [("\(digest).nft", files.nft), ("\(digest).json", files.json)]
      where stored[name] == nil {
        stored[name] = try store.replace(name, with: bytes)
      }
    }

    var changed: [String] = []
    for (host, entry) in hosts.sorted(by: { $0.key < $1.key }) {
      var isChanged = false
      for ending in ["nft", "json"] {
        let name = "\(host).\(ending)"
        let target = "\(entry.digest).\(ending)"
        if let inode = present[name], inode == stored[target] { continue }
        try directory.link("\(Self.rulesets)/\(target)", as: name, replacing: present[name] != nil)
        isChanged = true
      }
      if isChanged { changed.append(host) }
    }

    var entries = (old?.hosts ?? [:]).filter { others.contains($0.key) }
    entries.merge(hosts) { _, new in new }
    let manifest = Manifest(inventory: inventory, hosts: entries)
    if manifest != old { try directory.replace("manifest.json", with: manifest.encoded()) }

    let removed = (old?.hosts.keys.filter { entries[$0] == nil } ?? []).sorted()
    for host in removed {
      try directory.remove("\(host).nft")
      try directory.remove("\(host).json")
    }
    let used = Set(entries.values.map(\.digest))
    for name in stored.keys.sorted() where Self.isRuleset(name) && !used.contains(String(name.prefix(64))) {
      try store.remove(name)
    }
    return OutputReport(changed: changed, removed: removed, unchanged: hosts.count - changed.count)
  }

  /// What the directory holds.
  ///
  /// - Throws: ``OutputFailure`` when there is no manifest.
  public func manifest() throws(OutputFailure) -> Manifest {
    let directory = try Directory(opening: path)
    guard let manifest = try Self.manifest(in: directory) else {
      throw OutputFailure(path, "no manifest.json: this is not the output of a compile")
    }
    return manifest
  }

  /// The JSON file of a host, checked against the digest that the manifest has of it.
  public func json(of host: String, _ manifest: Manifest) throws(OutputFailure) -> [UInt8] {
    guard let entry = manifest.hosts[host] else {
      throw OutputFailure(path, "no host \(host) in the manifest; compile again")
    }
    let store = try Directory(opening: "\(path)/\(Self.rulesets)")
    let name = "\(entry.digest).json"
    guard let bytes = try store.read(name) else {
      throw OutputFailure(
        "\(path)/\(Self.rulesets)/\(name)", "the ruleset of \(host) is missing; compile again")
    }
    guard SHA256.hex(bytes) == entry.digest else {
      throw OutputFailure(
        "\(path)/\(Self.rulesets)/\(name)",
        "the file is not what was compiled; compile again into an empty directory")
    }
    return bytes
  }

  private static func manifest(in directory: borrowing Directory) throws(OutputFailure) -> Manifest? {
    let path = "\(directory.path)/manifest.json"
    guard let bytes = try directory.read("manifest.json") else { return nil }
    return try Manifest(decoding: bytes, path: path)
  }

  /// Whether a name is one that this type gives to rulesets, so that nobody else's file is removed.
  private static func isRuleset(_ name: String) -> Bool {
    (name.hasSuffix(".nft") && name.utf8.count == 68 || name.hasSuffix(".json") && name.utf8.count == 69)
      && name.utf8.prefix(64).allSatisfy(JSONText.isHexDigit)
  }
}
