internal import ArgumentParser
internal import Diagnostics
internal import Machine
internal import Operations
internal import SystemPackage

/// Carries out a run, tells of it, and goes back when somebody interrupts it.
struct RunConduct {
  let console: Console
  let isJSON: Bool
  let skipped: [(host: String, error: any Error)]
  /// Hosts that had what they should.
  let unchanged: Int
  let facts: [HostFacts]

  /// What is done of a run.
  enum Course { case goesOn, goesBack }

  func answer(
    _ journal: RunJournal, on fleet: TargetsFleet, _ course: Course, leavesStuck: Bool = false
  ) async throws -> Answer {
    let plan = journal.head.plan
    let interrupt = RunInterrupt()
    let endings = try Signals.gatherEndings()
    let listening = Task { [console] in
      while (try? await Task.sleep(for: .milliseconds(100))) != nil {
        guard (try? endings.waitToRead(until: .now)) == true else { continue }
        // Each press is a byte, and they are told one by one.
        var byte: UInt8 = 0
        let count = unsafe withUnsafeMutableBytes(of: &byte) { unsafe try? endings.read(into: $0) }
        guard count == 1 else { continue }
        if interrupt.isImpatient { continue }
        interrupt.ask()
        console.error(Self.words(interrupt))
      }
    }
    defer { listening.cancel() }
    let view = RunView(plan, console, json: isJSON)
    do { try view.begin(skipped: skipped) } catch  where course == .goesOn && journal.progress.begun == nil {
      // Nothing has been done of a run that only begins; what was begun is brought to an end whether anybody reads or not.
      try? journal.write(RunEntry(.ended))
      throw error
    } catch {}
    let run = WaveRun(
      plan, on: fleet, log: journal, progress: journal.progress, listener: view,
      check: check(plan, interrupt), interrupt: interrupt, leavesStuck: leavesStuck)
    let report = course == .goesOn ? await run.goOn() : await run.goBack()
    await view.end()
    return RunAnswer.of(report, plan, unchanged: unchanged, skipped: skipped, facts: facts)
  }

  private static func words(_ interrupt: RunInterrupt) -> String {
    interrupt.isImpatient
      ? "interrupted again: hosts that do not go back within \(interrupt.patience.components.seconds) s are named, and left"
      : "interrupted: what was begun is brought to an end, and then all goes back; once more leaves hosts that hang"
  }

  /// Where no host changes, no run is begun.
  func nothing(_ plan: RunPlan) -> Answer {
    RunAnswer.of(
      RunReport(hosts: [], wentBack: nil), plan, unchanged: unchanged, skipped: skipped, facts: facts)
  }

  private func check(_ plan: RunPlan, _ interrupt: RunInterrupt) -> WaveRun.Check? {
    let settings = plan.settings
    if settings.check.isEmpty { return nil }
    return { wave in
      try await RunCheck(settings.check, within: .seconds(settings.checkSeconds)).judge(wave) {
        interrupt.wasAsked
      }
    }
  }
}

extension Refusal {
  init(_ refusal: RunRefusal) {
    switch refusal {
    case .runs(let head):
      self.init(
        .run, "another run goes on\(head.map { ", of \($0.words)" } ?? ""); nothing was done",
        remedy: "wait for its end")
    case .unfinished(let head):
      self.init(
        .run, "the run of \(head.words) was left before its end; nothing was done",
        remedy: "sekisho apply --resume goes on with it, sekisho apply --revert takes back what it did")
    case .none: self.init(.run, "no run was left before its end; nothing was done")
    case .damaged(let path):
      self.init(
        .run, "\(path): the journal of a run cannot be read; nothing was done",
        remedy: "see with sekisho history what the hosts have, then remove the file")
      object = path
    case .noPlace(let path, let reason):
      self.init(
        .run, "\(path): \(reason), and the journal of a run has to be kept; nothing was done",
        remedy: "set XDG_STATE_HOME to a directory of your own")
      object = path
    }
  }
}
