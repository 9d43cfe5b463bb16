internal import Diagnostics
internal import Glibc
internal import Operations
internal import Policy
internal import Synchronization

/// A run as it goes on: a line that changes on a terminal, lines elsewhere, and a line of JSON for each event.
final class RunView: RunListener {
  private let plan: RunPlan
  private let console: Console
  private let isJSON: Bool
  private let isLive: Bool
  private let state = Mutex(State())

  private struct State {
    var wave: RunWave?
    var stages: [String: (stage: RunEvent.Stage, since: ContinuousClock.Instant)] = [:]
    /// Since when the time of a host's trial runs.
    var trials: [String: ContinuousClock.Instant] = [:]
    var isChecking = false
    var painter: Task<Void, Never>?
  }

  init(_ plan: RunPlan, _ console: Console, json: Bool) {
    self.plan = plan
    self.console = console
    isJSON = json
    isLive = !console.quiet && !json && isatty(STDERR_FILENO) == 1
  }

  /// - Throws: ``UnwrittenOutput`` where nobody could read how it goes on.
  func begin(skipped: [(host: String, error: any Error)]) throws {
    for host in skipped { console.error("\(host.host): \(host.error); it is left out") }
    let line = Line(
      "begin", steps: plan.steps.count, planned: plan.waves,
      skipped: skipped.isEmpty ? nil : skipped.map { FailureJSON($0.error, host: $0.host) })
    if isJSON { try console.write(line: try JSONOutput.bytes(.lines([line]))) }
    guard isLive else { return }
    let painter = Task { [self] in
      repeat { paint() } while (try? await Task.sleep(for: .milliseconds(200))) != nil
    }
    state.withLock { $0.painter = painter }
  }

  func end() async {
    guard let painter = state.withLock({ $0.painter }) else { return }
    painter.cancel()
    await painter.value
    console.raw("\r\u{1b}[K")
  }

  func hear(_ event: RunEvent) {
    note(event)
    tell(event)
    if let line = Line(event) { write(line) }
  }

  private func note(_ event: RunEvent) {
    let now = ContinuousClock.now
    state.withLock { state in
      switch event {
      case .wave(let wave):
        state.wave = wave
        state.isChecking = false
        state.stages = [:]
        state.trials = [:]
      case .host(let host, let stage, _):
        state.stages[host] = (stage, now)
        state.trials[host] =
          stage == .onTrial ? now : [.proven, .confirming].contains(stage) ? state.trials[host] : nil
      case .extended(let hosts):
        for host in hosts where state.trials[host] != nil { state.trials[host] = now }
      case .checks: state.isChecking = true
      case .confirmed: state.isChecking = false
      case .goesBack:
        state.wave = nil
        state.isChecking = false
      case .ended: break
      }
    }
  }

  private func tell(_ event: RunEvent) {
    switch event {
    case .wave(let wave): message("\(Self.words(wave)): \(listed(wave.hosts))")
    case .checks(let wave): message("\(Self.words(wave)): proven over new connections; the check runs")
    case .confirmed(let wave): message("\(Self.words(wave)): confirmed")
    case .goesBack(let reason): message("everything goes back: \(reason)")
    case .host(let host, .failed, let error), .host(let host, .stuck, let error):
      clear()
      console.error("\(host): \(error.map { "\($0)" } ?? "it failed")")
    case .host(let host, let stage, _): if console.verbose { message("\(host): \(stage.words)") }
    case .extended, .ended: break
    }
  }

  /// `wave 2 of 3`.
  private static func words(_ wave: RunWave) -> String {
    (wave.steps > 1 ? "step \(wave.step + 1) of \(wave.steps), " : "")
      + "wave \(wave.wave + 1) of \(wave.waves)"
  }

  private func message(_ text: String) {
    if isJSON { return }
    clear()
    console.message(text)
  }

  private func clear() { if isLive { console.raw("\r\u{1b}[K") } }

  /// What does not fit would not be taken away again.
  private static let width = 78

  private func paint() {
    let now = ContinuousClock.now
    let seconds = Duration.seconds(plan.settings.seconds)
    let text = state.withLock { state -> String in
      let waiting = state.wave.map { wave in wave.hosts.count { state.stages[$0] == nil } } ?? 0
      var parts = waiting > 0 ? ["\(waiting) waiting"] : []
      for stage in RunEvent.Stage.allCases {
        let count = state.stages.values.count { $0.stage == stage }
        if count > 0 { parts.append("\(count) \(stage.words)") }
      }
      if state.isChecking { parts.append("check runs") }
      let slowest = state.stages.filter(\.value.stage.isGoingOn).min {
        ($0.value.since, $0.key) < ($1.value.since, $1.key)
      }
      if let slowest {
        parts.append("\(slowest.key) since \((now - slowest.value.since).components.seconds) s")
      }
      if let first = state.trials.values.min() {
        parts.append("trial: \(max(0, (seconds - (now - first)).components.seconds)) s")
      }
      let head = state.wave.map { Self.words($0) } ?? "going back"
      return "\(head): \(parts.joined(separator: ", "))"
    }
    console.raw("\r\u{1b}[K" + String(Console.shown(text).prefix(Self.width)))
  }

  private func write(_ line: Line) {
    guard isJSON else { return }
    // Nobody reads any more: the run goes on, its journal has all of it.
    try? console.write(line: try JSONOutput.bytes(.lines([line])))
  }

  /// An event for programs.
  private struct Line: Encodable {
    var event: String
    /// Seconds since 1970, UTC.
    let time = Timestamp.current().seconds
    /// Counted from 1.
    var step: Int?
    var steps: Int?
    var wave: Int?
    var waves: Int?
    var hosts: [String]?
    /// The hosts of all waves.
    var planned: [[String]]?
    var skipped: [FailureJSON]?
    var host: String?
    var state: String?
    var error: FailureJSON?
    var reason: String?

    init(_ event: String, steps: Int, planned: [[String]], skipped: [FailureJSON]?) {
      self.event = event
      self.steps = steps
      self.planned = planned
      self.skipped = skipped
    }

    init?(_ event: RunEvent) {
      switch event {
      case .wave(let wave): self.init("wave", wave)
      case .checks(let wave): self.init("check", wave)
      case .confirmed(let wave): self.init("confirmed", wave)
      case .goesBack(let reason):
        self.init("going-back", nil)
        self.reason = reason
      case .host(let host, let stage, let failure):
        self.init("host", nil)
        self.host = host
        state = stage.rawValue
        error = failure.map { FailureJSON($0) }
      case .extended, .ended: return nil
      }
    }

    private init(_ event: String, _ wave: RunWave?) {
      self.event = event
      guard let wave else { return }
      (step, steps, self.wave, waves) = (wave.step + 1, wave.steps, wave.wave + 1, wave.waves)
      hosts = wave.hosts
    }
  }
}

extension RunEvent.Stage {
  fileprivate var words: String {
    switch self {
    case .arming: "being put on trial"
    case .onTrial: "on trial"
    case .proven: "proven"
    case .confirming: "being confirmed"
    case .confirmed: "confirmed"
    case .failed: "failed"
    case .goingBack: "going back"
    case .back: "rolled back"
    case .stuck: "not rolled back"
    }
  }

  /// Whether something is waited for.
  fileprivate var isGoingOn: Bool {
    switch self {
    case .arming, .onTrial, .confirming, .goingBack: true
    case .proven, .confirmed, .failed, .back, .stuck: false
    }
  }
}
