import AgentProtocol
import Operations
import Synchronization
import Testing

/// Hosts and a journal in memory, of which the nth call fails.
final class MemoryFleet: RunFleet, RunLog {
  /// A call that fails.
  struct Fault: Sendable {
    let call: Int
    /// Whether what was asked for has happened all the same.
    let isAfter: Bool
    /// Whether nothing comes through any more from there on: whoever calls is dead.
    var isLasting = false
  }

  struct Lost: Error {}

  struct State: Sendable {
    var levels: [String: Int] = [:]
    var trials: [String: (step: Int, revision: Int, isProven: Bool)] = [:]
    var entries: [RunEntry] = []
    var revision = 0
    var calls = 0
    var fault: Fault?
    /// Hosts that no new connection gets to.
    var shut: Set<String> = []
    /// What no run may do.
    var mistakes: [String] = []
  }

  let plan: RunPlan
  let state: Mutex<State>

  init(_ plan: RunPlan, fault: Fault? = nil, shut: Set<String> = []) {
    self.plan = plan
    var state = State()
    state.fault = fault
    state.shut = shut
    self.state = Mutex(state)
  }

  var progress: RunProgress {
    state.withLock { state in
      var progress = RunProgress()
      for entry in state.entries { progress.take(entry) }
      return progress
    }
  }

  /// The levels at which all hosts are; `nil`: one is on trial.
  var levels: [String: Int]? {
    state.withLock { state in
      guard state.trials.isEmpty else { return nil }
      return Dictionary(uniqueKeysWithValues: plan.waves.joined().map { ($0, state.levels[$0, default: 0]) })
    }
  }

  /// Whoever called is replaced by somebody who lives.
  func heal(endingTrials: Bool) {
    state.withLock { state in
      state.fault = nil
      if endingTrials { state.trials = [:] }
    }
  }

  private func call<Answer>(_ body: (inout State) throws -> Answer) throws -> Answer {
    try state.withLock { state in
      state.calls += 1
      guard let fault = state.fault, state.calls >= fault.call, state.calls == fault.call || fault.isLasting
      else { return try body(&state) }
      if fault.isAfter, state.calls == fault.call { _ = try body(&state) }
      throw Lost()
    }
  }

  func write(_ entry: RunEntry) throws { try call { $0.entries.append(entry) } }

  func begin(_ host: String, step: Int) throws -> RunTrial? {
    try call { state in
      var progress = RunProgress()
      for entry in state.entries { progress.take(entry) }
      if !progress.touched(plan, step: step).contains(host) {
        state.mistakes.append("\(host) is begun with ahead of the journal")
      }
      let level = state.levels[host, default: 0]
      if let trial = state.trials[host] {
        guard trial.step >= step else { throw Lost() }
        return trial.step > step ? nil : RunTrial(revision: trial.revision, token: nil)
      }
      if level > step { return nil }
      guard level == plan.level(of: host, behind: step) else { throw Lost() }
      state.revision += 1
      state.trials[host] = (step, state.revision, false)
      return RunTrial(revision: state.revision, token: "t\(state.revision)")
    }
  }

  func prove(_ host: String, _ trial: RunTrial) throws {
    try call { state in
      guard state.trials[host]?.revision == trial.revision, !state.shut.contains(host) else { throw Lost() }
      state.trials[host]?.isProven = true
    }
  }

  func extend(_ host: String, _ trial: RunTrial) {}

  func confirm(_ host: String, _ trial: RunTrial) throws -> RunKept {
    try call { state in
      guard let running = state.trials[host], running.revision == trial.revision else { throw Lost() }
      if state.trials.values.contains(where: { !$0.isProven }) || state.entries.last?.act != .confirming {
        state.mistakes.append("\(host) is confirmed before all of its wave have proven themselves")
      }
      state.trials[host] = nil
      state.levels[host] = running.step + 1
      return RunKept(revision: trial.revision, cut: nil)
    }
  }

  func goBack(_ host: String, to level: Int) throws {
    try call { state in
      state.trials[host] = nil
      state.levels[host] = min(state.levels[host, default: 0], plan.level(of: host, behind: level))
    }
  }
}

/// Hears nothing.
struct Deaf: RunListener {
  func hear(_ event: RunEvent) {}
}
