package import AgentProtocol

/// What is asked of the hosts of a run. Each call may fail, and what failed may have happened all the same.
///
/// Hosts have levels: behind so many steps of the run, at 0 what they had when it began.
package protocol RunFleet: Sendable {
  /// Puts what a host has behind a step on trial. Where its trial runs already, its time begins anew; where it was confirmed,
  /// nothing is done.
  ///
  /// - Returns: what is on trial; `nil`: the host has it.
  func begin(_ host: String, step: Int) async throws -> RunTrial?
  /// Shows over a connection that begins now that a host can still be reached.
  func prove(_ host: String, _ trial: RunTrial) async throws
  /// Lets the time of a trial begin anew.
  func extend(_ host: String, _ trial: RunTrial) async throws
  /// Makes what is on trial stay, over a connection that begins now.
  func confirm(_ host: String, _ trial: RunTrial) async throws -> RunKept
  /// Brings a host to a level, from a trial or a higher one.
  ///
  /// - Throws: where it is not known to be there; it is left as it is where others have changed it.
  func goBack(_ host: String, to level: Int) async throws
}

/// A trial that a run has begun, or found.
package struct RunTrial: Hashable, Sendable {
  package let revision: Int
  /// Who has it may confirm; `nil`: it was told to a process that is gone.
  package let token: String?

  package init(revision: Int, token: String?) {
    self.revision = revision
    self.token = token
  }
}

/// What a host has for good.
package struct RunKept: Hashable, Sendable {
  package let revision: Int
  /// What became of sessions that the rules would not let begin; `nil`: nobody could say.
  package let cut: CutReport?

  package init(revision: Int, cut: CutReport?) {
    self.revision = revision
    self.cut = cut
  }
}

/// Where a host of a run stands.
package enum RunStanding: Hashable, Sendable {
  /// What it has behind so many steps is confirmed.
  case at(level: Int)
  /// What it has behind a step is on trial.
  case trying(step: Int, revision: Int)
  /// Something that the run did not bring is confirmed or on trial: by whom.
  case elsewhere(String)

  /// - Parameter books: of a host of the plan.
  package init(of host: String, in plan: RunPlan, _ books: Books) {
    let before = plan.before[host] ?? RunPlan.Before(revision: nil, digest: nil, last: 0, wasOpen: true)
    func entry(_ number: Int) -> Books.Entry? { books.revisions.first { $0.number == number } }
    func words(_ number: Int) -> String { "revision \(number)\(entry(number)?.by.map { " by \($0)" } ?? "")" }
    // The latest first: two steps may want the same.
    let steps = plan.steps.indices.reversed().filter { step in plan.steps[step].contains { $0.name == host } }
    func step(of number: Int) -> Int? {
      guard number > before.last, let digest = entry(number)?.digest else { return nil }
      return steps.first { plan.digest(of: host, at: $0 + 1) == digest }
    }
    if let trial = books.trial {
      self =
        step(of: trial.revision).map { .trying(step: $0, revision: trial.revision) }
        ?? .elsewhere("\(words(trial.revision)) is on trial")
      return
    }
    guard let confirmed = books.confirmed, confirmed != before.revision else {
      self = books.confirmed == before.revision ? .at(level: 0) : .elsewhere("nothing is confirmed any more")
      return
    }
    if let step = step(of: confirmed) {
      self = .at(level: step + 1)
    } else if confirmed > before.last, let digest = entry(confirmed)?.digest, digest == before.digest {
      self = .at(level: 0)
    } else {
      self = .elsewhere("\(words(confirmed)) was confirmed since")
    }
  }
}

extension RunPlan {
  /// Whether a run has ever put something on trial on a host, as far as its books go back.
  package func hasBrought(_ host: String, _ books: Books) -> Bool {
    let digests = Set(steps.flatMap { step in step.filter { $0.name == host }.map(\.digest) })
    return books.revisions.contains { revision in
      revision.number > before[host]?.last ?? 0 && revision.digest.map { digests.contains($0) } ?? true
    }
  }
}
