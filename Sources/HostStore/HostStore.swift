internal import Digest
internal import FoundationEssentials
package import HostState
package import Machine
internal import SystemPackage

/// What a host's state directory holds.
///
///     confirmed                    the number of the revision that boots
///     revisions/7/ruleset.json     libnftables-json(5)
///     revisions/7/about.json       who, when, why, and the digest of the ruleset
///     trial, stopped               while there is one
///     records                      what the table has recorded, and when each was first seen
///     usage                        what the rules of flows have counted, and when each was last used
///     quarantine                   whom the host has cut off
///     opened                       what it has opened for a time
///     index                        the greatest index that was confirmed
///     audit.jsonl                  what happened, each line with the digest of the line before
///     lock                         whoever writes holds it
///
/// Every file is written under another name, brought to disk, and renamed; the directory is brought to disk behind
/// it. After a power cut each file is the old one or the new one.
package struct HostStore: Sendable {
  /// Revisions that are kept, besides the confirmed one and the one on trial.
  package static let mostRevisions = 50

  private let path: String
  private let step: Directory.Step

  /// - Parameters:
  ///   - directory: closed to everybody else.
  ///   - step: is asked ahead of every change on disk.
  package init(_ directory: StateDirectory, step: @escaping Directory.Step = { (_, _) throws(Errno) in }) {
    path = directory.path
    self.step = step
  }

  /// Why something could not be read or written.
  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case system(SystemFailure)
    /// A file is not what was written: by its path, and why.
    case damaged(String, String)
    case noRevision(RevisionNumber)

    package var description: String {
      switch self {
      case .system(let failure): "\(failure)"
      case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
      case .noRevision(let number): "there is no revision \(number)"
      }
    }
  }

  private enum Name {
    static let confirmed = "confirmed"
    static let trial = "trial"
    static let stop = "stopped"
    static let quarantine = "quarantine"
    static let opened = "opened"
    static let revisions = "revisions"
    static let ruleset = "ruleset.json"
    static let about = "about.json"
    static let records = "records"
    static let usage = "usage"
    static let index = "index"
    static let audit = "audit.jsonl"
    static let lock = "lock"
  }

  /// The right to write; it ends with the value. Two network namespaces may have one state directory.
  package final class Lock: Sendable {
    private let lock: FileLock

    fileprivate init(_ lock: consuming FileLock) { self.lock = lock }
  }

  /// - Throws: ``Failure``, with `errno` `wouldBlock` when another process has it.
  package func lock() throws(Failure) -> Lock {
    do throws(SystemFailure) { return Lock(try FileLock("\(path)/\(Name.lock)")) } catch {
      throw .system(error)
    }
  }
}

// MARK: Reading

extension HostStore {
  /// What the directory says, as far as it can be read.
  package struct Content: Hashable, Sendable {
    /// A trial that cannot be read is none, and a stop that cannot be read is over: without them the confirmed rules judge.
    package var state = HostState()
    /// What cannot be read.
    package var damage: [Failure] = []
    /// Whether something was confirmed of which it cannot be told what.
    package var isConfirmedLost = false
    /// Why it cannot be told whom the host has cut off; `nil`: it can.
    package var quarantineDamage: Failure?
    /// Why it cannot be told what the host has opened for a time; `nil`: it can.
    package var openedDamage: Failure?
    /// Why it cannot be told which index was confirmed last; `nil`: it can.
    package var indexDamage: Failure?

    package init(state: HostState = HostState()) { self.state = state }
  }

  /// - Throws: ``Failure`` when the directory itself cannot be read.
  package func load() throws(Failure) -> Content {
    let directory = try opened()
    var content = Content()
    func read<Value: Codable>(_ name: String, _ type: Value.Type) throws(Failure) -> Value? {
      do throws(Failure) { return try value(name, in: directory) } catch {
        guard case .damaged = error else { throw error }
        content.damage.append(error)
        return nil
      }
    }
    let present = try read(Name.confirmed, RevisionNumber.self)
    content.isConfirmedLost = present == nil && !content.damage.isEmpty
    content.state.confirmed = present
    content.state.trial = try read(Name.trial, Trial.self)
    let before = content.damage.count
    content.state.stop = try read(Name.stop, HostState.Stop.self)
    if content.damage.count > before {
      // For how long nobody can tell.
      content.state.stop = HostState.Stop(until: 0, by: Actor(user: "somebody"), why: nil)
    }
    let others = content.damage.count
    content.state.quarantine = try read(Name.quarantine, [HostState.Quarantine].self) ?? []
    if content.damage.count > others { content.quarantineDamage = content.damage.last }
    let all = content.damage.count
    content.state.opened = try read(Name.opened, [HostState.Opened].self) ?? []
    if content.damage.count > all { content.openedDamage = content.damage.last }
    let rest = content.damage.count
    content.state.approved = try read(Name.index, Approved.self)
    if content.damage.count > rest { content.indexDamage = content.damage.last }
    content.state.last = try numbers().last ?? RevisionNumber(rawValue: 0)
    return content
  }

  /// What was kept of records; `nil`: nothing.
  ///
  /// - Throws: ``Failure``, `damaged` when it is not what was written.
  package func records<Value: Codable>(as type: Value.Type) throws(Failure) -> Value? {
    try value(Name.records, in: try opened(), atMost: Self.mostRecordBytes)
  }

  /// What was kept of the use of flows; `nil`: nothing.
  ///
  /// - Throws: ``Failure``, `damaged` when it is not what was written.
  package func usage<Value: Codable>(as type: Value.Type) throws(Failure) -> Value? {
    try value(Name.usage, in: try opened(), atMost: Self.mostRecordBytes)
  }

  /// Three directions of twenty thousand records take a third of it.
  private static let mostRecordBytes = 1 << 25

  /// The ruleset of a revision, as it was written.
  ///
  /// - Throws: ``Failure``, `damaged` when its digest is another.
  package func ruleset(of number: RevisionNumber) throws(Failure) -> [UInt8] {
    let about = try about(number)
    let directory = try opened(number)
    let bytes: [UInt8]?
    do throws(SystemFailure) { bytes = try directory.read(Name.ruleset) } catch { throw .system(error) }
    guard let bytes else { throw .damaged("\(directory.path)/\(Name.ruleset)", "it is missing") }
    guard Self.digest(bytes) == about.digest else {
      throw .damaged("\(directory.path)/\(Name.ruleset)", "its digest is not the one in \(Name.about)")
    }
    return bytes
  }

  /// - Throws: ``Failure``.
  package func about(_ number: RevisionNumber) throws(Failure) -> Revision {
    let directory = try opened(number)
    guard let about: Revision = try value(Name.about, in: directory) else {
      throw .damaged("\(directory.path)/\(Name.about)", "it is missing")
    }
    guard about.number == number else {
      throw .damaged("\(directory.path)/\(Name.about)", "it is about revision \(about.number)")
    }
    return about
  }

  /// The revisions that are kept, the oldest first; of one that cannot be read, its number alone.
  package func revisions() throws(Failure) -> [(number: RevisionNumber, about: Revision?)] {
    var result: [(number: RevisionNumber, about: Revision?)] = []
    for number in try numbers() { result.append((number, try? about(number))) }
    return result
  }

  /// Why revisions are not what was written.
  ///
  /// - Parameter readsRulesets: whether their rulesets are held against their digests.
  package func damage(of numbers: [RevisionNumber], readingRulesets readsRulesets: Bool) -> [Failure] {
    numbers.compactMap { number in
      do throws(Failure) {
        if readsRulesets { _ = try ruleset(of: number) } else { _ = try about(number) }
        return nil
      } catch { return error }
    }
  }

  /// SHA-256, as ``HostState/Revision/digest`` has it.
  package static func digest(_ bytes: some Collection<UInt8>) -> String {
    var digest = SHA256()
    digest.update(bytes)
    return digest.finish()
  }

  private func numbers() throws(Failure) -> [RevisionNumber] {
    guard let directory = try openedRevisions() else { return [] }
    do throws(SystemFailure) {
      return try directory.entries().keys.compactMap { name in
        guard let number = Int(name), number > 0, "\(number)" == name else { return nil }
        return RevisionNumber(rawValue: number)
      }.sorted()
    } catch { throw .system(error) }
  }

  private func opened() throws(Failure) -> Directory {
    do throws(SystemFailure) { return try Directory(opening: path, step: step) } catch {
      throw .system(error)
    }
  }

  private func openedRevisions() throws(Failure) -> Directory? {
    do throws(SystemFailure) {
      return try Directory(opening: "\(path)/\(Name.revisions)", step: step)
    } catch {
      if error.errno == .noSuchFileOrDirectory { return nil }
      throw .system(error)
    }
  }

  private func opened(_ number: RevisionNumber) throws(Failure) -> Directory {
    do throws(SystemFailure) {
      return try Directory(opening: "\(path)/\(Name.revisions)/\(number)", step: step)
    } catch {
      if error.errno == .noSuchFileOrDirectory { throw .noRevision(number) }
      throw .system(error)
    }
  }
}

// MARK: Writing

extension HostStore {
  /// Keeps a ruleset under its number; the oldest beyond the bound go.
  package func write(_ revision: Revision, ruleset: [UInt8], keeping state: HostState) throws(Failure) {
    let name = "\(revision.number)"
    try changing { directory throws(SystemFailure) in
      _ = try directory.makeDirectory(Name.revisions, .ownerReadWriteExecute)
      let all = try Directory(opening: "\(path)/\(Name.revisions)", step: step)
      _ = try all.makeDirectory(name, .ownerReadWriteExecute)
      let one = try Directory(opening: "\(path)/\(Name.revisions)/\(name)", step: step)
      try one.replace(Name.ruleset, with: ruleset, .ownerReadWrite)
      try one.replace(Name.about, with: Self.encoded(revision), .ownerReadWrite)
      try all.sync()
    }
    let old = try numbers().filter {
      $0 != state.confirmed && $0 != state.trial?.revision && $0 != revision.number
    }
    for number in old.dropLast(Self.mostRevisions) { try remove(number) }
  }

  package func write(_ trial: Trial) throws(Failure) { try replace(Name.trial, trial) }
  package func removeTrial() throws(Failure) { try remove(Name.trial) }
  package func writeConfirmed(_ number: RevisionNumber) throws(Failure) {
    try replace(Name.confirmed, number)
  }
  package func write(_ approved: Approved) throws(Failure) { try replace(Name.index, approved) }
  package func write(_ stop: HostState.Stop) throws(Failure) { try replace(Name.stop, stop) }
  package func removeStop() throws(Failure) { try remove(Name.stop) }
  package func write(_ quarantine: [HostState.Quarantine]) throws(Failure) {
    try replace(Name.quarantine, quarantine)
  }
  package func write(_ opened: [HostState.Opened]) throws(Failure) { try replace(Name.opened, opened) }

  /// Keeps what was recorded; there may be a great many of it.
  package func write(records: some Codable) throws(Failure) { try replaceDensely(Name.records, records) }

  /// Keeps what was counted of the use of flows.
  package func write(usage: some Codable) throws(Failure) { try replaceDensely(Name.usage, usage) }

  private func replaceDensely(_ name: String, _ value: some Codable) throws(Failure) {
    try changing { directory throws(SystemFailure) in
      try directory.replace(name, with: Self.encoded(value, [.sortedKeys]), .ownerReadWrite)
    }
  }

  /// Adds a line to the audit chain.
  package func append(_ entry: AuditEntry) throws(Failure) {
    let directory = try opened()
    do throws(SystemFailure) {
      let present = try directory.read(Name.audit, atMost: AuditChain.longest) ?? []
      let added = AuditChain(present).line(entry)
      if present.count + added.count > AuditChain.longest / 2 {
        let kept = AuditChain(present).newerHalf + added
        try directory.replace(Name.audit, with: kept, .ownerReadWrite)
      } else {
        try directory.append(added, to: Name.audit, .ownerReadWrite)
      }
    } catch { throw .system(error) }
  }

  /// What was appended.
  package func audit() throws(Failure) -> AuditChain {
    let directory = try opened()
    do throws(SystemFailure) {
      return AuditChain(try directory.read(Name.audit, atMost: AuditChain.longest) ?? [])
    } catch { throw .system(error) }
  }

  private func replace(_ name: String, _ value: some Codable) throws(Failure) {
    try changing { directory throws(SystemFailure) in
      try directory.replace(name, with: Self.encoded(value), .ownerReadWrite)
    }
  }

  private func remove(_ name: String) throws(Failure) {
    try changing { directory throws(SystemFailure) in
      try directory.remove(name)
      try directory.sync()
    }
  }

  private func remove(_ number: RevisionNumber) throws(Failure) {
    try changing { _ throws(SystemFailure) in
      let all = try Directory(opening: "\(path)/\(Name.revisions)", step: step)
      let one = try Directory(opening: "\(path)/\(Name.revisions)/\(number)", step: step)
      for name in try one.entries().keys.sorted() { try one.remove(name) }
      try all.removeDirectory("\(number)")
    }
  }

  private func changing(
    _ body: (borrowing Directory) throws(SystemFailure) -> Void
  ) throws(Failure) {
    let directory = try opened()
    do throws(SystemFailure) { try body(directory) } catch { throw .system(error) }
  }
}

// MARK: Values as files

extension HostStore {
  /// What a file holds, with the version of the way it is written.
  private struct Stored<Value: Codable>: Codable {
    var format_version = 1
    let value: Value
  }

  private static func encoded(
    _ value: some Codable,
    _ formatting: JSONEncoder.OutputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  ) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    // Texts and numbers are always JSON.
    return Array((try? encoder.encode(Stored(value: value))) ?? Data()) + [UInt8(ascii: "\n")]
  }

  private func value<Value: Codable>(
    _ name: String, in directory: borrowing Directory, atMost limit: Int = 1 << 20
  ) throws(Failure) -> Value? {
    let bytes: [UInt8]?
    do throws(SystemFailure) { bytes = try directory.read(name, atMost: limit) } catch {
      throw .system(error)
    }
    guard let bytes else { return nil }
    guard let stored = try? JSONDecoder().decode(Stored<Value>.self, from: Data(bytes)) else {
      throw .damaged("\(directory.path)/\(name)", "it cannot be read")
    }
    guard stored.format_version == 1 else {
      throw .damaged(
        "\(directory.path)/\(name)", "it has format \(stored.format_version), which is another version's")
    }
    return stored.value
  }
}
