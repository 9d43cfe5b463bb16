/// A line of a run's journal, written ahead of what it says.
package struct RunEntry: Hashable, Sendable, Codable {
  /// What is about to be done.
  package enum Act: String, Hashable, Sendable, Codable {
    /// The hosts of a wave are put on trial.
    case trying
    /// All of them have proven themselves, and are confirmed.
    case confirming
    /// They were; the next wave may begin.
    case confirmed
    /// Everything goes back.
    case goingBack = "going-back"
    /// Nothing more is done.
    case ended
  }

  package let act: Act
  /// Counted from 0; `nil`: it is about all.
  package var step: Int?
  package var wave: Int?
  /// Why everything goes back, or how the run ended.
  package var reason: String?
  /// Seconds since 1970, UTC.
  package var time: Int64?

  package init(_ act: Act, step: Int? = nil, wave: Int? = nil, reason: String? = nil) {
    self.act = act
    self.step = step
    self.wave = wave
    self.reason = reason
  }
}

/// Where a run keeps what it is about to do.
package protocol RunLog: Sendable {
  /// Brings a line to disk.
  ///
  /// - Throws: where it is not there; then nothing is done.
  func write(_ entry: RunEntry) throws
}

/// How far a run has come, as its journal says.
package struct RunProgress: Hashable, Sendable {
  /// The furthest wave that may have begun; `nil`: none.
  package private(set) var begun: (step: Int, wave: Int)? {
    get { step.map { ($0, wave) } }
    set {
      step = newValue?.step
      wave = newValue?.wave ?? 0
    }
  }
  private var step: Int?
  private var wave = 0
  /// Why everything goes back; `nil`: it does not.
  package private(set) var goesBack: String?
  package private(set) var isEnded = false

  package init() {}

  package mutating func take(_ entry: RunEntry) {
    switch entry.act {
    case .trying:
      guard let step = entry.step, let wave = entry.wave else { return }
      if let begun, (begun.step, begun.wave) >= (step, wave) { return }
      begun = (step, wave)
    case .goingBack: goesBack = entry.reason ?? ""
    case .ended: isEnded = true
    case .confirming, .confirmed: break
    }
  }

  /// The hosts that a step may have changed.
  package func touched(_ plan: RunPlan, step: Int) -> [String] {
    guard let begun, step <= begun.step else { return [] }
    let last = step < begun.step ? plan.waves.count - 1 : min(begun.wave, plan.waves.count - 1)
    return (0...max(last, 0)).flatMap { plan.hosts(ofStep: step, wave: $0) }
  }
}
