internal import Addressing
internal import AgentProtocol
internal import Attempts
internal import Policy
internal import ProbePlan

/// Leads the stations of a round: none sends before all see, and none tells before all have sent. Who fails is
/// waited for no longer.
actor ProbeConductor {
  /// What a station does next.
  enum Step: Sendable {
    case send([Attempt], patience: Int)
    case tell
    case end
  }

  /// What a station has done.
  enum Report: Sendable {
    case sees([Unheard])
    case has([AttemptOutcome])
    case saw(Sighted)
  }

  private enum Phase { case beginning, sending, telling, over }

  private let plan: ProbePlan
  private let round: ProbeRound
  private var ledger: ProbeLedger
  private var members: Set<Int>
  private var phase = Phase.beginning
  private var waiting: [Int: CheckedContinuation<Step, Never>] = [:]
  private var repetitions = 0
  private(set) var judgements: [Int: ProbeJudgement] = [:]
  /// How many packets were sent for each probe, at most; who is gone may have sent some of which nobody knows.
  private(set) var sent: [Int: UInt64] = [:]

  /// Milliseconds for which an answer is waited for: at first, and where chance may have had a part.
  private static let patience = [300, 800, 3000]

  init(_ round: ProbeRound, of plan: ProbePlan, _ ledger: ProbeLedger) {
    self.plan = plan
    self.round = round
    self.ledger = ledger
    members = round.stations
  }

  /// Why stations have taken no part, by end.
  var gone: [Int: String] { ledger.gone }

  /// Takes what a station has done and waits until there is more to do.
  func next(_ station: Int, _ report: Report) async -> Step {
    switch report {
    case .sees(let unheard): ledger.note(unheard, at: station)
    case .has(let outcomes):
      for probe in ledger.note(outcomes, of: station) {
        sent[probe, default: 0] += packets(of: probe, within: Self.patience[repetitions])
      }
    case .saw(let sighted): ledger.note(sighted, at: station)
    }
    return await withCheckedContinuation { continuation in
      waiting[station] = continuation
      goOnIfAllWait()
    }
  }

  /// A station cannot go on.
  func leaves(_ station: Int, _ failure: any Error) {
    // What breaks off behind the end takes nothing back.
    if phase == .over { return }
    ledger.note(failure, at: station)
    members.remove(station)
    goOnIfAllWait()
  }

  private func goOnIfAllWait() {
    guard waiting.count == members.count else { return }
    if members.isEmpty {
      phase = .over
      judge()
      return
    }
    switch phase {
    case .over: break
    case .beginning: send(round.probes)
    case .sending:
      phase = .telling
      resume { _ in .tell }
    case .telling:
      judge()
      repetitions += 1
      let doubt: ProbeJudgement.Doubt = repetitions == 1 ? .some : .much
      let doubtful =
        repetitions < Self.patience.count ? ledger.doubtful(judgements, atLeast: doubt) : []
      if doubtful.isEmpty {
        phase = .over
        resume { _ in .end }
      } else {
        send(doubtful)
      }
    }
  }

  private func judge() {
    for index in round.probes { judgements[index] = ledger.judgement(of: index) }
  }

  private func send(_ probes: [Int]) {
    phase = .sending
    let bySender = Dictionary(grouping: probes) { plan.probes[$0].from }
    let patience = Self.patience[repetitions]
    resume { .send(ledger.attempts(of: $0, for: bySender[$0] ?? []), patience: patience) }
  }

  /// A SYN without an answer is sent again, a second later at the earliest (RFC 6298).
  private func packets(of probe: Int, within patience: Int) -> UInt64 {
    plan.probes[probe].connection.ipProtocol == .tcp ? 1 + UInt64(patience / 1000) : 1
  }

  private func resume(_ step: (Int) -> Step) {
    let waiting = waiting
    self.waiting = [:]
    for (station, continuation) in waiting.sorted(by: { $0.key < $1.key }) {
      continuation.resume(returning: step(station))
    }
  }
}
