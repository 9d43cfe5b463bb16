internal import Machine
internal import Synchronization
internal import SystemPackage

/// What a write changed.
public struct OutputReport: Hashable, Sendable {
  /// Hosts whose files are new or lead to another ruleset than before.
  public let changed: [String]
  /// Hosts whose files were removed.
  public let removed: [String]
  /// Hosts that are as they were.
  public let unchanged: Int
}

/// One write of an output directory, from several tasks at once; other compiles are kept out meanwhile.
///
/// Rulesets are written as they come: they are files under names of their own, which nothing leads to
/// yet. When all of them are on disk links and the manifest follow, so that not even a power cut lets a
/// host's file be empty, and what no host needs any more goes last. A write that is given up, or breaks off,
/// leaves hosts and manifest as they were, and the next compile mends or removes what it left behind.
public final class OutputWrite: Sendable {
  private let lock: FileLock
  private let directory: Directory
  private let store: Directory
  private let old: Manifest?
  /// Names under `rulesets/` with their inode numbers, as they were at the beginning.
  private let stored: [String: UInt64]
  /// Digests that were added, so that none is written twice.
  private let added = Mutex<Set<String>>([])
  /// Names of files that were there and were not what was compiled.
  private let mended = Mutex<Set<String>>([])
  /// How many files may not be on disk yet.
  private let written = Mutex(0)

  /// - Throws: ``OutputFailure``, also when another compile is writing there.
  public init(_ path: String) throws(OutputFailure) {
    if path.isEmpty { throw OutputFailure("--out", "the name of the directory is empty; give one") }
    do throws(SystemFailure) {
      do throws(SystemFailure) {
        try Files.makeDirectory(path, .everybodyEnters)
      } catch {
        if error.errno != .fileExists { throw error }
      }
      lock = try FileLock(directory: path)
      directory = try Directory(opening: path)
      _ = try directory.makeDirectory(OutputDirectory.rulesets, .everybodyEnters)
      store = try Directory(opening: "\(path)/\(OutputDirectory.rulesets)")
      stored = try store.entries()
    } catch {
      throw OutputFailure(opening: error)
    }
    old = try OutputDirectory.manifest(in: directory)
  }

  /// Writes the two files of a ruleset unless they are there as they must be: a file that somebody has
  /// edited would go on under the digest of what it was, and `nft -f` asks for no digest.
  ///
  /// - Throws: ``OutputFailure``.
  public func add(_ ruleset: RulesetFiles) throws(OutputFailure) {
    guard added.withLock({ $0.insert(ruleset.digest).inserted }) else { return }
    try onDisk { () throws(SystemFailure) in try write(ruleset) }
  }

  private func write(_ ruleset: RulesetFiles) throws(SystemFailure) {
    for (ending, bytes) in [("nft", ruleset.nft), ("json", ruleset.json)] {
      let name = "\(ruleset.digest).\(ending)"
      if stored[name] != nil {
        if try store.holds(name, bytes) { continue }
        mended.withLock { _ = $0.insert(name) }
        try store.prepare(name, bytes)
        try store.put(name)
      } else {
        // Nothing leads to it yet. One that is left half written is found above by the next compile.
        try store.create(name, bytes)
      }
      let count = written.withLock { count in
        count += 1
        return count
      }
      if count.isMultiple(of: Self.filesAtOnce) { store.beginSync() }
    }
  }

  /// Leads hosts to their rulesets.
  ///
  /// - Parameters:
  ///   - hosts: what the manifest is to say of each host that was compiled; their rulesets are added.
  ///   - others: hosts of the inventory that were not compiled this time and keep what they have.
  /// - Throws: ``OutputFailure``.
  public func finish(
    hosts: [String: Manifest.Entry], keeping others: Set<String>
  ) throws(OutputFailure) -> OutputReport {
    if hosts["manifest"] != nil {
      throw OutputFailure(
        directory.path, "a host cannot be called manifest: its file would take the place of manifest.json")
    }
    var entries = (old?.hosts ?? [:]).filter { others.contains($0.key) }
    entries.merge(hosts) { _, new in new }
    let manifest = Manifest(hosts: entries, notCompiled: others.filter { entries[$0] == nil }.sorted())
    let removed = (old?.hosts.keys.filter { entries[$0] == nil } ?? []).sorted()
    let changed = try onDisk { () throws(SystemFailure) in
      let changed = try link(hosts, manifest)
      for host in removed {
        try directory.remove("\(host).nft")
        try directory.remove("\(host).json")
      }
      try removeRulesets(but: Set(entries.values.map(\.digest)))
      return changed
    }
    return OutputReport(changed: changed, removed: removed, unchanged: hosts.count - changed.count)
  }

  /// Brings everything to disk, and then leads the hosts there and replaces the manifest.
  ///
  /// - Returns: the hosts whose files lead elsewhere than before.
  private func link(
    _ hosts: [String: Manifest.Entry], _ manifest: Manifest
  ) throws(SystemFailure) -> [String] {
    let isManifestNew = manifest != old
    do throws(SystemFailure) {
      if isManifestNew { try directory.prepare(Self.manifest, manifest.encoded()) }
      if isManifestNew || written.withLock({ $0 > 0 }) { try directory.sync() }
      let changed = try link(hosts)
      if isManifestNew { try directory.put(Self.manifest) }
      return changed
    } catch {
      if isManifestNew { directory.discard(Self.manifest) }
      throw error
    }
  }

  private static let manifest = "manifest.json"
  /// The disk begins with so many files, while others are made.
  private static let filesAtOnce = 200

  /// - Returns: the hosts whose files lead elsewhere than before.
  private func link(_ hosts: [String: Manifest.Entry]) throws(SystemFailure) -> [String] {
    let present = try directory.entries()
    let mended = mended.withLock { $0 }
    var changed: [String] = []
    for (host, entry) in hosts.sorted(by: { $0.key < $1.key }) {
      var isChanged = false
      for ending in ["nft", "json"] {
        let name = "\(host).\(ending)"
        let target = "\(entry.digest).\(ending)"
        if let inode = present[name], inode == stored[target], !mended.contains(target) { continue }
        try directory.link("\(OutputDirectory.rulesets)/\(target)", as: name, replacing: present[name] != nil)
        isChanged = true
      }
      if isChanged { changed.append(host) }
    }
    return changed
  }

  private func removeRulesets(but used: Set<String>) throws(SystemFailure) {
    let unused = added.withLock { $0 }.subtracting(used).flatMap { ["\($0).nft", "\($0).json"] }
    let names = stored.keys.filter { Self.isRuleset($0) && !used.contains(String($0.prefix(64))) }
    for name in Set(names).union(unused).sorted() { try store.remove(name) }
  }

  /// Whether a name is one that this type gives to rulesets, so that nobody else's file is removed.
  private static func isRuleset(_ name: String) -> Bool {
    (name.hasSuffix(".nft") && name.utf8.count == 68 || name.hasSuffix(".json") && name.utf8.count == 69)
      && name.utf8.prefix(64).allSatisfy(JSONText.isHexDigit)
  }
}
