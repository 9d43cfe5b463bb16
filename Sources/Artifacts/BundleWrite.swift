internal import Machine
package import Signing
internal import Synchronization
internal import SystemPackage

/// What takes rulesets as they are compiled, from several tasks at once.
package protocol RulesetStore: Sendable {
  func add(_ ruleset: RulesetFiles) throws(OutputFailure)
}

/// The directory that hosts pull from: `rulesets/DIGEST.json` for each distinct ruleset, and `index.json`, which names them. Any
/// server of files carries it.
///
/// Rulesets come first and the index last: whoever reads an index finds what it names. What the index before named stays as well,
/// for hosts that have read it and not yet what it names.
package final class BundleWrite: RulesetStore {
  package static let index = "index.json"
  private let directory: Directory
  private let store: Directory
  private let lock: FileLock
  private let stored: Set<String>
  private let added = Mutex<Set<String>>([])

  /// - Throws: ``OutputFailure``, also when another one is writing there.
  package init(_ path: String) throws(OutputFailure) {
    if path.isEmpty { throw OutputFailure("--out", "the name of the directory is empty", remedy: "give one") }
    do throws(SystemFailure) {
      do throws(SystemFailure) { try Files.makeDirectory(path, .everybodyEnters) } catch {
        if error.errno != .fileExists { throw error }
      }
      lock = try FileLock(directory: path)
      directory = try Directory(opening: path)
      _ = try directory.makeDirectory(OutputDirectory.rulesets, .everybodyEnters)
      store = try Directory(opening: "\(path)/\(OutputDirectory.rulesets)")
      stored = Set(try store.entries().keys)
    } catch {
      throw OutputFailure(opening: error)
    }
    if (try? OutputDirectory.manifest(in: directory)) ?? nil != nil {
      throw OutputFailure(path, "a compile has written here", remedy: "give a directory of its own")
    }
  }

  /// The path of a ruleset in a bundle.
  package static func path(ofRuleset digest: String) -> String {
    "\(OutputDirectory.rulesets)/\(digest).json"
  }

  /// - Throws: ``OutputFailure``.
  package func add(_ ruleset: RulesetFiles) throws(OutputFailure) {
    guard added.withLock({ $0.insert(ruleset.digest).inserted }) else { return }
    let name = "\(ruleset.digest).json"
    try onDisk { () throws(SystemFailure) in
      if stored.contains(name), try store.holds(name, ruleset.json) { return }
      try store.prepare(name, ruleset.json)
      try store.put(name)
    }
  }

  /// Lets the bundle be of an index. Signatures of another one go, and so does what somebody has packed of it: a server that sends
  /// packed files would go on with the old one.
  ///
  /// - Throws: ``OutputFailure``; hosts then find what they found before.
  package func finish(_ index: ChangeIndex) throws(OutputFailure) {
    try onDisk { () throws(SystemFailure) in try directory.remove(Self.packed(Self.index)) }
    let before = (try? IndexFile(reading: "\(directory.path)/\(Self.index)"))?.index.hosts ?? []
    try onDisk { () throws(SystemFailure) in try store.sync() }
    try IndexFile.write(index, to: "\(directory.path)/\(Self.index)")
    let named = Set((before + index.hosts).map { "\($0.ruleset).json" })
    // What cannot be removed is no harm.
    for name in stored where !named.contains(name) && name.utf8.count == 69 {
      try? store.remove(name)
      try? store.remove(Self.packed(name))
    }
  }

  /// As gzip(1) calls what it has packed, and servers look for it.
  private static func packed(_ name: String) -> String { "\(name).gz" }
}
