import Addressing
import AgentProtocol
import Fleet
import Foundation
import Nftables
import Synchronization
import Testing

@testable import Operations

/// Hosts of a run that keep it waiting, and nobody else.
@Suite struct RunWaitTests {
  init() {
    // A broken pipe is an error of write(2), as it is in the product.
    signal(SIGPIPE, SIG_IGN)
  }

  private static func plan(_ hosts: [String], seconds: Int, concurrency: Int = 16) -> RunPlan {
    RunPlan(
      steps: [hosts.map { .init(name: $0, digest: $0) }], waves: [hosts],
      before: Dictionary(
        uniqueKeysWithValues: hosts.map { ($0, .init(revision: 1, digest: "x", last: 1, wasOpen: false)) }),
      settings: RunSettings(seconds: seconds, concurrency: concurrency))
  }

  /// Waits for something that may never end.
  private static func waiting<Result: Sendable>(
    for what: String, _ body: @escaping @Sendable () async -> Result
  ) async throws -> Result {
    let result = Mutex<Result?>(nil)
    let task = Task {
      let value = await body()
      result.withLock { $0 = value }
    }
    defer { task.cancel() }
    let end = ContinuousClock.now + .seconds(1500)
    while ContinuousClock.now < end {
      if let value = result.withLock({ $0 }) { return value }
      try await Task.sleep(for: .milliseconds(20))
    }
    return try #require(result.withLock { $0 }, "waited in vain for \(what)")
  }

  @Test(.timeLimit(.minutes(60)))
  func `hosts that hang while they are renewed let no other trial run out`() async throws {
    // As many hang as are asked at once.
    let fleet = HangingFleet(
      MemoryFleet(Self.plan(["a", "b", "c", "d", "e"], seconds: 3, concurrency: 2)), ["a", "c"], .extend)
    let run = WaveRun(
      fleet.inner.plan, on: fleet, log: fleet.inner, listener: Deaf(),
      check: { _ in
        let end = ContinuousClock.now + .seconds(600)
        while true {
          let renewed = fleet.renewed.withLock { $0 }
          let missing = ["b", "d", "e"].filter { renewed[$0, default: 0] < 3 }
          if missing.isEmpty { return }
          if ContinuousClock.now > end { throw RunStop(reason: "waited in vain for \(missing)") }
          try await Task.sleep(for: .milliseconds(50))
        }
      })
    let report = try await Self.waiting(for: "the run") { await run.goOn() }
    #expect(report.wentBack == nil)
    #expect(fleet.renewed.withLock { $0.keys.contains("a") } == false)
  }

  @Test(.timeLimit(.minutes(60)))
  func `who hangs while all goes back is named once somebody asks twice, and only then`() async throws {
    let fleet = HangingFleet(MemoryFleet(Self.plan(["a", "b", "c"], seconds: 3600)), ["b"], .goBack)
    let interrupt = RunInterrupt(patience: .milliseconds(300))
    let asker = Task {
      while fleet.hangs.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(10)) }
      interrupt.ask()
      // Asked once nobody is left behind.
      try await Task.sleep(for: .seconds(1))
      fleet.isAsked.withLock { $0 = true }
      interrupt.ask()
    }
    defer { asker.cancel() }
    let run = WaveRun(
      fleet.inner.plan, on: fleet, log: fleet.inner, listener: Deaf(),
      check: { _ in throw RunStop(reason: "no") }, interrupt: interrupt)
    let report = try await Self.waiting(for: "the run to go back") { await run.goOn() }
    #expect(fleet.isAsked.withLock { $0 })
    #expect(report.stuck.map(\.host) == ["b"] && report.wentBack == "no")
    #expect("\(try #require(report.stuck.first).error)".contains("interrupted again"))
    #expect(fleet.inner.state.withLock { $0.trials.keys.sorted() } == ["b"])
    // Somebody may try again.
    #expect(!fleet.inner.progress.isEnded)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a host without a trial is not waited for as long as one may run`() async throws {
    let plan = Self.plan(["a"], seconds: 86_400)
    let target = Target(
      name: "a", wanted: Table(family: .inet, name: "sekisho", chains: [], sets: []),
      reach: .through(AgentTransport(command: ["/bin/false"])),
      identity: HostIdentity(host: "a", addresses: [], owners: [:]), patience: Patience())
    let fleet = TargetsFleet(plan, [target], wasLeft: false)
    let failure = try await Self.waiting(for: "a host that has no trial") {
      await #expect(throws: AgentFailure.self) { try await fleet.goBack("a", to: 0) }
    }
    #expect(failure?.code == .unreachable)
  }

  @Test(.timeLimit(.minutes(60)))
  func `a check is told of more hosts than a string of the environment can be, whether it reads or not`()
    async throws
  {
    let hosts = (0..<40_000).map { "host-\($0)" }
    let wave = RunWave(step: 0, wave: 1, of: Self.plan(hosts, seconds: 60), hosts: hosts)
    func judge(_ command: String) async throws {
      try await RunCheck(["/bin/sh", "-c", command], within: .seconds(300)).judge(wave) { false }
    }
    try await judge(
      "cat | sha256sum | grep -q \"$(seq 0 39999 | sed s/^/host-/ | sha256sum)\" && test $SEKISHO_WAVE/$SEKISHO_WAVES = 2/1"
    )
    try await judge("exit 0")
    try await judge("exec <&-; exit 0")
    await #expect(throws: RunStop.self) { try await judge("head -n 1 | grep -qx host-1") }
  }
}

/// Hosts in memory of which some hang where they are asked for something.
private final class HangingFleet: RunFleet {
  enum Call { case extend, goBack }

  let inner: MemoryFleet
  private let hosts: Set<String>
  private let call: Call
  /// How often the others were renewed.
  let renewed = Mutex<[String: Int]>([:])
  let hangs = Mutex(0)
  let isAsked = Mutex(false)

  init(_ inner: MemoryFleet, _ hosts: Set<String>, _ call: Call) {
    self.inner = inner
    self.hosts = hosts
    self.call = call
  }

  private func hang(_ host: String, _ call: Call) async throws {
    guard call == self.call, hosts.contains(host) else { return }
    hangs.withLock { $0 += 1 }
    try await Task.sleep(for: .seconds(86_400))
  }

  func begin(_ host: String, step: Int) throws -> RunTrial? { try inner.begin(host, step: step) }
  func prove(_ host: String, _ trial: RunTrial) throws { try inner.prove(host, trial) }
  func confirm(_ host: String, _ trial: RunTrial) throws -> RunKept { try inner.confirm(host, trial) }

  func extend(_ host: String, _ trial: RunTrial) async throws {
    try await hang(host, .extend)
    renewed.withLock { $0[host, default: 0] += 1 }
  }

  func goBack(_ host: String, to level: Int) async throws {
    try await hang(host, .goBack)
    try inner.goBack(host, to: level)
  }
}
