import Addressing
import Foundation
import Lab
import LabHarness
import Policy
import Rollout
import Testing

/// Connections between hosts of a lab while they change, and what each of them may have seen.
///
/// While hosts open, all passes that the old policy allows; while they close, all that the new one does; and nothing ever that neither
/// allows. A connection that comes about needs a moment at which it might, and one that does not, or is lost, one at which it need not.
final class MeshTraffic {
  /// From a host to a port of another one.
  struct End {
    let from: Int
    let to: Int
    let port: UInt16
    let address: Address
    /// By policy.
    let allowed: [Bool]
  }

  /// What is true of hosts for a time.
  private enum Phase {
    case under(policy: Int)
    /// From this policy to the next.
    case opening(Int), closing(Int), renaming(Int)

    /// What surely passes.
    func keeps(_ end: End) -> Bool {
      switch self {
      case .under(let policy), .opening(let policy): end.allowed[policy]
      case .closing(let policy): end.allowed[policy + 1]
      case .renaming(let policy): end.allowed[policy] && end.allowed[policy + 1]
      }
    }

    /// What may pass.
    func allows(_ end: End) -> Bool {
      switch self {
      case .under(let policy): end.allowed[policy]
      case .opening(let policy), .closing(let policy), .renaming(let policy):
        end.allowed[policy] || end.allowed[policy + 1]
      }
    }
  }

  /// What the program `mesh` of a host says of one of its ends.
  private struct Event {
    enum Kind { case opened, shut, heard(session: Int), lost }
    let kind: Kind
    let end: Int
    let begin: Int
    let over: Int
  }

  /// What was seen.
  struct Figures {
    var opened = 0
    var shut = 0
    var words = 0
    var cut = 0
    /// Sessions that lived through a change, once for each.
    var lived = 0
    /// Of hosts.
    var changes = 0
  }

  let ends: [End]
  private let directory: String
  /// The ends of each host.
  private let own: [[Int]]
  private var offsets: [UInt64]
  private var events: [Event] = []
  /// When each end was last answered, and in which session.
  private var heard: [(session: Int, time: Int)?]
  private var begun = 0
  /// Each from its beginning to that of the next.
  private var phases: [(phase: Phase, begin: Int)] = []
  /// When each change began and was over.
  private var changes: [(begin: Int, over: Int)] = []
  /// The session of each end that a change found.
  private var found: [[Int?]] = []
  private(set) var faults: [String] = []

  /// - Parameters:
  ///   - triples: hosts and places of ports.
  ///   - directory: where the programs write.
  init(_ triples: [[Int]], _ policies: [Policy], hosts count: Int, in directory: String) throws {
    let oracles = policies.map { Oracle($0) }
    let now = Timestamp(seconds: 1_800_000_000)
    ends = try triples.enumerated().map { number, triple in
      let isIPv6 = number % 2 == 1
      let addresses = try triple.prefix(2).map {
        try Address(parsing: MeshFleet.address($0, isIPv6: isIPv6))
      }
      let port = MeshFleet.ports[triple[2]]
      let connection = Connection(
        from: addresses[0], to: addresses[1], .tcp, .ports(source: 40_000, destination: port))
      let allowed = try zip(policies, oracles).map { policy, oracle in
        func allows(_ host: Int, _ direction: Direction) throws -> Bool {
          let id = try #require(policy.host(named: MeshFleet.name(host)))
          if case .denied = oracle.judge(connection, at: id, direction, now: now) { return false }
          return true
        }
        return try allows(triple[0], .egress) && allows(triple[1], .ingress)
      }
      return End(from: triple[0], to: triple[1], port: port, address: addresses[1], allowed: allowed)
    }
    self.directory = directory
    let own = Dictionary(grouping: ends.indices) { [ends] in ends[$0].from }
    self.own = (0..<count).map { own[$0] ?? [] }
    offsets = [UInt64](repeating: 0, count: count)
    heard = Array(repeating: nil, count: ends.count)
  }

  /// Speaks on all ends while something is done.
  func running(
    _ lab: Lab, pause: Int, from host: Int = 0, _ body: @escaping () async throws -> Void
  ) async throws {
    guard host < own.count else {
      begun = Self.now()
      phases = [(.under(policy: 0), begun)]
      return try await body()
    }
    let words = own[host].map { "\(ends[$0].address)/\(ends[$0].port)" }
    let command =
      try lab.execPrefix(MeshFleet.name(host)) + [
        supportProgram(), "mesh", "\(directory)/\(host)",
        MeshFleet.ports.map(String.init).joined(separator: ","), "\(pause * 1000)",
      ] + words
    nonisolated(unsafe) let rest = { try await self.running(lab, pause: pause, from: host + 1, body) }
    let finished = try await whileRunning(command, after: "meshing") { try await rest() }.finished
    #expect(finished.status == 0, "\(finished.output)")
  }

  /// Hosts change from one policy to the next, once everything that the first one allows goes on.
  func changing(_ body: () async throws -> Void) async throws {
    try await settle()
    found.append(heard.map { $0?.session })
    let begin = Self.now()
    try await body()
    changes.append((begin, Self.now()))
    phases.append((.under(policy: changes.count), Self.now()))
  }

  /// A step of a change begins.
  func begins(_ step: RolloutStep) {
    let policy = changes.count
    let phase: Phase = step.opens ? .opening(policy) : step.closes ? .closing(policy) : .renaming(policy)
    phases.append((phase, Self.now()))
  }

  /// Waits until every end that is allowed has been answered since the last change.
  func settle() async throws {
    let policy = changes.count
    let since = changes.last?.over ?? begun
    let last = ContinuousClock.now + .seconds(300)
    while true {
      try read()
      let missing = ends.indices.filter {
        ends[$0].allowed[policy] && heard[$0].map { $0.time <= since } ?? true
      }
      if missing.isEmpty { return }
      try #require(
        ContinuousClock.now < last,
        "waited in vain for \(missing.prefix(5).map(words)) and \(missing.count) in all behind change \(policy)"
      )
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  // MARK: What was seen

  private func read() throws {
    for host in own.indices {
      guard let handle = FileHandle(forReadingAtPath: "\(directory)/\(host)") else { continue }
      defer { try? handle.close() }
      try handle.seek(toOffset: offsets[host])
      let data = try handle.readToEnd() ?? Data()
      guard let end = data.lastIndex(of: 0x0a) else { continue }
      offsets[host] += UInt64(end - data.startIndex + 1)
      for line in String(decoding: data[...end], as: UTF8.self).split(separator: "\n") {
        take(line, of: host)
      }
    }
  }

  private func take(_ line: Substring, of host: Int) {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }
    let end = own[host][numbers[0]]
    switch words[0] {
    case "try":
      events.append(
        Event(kind: numbers[3] == 1 ? .opened : .shut, end: end, begin: numbers[1], over: numbers[2]))
    case "heard":
      heard[end] = (numbers[1], numbers[3])
      events.append(
        Event(kind: .heard(session: numbers[1]), end: end, begin: numbers[2], over: numbers[3]))
    default: events.append(Event(kind: .lost, end: end, begin: numbers[2], over: numbers[3]))
    }
  }

  /// Judges everything that was seen until now.
  func judged() throws -> Figures {
    try read()
    let now = Self.now()
    var figures = Figures()
    // The first words of each end behind each change.
    var next: [[Int?]] = changes.map { _ in Array(repeating: nil, count: ends.count) }
    for event in events where event.begin >= begun && event.over <= now {
      let end = ends[event.end]
      let times = phases(event.begin, event.over)
      let (might, need) = (times.contains { $0.allows(end) }, times.allSatisfy { $0.keeps(end) })
      switch event.kind {
      case .opened:
        figures.opened += 1
        if !might { fault(event, "came about") }
      case .shut:
        figures.shut += 1
        if need { fault(event, "did not come about") }
      case .heard(let session):
        figures.words += 1
        if !might { fault(event, "was answered in a session") }
        for change in changes.indices
        where event.begin > changes[change].over && next[change][event.end] == nil {
          next[change][event.end] = session
        }
      case .lost:
        figures.cut += 1
        if need { fault(event, "was lost") }
      }
    }
    for change in changes.indices {
      for end in ends.indices where ends[end].allowed[change] && ends[end].allowed[change + 1] {
        if found[change][end] == next[change][end] {
          figures.lived += 1
        } else {
          faults.append("\(words(end)): its session did not live through change \(change)")
        }
      }
    }
    return figures
  }

  /// Those of which some moment is within a time.
  private func phases(_ begin: Int, _ over: Int) -> [Phase] {
    var (low, high) = (0, phases.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if phases[middle].begin < begin { low = middle } else { high = middle - 1 }
    }
    return phases[low...].prefix { $0.begin <= over }.map(\.phase)
  }

  private func fault(_ event: Event, _ words: String) {
    faults.append("\(self.words(event.end)) \(words), \(phases(event.begin, event.over))")
  }

  private func words(_ end: Int) -> String {
    "\(MeshFleet.name(ends[end].from)) to \(MeshFleet.name(ends[end].to)) port \(ends[end].port)"
  }

  /// In microseconds of CLOCK_MONOTONIC, as the programs have it.
  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }
}
