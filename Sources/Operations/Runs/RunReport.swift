internal import Synchronization

/// Hears of a run, of many hosts at once.
package protocol RunListener: Sendable {
  func hear(_ event: RunEvent)
}

/// What is told of a run.
package enum RunEvent: Sendable {
  /// How far a host has come in its wave.
  package enum Stage: String, Sendable, CaseIterable {
    case arming
    case onTrial = "on-trial"
    case proven, confirming, confirmed
    case failed
    case goingBack = "going-back"
    case back = "rolled-back"
    case stuck
  }

  case wave(RunWave)
  case host(String, Stage, (any Error)?)
  /// The time of their trials has begun anew.
  case extended([String])
  case checks(RunWave)
  case confirmed(RunWave)
  /// Everything goes back, and why.
  case goesBack(String)
  case ended(RunReport)
}

/// What has become of a host of a run.
package enum RunFate: Sendable {
  /// It was not begun with.
  case untouched
  /// It has what it was to get; `nil`: it had it when it was asked, or who brought it is gone.
  case confirmed(RunKept?)
  /// It has what it had.
  case back
  /// It did not do what it was asked, and has what it had.
  case failed(any Error)
  /// It is not known to have what it had.
  case stuck(any Error)
}

/// What a run has done.
package struct RunReport: Sendable {
  /// In the order of the waves.
  package let hosts: [(host: String, fate: RunFate)]
  /// Why everything went back; `nil`: it did not.
  package let wentBack: String?
  /// Why the journal does not say how the run ended, so that it looks like one that was left; `nil`: it does.
  package let unwritten: (any Error)?

  package init(
    hosts: [(host: String, fate: RunFate)], wentBack: String?, unwritten: (any Error)? = nil
  ) {
    self.hosts = hosts
    self.wentBack = wentBack
    self.unwritten = unwritten
  }

  /// Hosts that are not known to have what they had, and why.
  package var stuck: [(host: String, error: any Error)] {
    hosts.compactMap { if case .stuck(let error) = $1 { ($0, error) } else { nil } }
  }

  /// Hosts that did not do what they were asked, and went back.
  package var failed: [(host: String, error: any Error)] {
    hosts.compactMap { if case .failed(let error) = $1 { ($0, error) } else { nil } }
  }
}

/// What a run knows of its hosts and of itself.
final class RunBook: Sendable {
  private struct State {
    var fates: [String: RunFate] = [:]
    var failures: [(host: String, error: any Error)] = []
    var progress: RunProgress
  }

  private let state: Mutex<State>

  init(_ progress: RunProgress) { state = Mutex(State(progress: progress)) }

  var progress: RunProgress { state.withLock { $0.progress } }
  var failures: Int { state.withLock { $0.failures.count } }

  var failureWords: String {
    state.withLock { state in
      let first = state.failures.first.map { "\($0.host): \($0.error)" } ?? ""
      return state.failures.count == 1
        ? first : "\(state.failures.count) hosts failed, the first of them \(first)"
    }
  }

  func hasFailed(_ host: String) -> Bool { state.withLock { $0.failures.contains { $0.host == host } } }

  func take(_ entry: RunEntry) { state.withLock { $0.progress.take(entry) } }
  func set(_ host: String, _ fate: RunFate) { state.withLock { $0.fates[host] = fate } }
  func fail(_ host: String, _ error: any Error) { state.withLock { $0.failures.append((host, error)) } }

  func goneBack(_ host: String) {
    state.withLock { state in
      state.fates[host] = state.failures.first { $0.host == host }.map { .failed($0.error) } ?? .back
    }
  }

  func report(of plan: RunPlan, wentBack: String?) -> RunReport {
    state.withLock { state in
      RunReport(
        hosts: plan.waves.joined().map { ($0, state.fates[$0] ?? .untouched) }, wentBack: wentBack)
    }
  }
}
