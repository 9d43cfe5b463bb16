internal import Addressing
package import Fleet
internal import FoundationEssentials
internal import Glibc
internal import Machine
internal import Nftables
internal import Policy
internal import SystemPackage

/// Who runs what, and how its hosts are reached: the first line of a journal.
package struct RunHead: Hashable, Sendable, Codable {
  /// A host's way, so that a run goes back whatever has become of the inventory.
  package struct Way: Hashable, Sendable, Codable {
    package let transport: AgentTransport
    package let addresses: [String]
  }

  static let version = 1

  package let formatVersion: Int
  /// Seconds since 1970, UTC.
  package let time: Int64
  package let user: String
  package let process: Int32
  package let isLab: Bool
  /// Where rulesets came from; `nil`: from the directory of a compile.
  package let inventory: String?
  package let from: String?
  /// What its steps lead from; `nil`: it has one step.
  package let base: RunBase.Place?
  /// The saved diff that it carries out; `nil`: it carries out none.
  package let saved: String?
  /// In milliseconds: how long hosts may take for an answer.
  package let patience: Int64
  package let ways: [String: Way]
  package let plan: RunPlan

  /// Begun now, by this process.
  ///
  /// - Parameters:
  ///   - targets: the hosts of the run, and others.
  ///   - request: how they were found.
  ///   - inventory: where it is; relative to where this process is.
  ///   - base: what its steps lead from; `nil`: it has one step.
  ///   - saved: the saved diff that it carries out.
  package init(
    _ plan: RunPlan, _ targets: Targets, _ request: TargetRequest, inventory: String,
    base: RunBase.Place? = nil, saved: String? = nil
  ) {
    formatVersion = Self.version
    time = Timestamp.current().seconds
    user = Caller.invoker ?? Caller.user
    process = getpid()
    isLab = targets.isLab
    func absolute(_ path: String) -> String { (try? Files.resolved(path)) ?? path }
    self.inventory = request.from == nil ? absolute(inventory) : nil
    from = request.from.map { absolute($0) }
    self.base = base
    self.saved = saved.map { absolute($0) }
    let longest = targets.hosts.map(\.patience.answer).max() ?? Patience().answer
    patience = longest.components.seconds * 1000 + longest.components.attoseconds / 1_000_000_000_000_000
    self.plan = plan
    ways = Dictionary(
      targets.hosts.compactMap { target in
        guard plan.before[target.name] != nil, case .through(let transport) = target.reach else {
          return nil
        }
        return (
          target.name, Way(transport: transport, addresses: target.identity.addresses.map(\.description))
        )
      }, uniquingKeysWith: { one, _ in one })
  }

  /// In words: `deploy since 2026-11-30T03:01:39Z (process 4711)`.
  package var words: String { "\(user) since \(Timestamp(seconds: time)) (process \(process))" }

  /// All of its hosts, as a command finds them.
  package var request: TargetRequest {
    TargetRequest(
      isLocal: false, isLab: isLab, host: plan.before.keys.sorted().joined(separator: ", "), from: from,
      patience: Patience(answer: .milliseconds(patience)))
  }

  /// The hosts, reached as they were then. They are to have nothing: they can only go back.
  package var targets: [Target] {
    let addresses = ways.mapValues { $0.addresses.compactMap { try? Address(parsing: $0) } }
    let owners = Dictionary(
      addresses.flatMap { host, own in own.map { ($0, host) } }, uniquingKeysWith: { one, _ in one })
    return ways.map { host, way in
      Target(
        name: host, wanted: Table(family: .inet, name: "sekisho", chains: [], sets: []),
        reach: .through(way.transport),
        identity: HostIdentity(host: host, addresses: addresses[host] ?? [], owners: owners),
        patience: Patience(answer: .milliseconds(patience)))
    }
  }
}

/// The journals of the runs of this controller, one file each.
///
///     20261130T030139Z-4711.jsonl   a run: its head, then what it was about to do, a line each
///     lock                          whoever runs holds it
package struct RunDirectory: Sendable {
  /// Runs that are kept, the one that goes on among them.
  package static let mostRuns = 50
  /// Bytes of a journal: of ten thousand hosts it has some ten million.
  static let mostBytes = 1 << 28

  let path: String

  /// `sekisho/runs` below `XDG_STATE_HOME` or `~/.local/state` (XDG Base Directory Specification), which is made where it is
  /// missing. Root's own are below it as well: `/var/lib/sekisho` is of what this machine is as a host.
  ///
  /// - Throws: ``RunRefusal``.
  package init() throws {
    guard let base = Self.base else {
      throw RunRefusal.noPlace("~/.local/state", "neither XDG_STATE_HOME nor HOME is a directory")
    }
    try self.init(base: base)
  }

  /// - Parameter base: absolute path.
  /// - Throws: ``RunRefusal``.
  package init(base: String) throws {
    var path = ""
    for part in base.split(separator: "/").map(String.init) + ["sekisho", "runs"] {
      path += "/\(part)"
      do throws(SystemFailure) { try Files.makeDirectory(path, .ownerReadWriteExecute) } catch {
        if ![.fileExists, .readOnlyFileSystem].contains(error.errno) {
          throw RunRefusal.noPlace(path, "the directory cannot be made: \(error.errno)")
        }
      }
    }
    // Who may write here decides which hosts go back to what.
    do throws(DirectoryRefusal) { self.path = try StateDirectory(path: path).path } catch {
      throw RunRefusal.noPlace(error.path, error.reason)
    }
  }

  private static var base: String? {
    if let named = Environment.variable("XDG_STATE_HOME"), named.first == "/" { return named }
    return Environment.variable("HOME").flatMap { $0.first == "/" ? "\($0)/.local/state" : nil }
  }

  /// Refuses where no run can begin.
  ///
  /// - Throws: as ``begin(_:)``.
  package func requireNone() throws {
    let lock = try locked()
    defer { withExtendedLifetime(lock) {} }
    if let other = try left() { throw RunRefusal.unfinished(other.head) }
  }

  /// Begins a run.
  ///
  /// - Throws: ``RunRefusal`` where another goes on or was left, or what files throw.
  package func begin(_ head: RunHead) throws -> RunJournal {
    let lock = try locked()
    if let other = try left() { throw RunRefusal.unfinished(other.head) }
    let directory = try Directory(opening: path)
    let name = Self.name(head)
    try directory.append(try RunJournal.line(head), to: name, .ownerReadWrite)
    // By the clock, which may have been ahead, this one need not be the newest.
    for old in try journals().filter({ $0 != name }).dropLast(Self.mostRuns - 1) { try directory.remove(old) }
    return RunJournal(directory, name, lock, head, RunProgress())
  }

  /// The run that was left.
  ///
  /// - Throws: ``RunRefusal`` where one goes on or none was left, or what files throw.
  package func unfinished() throws -> RunJournal {
    let lock = try locked()
    guard let found = try left() else { throw RunRefusal.none }
    let directory = try Directory(opening: path)
    // What is added next would stand behind a line that a power cut has left without its end, and be no line.
    try directory.shorten(found.name, to: found.length)
    return RunJournal(directory, found.name, lock, found.head, found.progress)
  }

  private func locked() throws -> RunLock {
    do throws(SystemFailure) { return RunLock(try FileLock("\(path)/lock")) } catch {
      guard error.errno == .wouldBlock else { throw error }
      throw RunRefusal.runs((try? left())?.head)
    }
  }

  /// The run that has not come to its end. No other begins as long as there is one; which began last is not asked for, since the
  /// clock may have been ahead.
  private func left() throws -> (name: String, head: RunHead, progress: RunProgress, length: Int)? {
    let directory = try Directory(opening: path)
    for name in try journals().reversed() {
      if try isEnded(name, in: directory) { continue }
      let bytes = try directory.read(name, atMost: Self.mostBytes, isOwn: true) ?? []
      // A line without its end was never brought to disk: what it says was not begun.
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()[...]
      guard let first = lines.popFirst() else { continue }
      let head: RunHead
      var progress = RunProgress()
      do {
        head = try JSONDecoder().decode(RunHead.self, from: Data(first))
        guard head.formatVersion == RunHead.version else { throw RunRefusal.damaged("\(path)/\(name)") }
        for line in lines { progress.take(try JSONDecoder().decode(RunEntry.self, from: Data(line))) }
      } catch {
        throw RunRefusal.damaged("\(path)/\(name)")
      }
      if progress.isEnded { continue }
      let length = (bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
      return (name, head, progress, length)
    }
    return nil
  }

  /// Whether the last line of a journal says so: journals may be long, and most have come to their end.
  private func isEnded(_ name: String, in directory: borrowing Directory) throws -> Bool {
    let end = try directory.readEnd(name, 1 << 16, isOwn: true) ?? []
    let lines = end.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    guard lines.count > 1, let last = lines.last else { return false }
    return (try? JSONDecoder().decode(RunEntry.self, from: Data(last)))?.act == .ended
  }

  /// The names of all journals, the oldest first.
  private func journals() throws -> [String] {
    try Directory(opening: path).entries().keys.filter { $0.hasSuffix(".jsonl") }.sorted()
  }

  private static func name(_ head: RunHead) -> String {
    let time = "\(Timestamp(seconds: head.time))".filter { !"-:".contains($0) }
    return "\(time)-\(head.process).jsonl"
  }
}

/// The journal of a run that goes on; as long as it is there no other can.
package final class RunJournal: RunLog {
  package let head: RunHead
  /// How far the run had come when the journal was opened.
  package let progress: RunProgress
  private let directory: Directory
  private let name: String
  private let lock: RunLock

  fileprivate init(
    _ directory: consuming Directory, _ name: String, _ lock: RunLock, _ head: RunHead,
    _ progress: RunProgress
  ) {
    self.directory = directory
    self.name = name
    self.lock = lock
    self.head = head
    self.progress = progress
  }

  package func write(_ entry: RunEntry) throws {
    var entry = entry
    entry.time = Timestamp.current().seconds
    // One that somebody has removed meanwhile would be made anew without its head.
    try directory.append(try Self.line(entry), to: name, .ownerReadWrite, isNew: false)
  }

  static func line(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}

/// The right to run, for as long as it is there.
private final class RunLock: Sendable {
  private let lock: FileLock

  init(_ lock: consuming FileLock) { self.lock = lock }
}

/// Why a run is not begun, or not gone on with.
package enum RunRefusal: Error {
  /// One goes on; `nil`: it has only just begun, or is about to end.
  case runs(RunHead?)
  /// One was left.
  case unfinished(RunHead)
  /// None was left.
  case none
  /// A journal is not what was written.
  case damaged(String)
  /// There is no directory for journals, by its path, and why.
  case noPlace(String, String)
}
