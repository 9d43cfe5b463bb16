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
  let host: String
  /// `nil`: this machine, of which no inventory was asked.
  let target: Target?
  let armed: Armed
  /// Whether sessions go on that the new rules would not let begin.
  let keepsSessions: Bool

  /// What became of the trial.
  func ending() async -> Ending {
    var isAsked = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
    if !isAsked { tellHow() }
    // Whoever confirms needs a moment behind the end of the clock; one that died at it is taken up by the next command.
    var rounds = 0
    while rounds < 120 {
      let books: Books
      do { books = try await History().asked(of: target) } catch { return .unknown(armed, error) }
      if let ending = books.ending(of: armed, Unconfirmed()) {
        if isAsked { console.raw("\r\u{1b}[K") }
        return ending
      }
      if books.trial?.left == 0 { rounds += 1 }
      guard isAsked else {
        try? await Task.sleep(for: .milliseconds(500))
        continue
      }
      let left = ((books.trial?.left ?? 0) + 999) / 1000
      console.raw("\r\u{1b}[K\(host): can you open a NEW connection? [yes/no] (\(left) s) ")
      switch answer() {
      case .yes:
        let confirmation = Confirm(token: armed.token, keepsSessions: keepsSessions)
        do { return .confirmed(armed, try await confirmation.asked(of: target)) } catch {
          console.error("\(error)")
          isAsked = false
        }
      case .no:
        do { _ = try await EndTrial().asked(of: target) } catch { console.error("\(error)") }
        isAsked = false
      case .gone:
        // Nobody will answer here any more; somebody may elsewhere.
        console.raw("\n")
        tellHow()
        isAsked = false
      case .none: break
      }
    }
    return .unknown(armed, Unfinished())
  }

  /// Said however quiet one is asked to be: without it nobody could confirm.
  private func tellHow() {
    console.raw(
      Console.shown(
        "\(host): on trial for \(armed.seconds) s; to keep it, from a new connection: sekisho confirm \(armed.token)"
      )
        + "\n")
  }

  private enum Said {
    case yes, no
    /// Standard input has ended.
    case gone
    case none
  }

  /// What is said within a second.
  private func answer() -> Said {
    guard (try? FileDescriptor.standardInput.waitToRead(until: .now + .seconds(1))) == true else {
      return .none
    }
    switch readLine()?.lowercased() {
    case nil: return .gone
    case "yes", "y": return .yes
    case "no", "n": return .no
    default: return .none
    }
  }
}

/// A confirmation was begun.
struct Unfinished: Error, CustomStringConvertible {
  var description: String { "a confirmation was begun and not brought to its end" }
}

/// Nobody confirmed.
struct Unconfirmed: Error, CustomStringConvertible {
  var description: String { "nobody confirmed it" }
}

extension TrialDialogue {
  /// Applies a change, with its trial where it has one.
  static func answer(
    _ change: FleetChange, _ trial: TrialOptions, isTried: Bool, concurrency: Int, _ console: Console
  ) async -> Answer {
    let changing = change.running.changing.count
    let note = trial.note(change.found.meaning?.summary ?? "")
    let outcomes = await change.apply(
      isTried ? trial.request(note) : nil, note: note, keepsSessions: trial.keepSessions,
      concurrency: concurrency, watch: AppliedLine(console, isTried: isTried))
    let hosts = zip(outcomes, change.running.changing).map { ($0, $1.target, $1.looked.seen) }
    return ApplyAnswer.of(
      await endings(hosts, keepsSessions: trial.keepSessions, console),
      unchanged: change.found.hosts.count - changing,
      skipped: change.skipped, facts: change.found.facts)
  }

  /// What became of every host, once somebody has said so of those that no connection says it of.
  static func endings(
    _ hosts: [(outcome: FleetChange.Outcome, target: Target?, seen: Seen?)], keepsSessions: Bool,
    _ console: Console
  ) async -> [FleetChange.Outcome] {
    var ended: [FleetChange.Outcome] = []
    for (outcome, target, seen) in hosts {
      guard case .success(.armed(let armed)) = outcome.ending else {
        ended.append(outcome)
        continue
      }
      let dialogue = TrialDialogue(
        console: console, host: outcome.host, target: target, armed: armed, keepsSessions: keepsSessions)
      let ending = await dialogue.ending()
      do {
        if case .unconfirmed(_, let reason) = ending {
          try await target?.requireStanding(behind: armed, as: seen, because: reason)
        }
        ended.append((outcome.host, .success(ending)))
      } catch {
        ended.append((outcome.host, .failure(error)))
      }
    }
    return ended
  }
}
