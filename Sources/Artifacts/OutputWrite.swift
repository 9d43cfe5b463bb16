package import Machine
internal import Synchronization
internal import SystemPackage

/// What a write changed.
package struct OutputReport: Hashable, Sendable {
  /// Hosts whose files are new or lead to another ruleset than before.
  package let changed: [String]
  /// Hosts whose files were removed.
  package let removed: [String]
  /// Hosts that are as they were.
  package let unchanged: Int
}

/// One write of an output directory, from several tasks at once; other compiles are kept out meanwhile.
///
/// Rulesets are written as they come: they are files under names of their own, which nothing leads to
/// yet. When all of them are on disk links and the manifest follow, so that not even a power cut lets a
/// host's file be empty, and what no host needs any more goes last.
///
/// A write that fails or is given up takes back what it did. One that is killed leaves each host's files with
/// what the manifest says of the host, or with something else, and then
/// ``OutputDirectory/json(of:_:)`` refuses. The next compile leads every host to what is right and removes what
/// was left behind.
package final class OutputWrite: RulesetStore {
  private let place: OutputPlace
  /// What the manifest was to become when a compile was killed while it led hosts there.
  private let begun: Manifest?
  /// Names under `rulesets/` with their inode numbers, as they were at the beginning.
  private let stored: [String: UInt64]
  private let state = Mutex(State())

  private struct State {
    /// Digests that were added, so that none is written twice.
    var added: Set<String> = []
    /// Names of files that were there and were not what was compiled.
    var mended: Set<String> = []
    /// Names of files that were not there; they go again unless something leads to them.
    var created: Set<String> = []
    /// How many files may not be on disk yet.
    var written = 0
    /// Whether hosts lead to what was created.
    var isKept = false
  }

  /// - Throws: ``OutputFailure``, also when another compile is writing there.
  package convenience init(_ path: String) throws(OutputFailure) {
    try self.init(path) { (_, _) throws(Errno) in }
  }

  /// - Parameter step: what ``Machine/Directory`` asks before each call.
  package init(_ path: String, step: @escaping Directory.Step) throws(OutputFailure) {
    if path.isEmpty { throw OutputFailure("--out", "the name of the directory is empty", remedy: "give one") }
    place = try OutputPlace(path, step)
    let prepared = try? place.directory.prepared(Self.manifest)
    begun = prepared.flatMap { try? Manifest(decoding: $0, path: path) }
    do throws(SystemFailure) { stored = try place.store.entries() } catch {
      place.takeBack()
      throw OutputFailure(error)
    }
  }

  deinit {
    let state = state.withLock { $0 }
    if state.isKept { return }
    for name in state.created { try? place.store.remove(name) }
    place.takeBack()
  }

  /// Writes the two files of a ruleset unless they are there as they must be: a file that somebody has
  /// edited would go on under the digest of what it was, and `nft -f` asks for no digest.
  ///
  /// - Throws: ``OutputFailure``.
  package func add(_ ruleset: RulesetFiles) throws(OutputFailure) {
    guard state.withLock({ $0.added.insert(ruleset.digest).inserted }) else { return }
    try onDisk { () throws(SystemFailure) in
      try write("\(ruleset.digest).nft", ruleset.nft)
      try write("\(ruleset.digest).json", ruleset.json)
    }
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws(SystemFailure) {
    if stored[name] != nil {
      if try place.store.holds(name, bytes) { return }
      state.withLock { _ = $0.mended.insert(name) }
      try place.store.prepare(name, bytes)
      try place.store.put(name)
    } else {
      // Nothing leads to it yet. One that is left half written is found above by the next compile.
      try place.store.create(name, bytes)
      state.withLock { _ = $0.created.insert(name) }
    }
    let written = state.withLock { state in
      state.written += 1
      return state.written
    }
    if written.isMultiple(of: Self.filesAtOnce) { place.store.beginSync() }
  }

  /// Leads hosts to their rulesets.
  ///
  /// - Parameters:
  ///   - hosts: what the manifest is to say of each host that was compiled; their rulesets are added.
  ///   - others: hosts of the inventory that were not compiled this time and keep what they have.
  /// - Throws: ``OutputFailure``; hosts and manifest then are as they were.
  package func finish(
    hosts: [String: Manifest.Entry], keeping others: Set<String>
  ) throws(OutputFailure) -> OutputReport {
    if hosts["manifest"] != nil {
      throw OutputFailure(
        place.directory.path,
        "a host cannot be called manifest: its file would take the place of manifest.json")
    }
    var entries = (place.old?.hosts ?? [:]).filter { others.contains($0.key) }
    entries.merge(hosts) { _, new in new }
    let manifest = Manifest(hosts: entries, notCompiled: others.filter { entries[$0] == nil }.sorted())
    let changed = try onDisk { () throws(SystemFailure) in
      try removeWhatWasBegun(but: Set(entries.keys))
      let present = try place.directory.entries()
      let changed = try switchOver(to: manifest, present)
      removeWhatNobodyNeeds(Set(entries.values.map(\.digest)), present)
      return changed
    }.filter { hosts[$0] != nil }
    let removed = (place.old?.hosts.keys.filter { entries[$0] == nil } ?? []).sorted()
    return OutputReport(changed: changed, removed: removed, unchanged: hosts.count - changed.count)
  }

  private static let manifest = "manifest.json"
  /// The disk begins with so many files, while others are made.
  private static let filesAtOnce = 200
}

// MARK: Leading hosts to their rulesets

/// One of the files of a host.
private struct HostFile {
  let host: String
  let ending: String

  var name: String { "\(host).\(ending)" }

  func ruleset(_ digest: String) -> String { "\(digest).\(ending)" }

  static func all(of host: String) -> [HostFile] {
    ["nft", "json"].map { HostFile(host: host, ending: $0) }
  }
}

extension OutputWrite {
  /// Brings everything to disk, leads the hosts there and replaces the manifest, or takes all of it back.
  ///
  /// - Returns: the hosts whose files lead elsewhere than before, in order of name.
  private func switchOver(
    to manifest: Manifest, _ present: [String: UInt64]
  ) throws(SystemFailure) -> [String] {
    let isManifestNew = manifest != place.old
    var moved: [HostFile] = []
    do throws(SystemFailure) {
      if isManifestNew { try place.directory.prepare(Self.manifest, manifest.encoded()) }
      if isManifestNew || state.withLock({ $0.written > 0 }) { try place.directory.sync() }
      for (file, digest) in misled(manifest, present) {
        try link(file, to: digest, replacing: present[file.name] != nil)
        moved.append(file)
      }
      let changed = moved.map(\.host)
      for host in place.old?.hosts.keys.sorted() ?? [] where manifest.hosts[host] == nil {
        for file in HostFile.all(of: host) where present[file.name] != nil {
          try place.directory.remove(file.name)
          moved.append(file)
        }
      }
      if isManifestNew { try place.directory.put(Self.manifest) }
      state.withLock { $0.isKept = true }
      return changed.enumerated().filter { $0 == 0 || changed[$0 - 1] != $1 }.map(\.element)
    } catch {
      takeBack(moved)
      throw error
    }
  }

  /// The files that do not lead where the manifest says, those of hosts that keep what they have among them: a
  /// compile that was killed may have led them elsewhere.
  private func misled(_ manifest: Manifest, _ present: [String: UInt64]) -> [(HostFile, digest: String)] {
    let (added, mended) = state.withLock { ($0.added, $0.mended) }
    var result: [(HostFile, digest: String)] = []
    for (host, entry) in manifest.hosts.sorted(by: { $0.key < $1.key }) {
      for file in HostFile.all(of: host) {
        let target = file.ruleset(entry.digest)
        // A ruleset that is lost cannot be led to; reading it says so.
        guard stored[target] != nil || added.contains(entry.digest) else { continue }
        if let inode = present[file.name], inode == stored[target], !mended.contains(target) { continue }
        result.append((file, entry.digest))
      }
    }
    return result
  }

  /// Leads files where they led before.
  private func takeBack(_ moved: [HostFile]) {
    do throws(SystemFailure) {
      for file in moved.reversed() {
        if let digest = place.old?.hosts[file.host]?.digest {
          try link(file, to: digest, replacing: true)
        } else {
          try place.directory.remove(file.name)
        }
      }
      place.directory.discard(Self.manifest)
    } catch {
      // The disk refuses that too. What was prepared tells the next compile what to look for.
      state.withLock { $0.isKept = true }
    }
  }

  private func link(_ file: HostFile, to digest: String, replacing: Bool) throws(SystemFailure) {
    try place.directory.link(
      "\(OutputDirectory.rulesets)/\(file.ruleset(digest))", as: file.name, replacing: replacing)
  }
}

// MARK: Removing

extension OutputWrite {
  /// Removes the files of hosts that only a compile knew that was killed.
  private func removeWhatWasBegun(but hosts: Set<String>) throws(SystemFailure) {
    guard let begun else { return }
    for host in begun.hosts.keys.sorted() where place.old?.hosts[host] == nil && !hosts.contains(host) {
      for file in HostFile.all(of: host) { try place.directory.remove(file.name) }
    }
  }

  /// Removes rulesets that no host has, and what was left under names for the time being. What cannot be removed
  /// is no harm, and found again by the next compile.
  private func removeWhatNobodyNeeds(_ used: Set<String>, _ present: [String: UInt64]) {
    let added = state.withLock { $0.added }
    let unused = added.subtracting(used).flatMap { ["\($0).nft", "\($0).json"] }
    let names = stored.keys.filter { name in
      let permanent = Directory.permanent(name) ?? name
      return Self.isRuleset(permanent) && (permanent != name || !used.contains(String(name.prefix(64))))
    }
    for name in Set(names).union(unused).sorted() { try? place.store.remove(name) }

    let known = Set([place.old, begun].compactMap { $0?.hosts.keys }.joined())
    for name in present.keys.sorted() {
      guard let permanent = Directory.permanent(name) else { continue }
      let isOfHost = [".nft", ".json"].contains { ending in
        permanent.hasSuffix(ending) && known.contains(String(permanent.dropLast(ending.count)))
      }
      if isOfHost || permanent == Self.manifest { try? place.directory.remove(name) }
    }
  }

  /// Whether a name is one that this type gives to rulesets, so that nobody else's file is removed.
  private static func isRuleset(_ name: String) -> Bool {
    (name.hasSuffix(".nft") && name.utf8.count == 68 || name.hasSuffix(".json") && name.utf8.count == 69)
      && name.utf8.prefix(64).allSatisfy(JSONText.isHexDigit)
  }
}
