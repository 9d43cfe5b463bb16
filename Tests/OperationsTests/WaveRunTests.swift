import Operations
import Synchronization
import Testing

/// Runs over hosts in memory, with every call failing once and every death of whoever runs.
@Suite struct WaveRunTests {
  private static func plan(mostFailures: Int = 0) -> RunPlan {
    let steps = [["a", "b", "c", "d"], ["b", "c", "e"]].enumerated().map { number, hosts in
      hosts.map { RunPlan.Host(name: $0, digest: "\($0)\(number)") }
    }
    let hosts = ["a", "b", "c", "d", "e"]
    return RunPlan(
      steps: steps, waves: [["a"], ["b", "e"], ["c", "d"]],
      before: Dictionary(
        uniqueKeysWithValues: hosts.map { ($0, .init(revision: 1, digest: "x", last: 1, wasOpen: false)) }),
      // One after the other, so that the nth call is the same each time.
      settings: RunSettings(seconds: 3600, concurrency: 1, mostFailures: mostFailures))
  }

  private static let top = ["a": 1, "b": 2, "c": 2, "d": 1, "e": 2]
  private static let bottom = top.mapValues { _ in 0 }

  private static func run(
    _ fleet: MemoryFleet, check: WaveRun.Check? = nil, interrupt: RunInterrupt = RunInterrupt()
  ) -> WaveRun {
    WaveRun(
      fleet.plan, on: fleet, log: fleet, progress: fleet.progress, listener: Deaf(), check: check,
      interrupt: interrupt)
  }

  private static let refusing: WaveRun.Check = { wave in
    if wave.step == 1, wave.wave == 1 { throw RunStop(reason: "the check says no") }
  }

  @Test func `all hosts go through all steps, wave by wave`() async {
    let fleet = MemoryFleet(Self.plan())
    let seen = Mutex<[String]>([])
    let report = await Self.run(fleet) { wave in
      seen.withLock { $0.append("\(wave.step)/\(wave.wave): \(wave.hosts.joined(separator: " "))") }
    }
    .goOn()
    #expect(report.wentBack == nil && report.stuck.isEmpty && report.failed.isEmpty)
    #expect(fleet.levels == Self.top && fleet.progress.isEnded)
    #expect(fleet.state.withLock { $0.mistakes } == [])
    #expect(
      seen.withLock { $0 } == ["0/0: a", "0/1: b", "0/2: c d", "1/1: b e", "1/2: c"])
  }

  @Test func `whichever call fails, all hosts have what is new or all have what was`() async {
    let calls = await Self.calls(nil)
    #expect(calls > 30)
    var backs = 0
    for call in 1...calls {
      for isAfter in [false, true] {
        let fleet = MemoryFleet(Self.plan(), fault: .init(call: call, isAfter: isAfter))
        let report = await Self.run(fleet).goOn()
        #expect(report.stuck.isEmpty, "call \(call)")
        #expect(fleet.levels == (report.wentBack == nil ? Self.top : Self.bottom), "call \(call)")
        // Nobody who went back is told as confirmed, and nobody who failed as not begun with.
        #expect(report.wentBack == nil || !report.hosts.contains { $0.fate.isConfirmed }, "call \(call)")
        #expect(fleet.state.withLock { $0.mistakes } == [])
        backs += report.wentBack == nil ? 0 : 1
        // Of the last line alone nothing depends.
        if call < calls { #expect(fleet.progress.isEnded, "call \(call)") }
      }
    }
    #expect(backs == 2 * (calls - 1))
  }

  @Test func `a check that says no takes everything back, whichever call of that fails`() async {
    let calls = await Self.calls(Self.refusing)
    for call in 0...calls {
      for isAfter in [false, true] {
        let fleet = MemoryFleet(Self.plan(), fault: .init(call: call, isAfter: isAfter))
        let report = await Self.run(fleet, check: Self.refusing).goOn()
        #expect(report.wentBack != nil)
        // Whoever goes on with it later must not carry out what has gone back, and is told where the journal does not end.
        #expect(fleet.progress.goesBack != nil, "call \(call)")
        if !isAfter, report.stuck.isEmpty {
          #expect((report.unwritten == nil) == fleet.progress.isEnded, "call \(call)")
        }
        if report.stuck.isEmpty {
          #expect(fleet.levels == Self.bottom, "call \(call)")
          continue
        }
        // It is said of which hosts, and somebody may try again.
        #expect(!fleet.progress.isEnded && report.stuck.count == 1, "call \(call)")
        let again = await Self.run(fleet).goOn()
        #expect(again.stuck.isEmpty && again.wentBack != nil && fleet.levels == Self.bottom, "call \(call)")
        #expect(fleet.progress.isEnded)
      }
    }
  }

  @Test(arguments: [false, true])
  func `whoever runs may die at any call, and the run goes on or goes back`(isGoingBack: Bool) async {
    let check = isGoingBack ? Self.refusing : nil
    let calls = await Self.calls(check)
    for call in 1...calls {
      for (isAfter, endsTrials, reverts) in [
        (false, false, false), (false, true, false), (true, false, false), (true, true, false),
        (false, false, true), (false, true, true), (true, false, true), (true, true, true),
      ] {
        let fleet = MemoryFleet(
          Self.plan(), fault: .init(call: call, isAfter: isAfter, isLasting: true))
        _ = await Self.run(fleet, check: check).goOn()
        let wentBack = fleet.progress.goesBack != nil
        let wasEnded = fleet.progress.isEnded
        fleet.heal(endingTrials: endsTrials)
        if wasEnded { continue }
        let next = Self.run(fleet)
        let report = reverts ? await next.goBack() : await next.goOn()
        #expect(report.stuck.isEmpty, "call \(call)")
        #expect(fleet.levels == (reverts || wentBack ? Self.bottom : Self.top), "call \(call)")
        #expect(fleet.state.withLock { $0.mistakes } == [], "call \(call)")
        #expect(fleet.progress.isEnded, "call \(call)")
      }
    }
  }

  @Test func `as many hosts may fail as may, and with one more everything goes back`() async {
    for (shut, most) in [(Set(["b"]), 1), (["b", "c"], 2), (["b"], 0), (["b", "c"], 1), (["e"], 1)] {
      let fleet = MemoryFleet(Self.plan(mostFailures: most), shut: shut)
      let report = await Self.run(fleet).goOn()
      if shut.count > most {
        #expect(report.wentBack != nil && fleet.levels == Self.bottom)
        continue
      }
      #expect(report.wentBack == nil && Set(report.failed.map(\.host)) == shut)
      #expect(fleet.levels == Self.top.merging(shut.map { ($0, 0) }) { $1 })
      #expect(fleet.progress.isEnded)
    }
  }

  @Test func `a run that is interrupted goes back`() async {
    let fleet = MemoryFleet(Self.plan())
    let interrupt = RunInterrupt()
    let report = await Self.run(
      fleet, check: { wave in if wave.wave == 2 { interrupt.ask() } }, interrupt: interrupt
    ).goOn()
    #expect(report.wentBack == "it was interrupted" && fleet.levels == Self.bottom && fleet.progress.isEnded)
  }

  /// How many calls a run makes.
  private static func calls(_ check: WaveRun.Check?) async -> Int {
    let fleet = MemoryFleet(plan())
    _ = await run(fleet, check: check).goOn()
    return fleet.state.withLock { $0.calls }
  }
}

extension RunFate {
  fileprivate var isConfirmed: Bool { if case .confirmed = self { true } else { false } }
}
