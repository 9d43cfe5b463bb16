internal import AgentProtocol
internal import Glibc
internal import Machine
internal import Operations
internal import SystemPackage

/// Waits for somebody to say that this machine can still be reached.
///
/// At a terminal it is asked, with the time that is left. Elsewhere somebody confirms from another session, or nobody
/// does.
struct TrialDialogue {
  let console: Console
  let target: Target
  let armed: Armed

  /// What became of the trial.
  func ending() async -> Ending {
    let isAsked = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
    if !isAsked {
      console.message(
        "\(target.name): on trial for \(armed.seconds) s; to keep it, from a new connection: sekisho confirm \(armed.token)"
      )
    }
    while true {
      let books: Books
      do { books = try await target.ask([History.self]) { try await $0.ask(History()) } } catch {
        return .unconfirmed(armed, error)
      }
      guard let trial = books.trial, trial.revision == armed.revision else {
        if isAsked { console.raw("\r\u{1b}[K") }
        return books.confirmed == armed.revision
          ? .confirmed(armed, Confirmed(revision: armed.revision, operations: 0))
          : .unconfirmed(armed, Unconfirmed())
      }
      if isAsked {
        let left = (trial.left + 999) / 1000
        console.raw("\r\u{1b}[K\(target.name): can you open a NEW connection? [yes/no] (\(left) s) ")
      }
      switch isAsked ? answer() : nil {
      case true?: return await target.confirmed(armed)
      case false?:
        _ = try? await target.ask([EndTrial.self]) { try await $0.ask(EndTrial()) }
        return .unconfirmed(armed, Unconfirmed())
      case nil: if !isAsked { try? await Task.sleep(for: .milliseconds(500)) }
      }
    }
  }

  /// What was answered within a second: `yes`, `no`, or nothing that is either.
  private func answer() -> Bool? {
    guard (try? FileDescriptor.standardInput.waitToRead(until: .now + .seconds(1))) == true,
      let line = readLine()
    else { return nil }
    switch line.lowercased() {
    case "yes", "y": return true
    case "no", "n": return false
    default: return nil
    }
  }
}

/// Nobody confirmed.
struct Unconfirmed: Error, CustomStringConvertible {
  var description: String { "nobody confirmed it" }
}

extension TrialDialogue {
  /// Applies a change, with its trial where it has one.
  static func answer(
    _ change: FleetChange, _ trial: TrialOptions, isLab: Bool, _ console: Console
  ) async -> Answer {
    let changing = change.running.changing.count
    let progress = ProgressLine(console, total: changing, what: "hosts applied")
    let note = trial.note(change.found.meaning?.summary ?? "")
    let outcomes = await change.apply(trial.request(note, isLab: isLab), note: note) { progress.show($0) }
    progress.end()
    return ApplyAnswer.of(
      await endings(outcomes, change, console), unchanged: change.found.hosts.count - changing,
      skipped: change.skipped, facts: change.found.facts)
  }

  /// What became of every host, once somebody has said so of those that no connection says it of.
  private static func endings(
    _ outcomes: [FleetChange.Outcome], _ change: FleetChange, _ console: Console
  ) async -> [FleetChange.Outcome] {
    var ended: [FleetChange.Outcome] = []
    for (outcome, host) in zip(outcomes, change.running.changing) {
      guard case .success(.armed(let armed)) = outcome.ending else {
        ended.append(outcome)
        continue
      }
      let ending = await TrialDialogue(console: console, target: host.target, armed: armed).ending()
      ended.append((outcome.host, .success(ending)))
    }
    return ended
  }
}
