internal import AgentProtocol
internal import ArgumentParser
internal import Operations

/// What an apply did, as an answer.
enum ApplyAnswer {
  static func of(
    _ outcomes: [FleetChange.Outcome], unchanged: Int, skipped: [(host: String, error: any Error)],
    facts: [HostFacts]
  ) -> Answer {
    var answer = Answer()
    answer.parts += skipped.map { .failure("\($0.error); it was left out", of: $0.host) }
    var (applied, unconfirmed, unwritten, failed) = (0, 0, 0, 0)
    for outcome in outcomes {
      switch outcome.ending {
      case .success(.unconfirmed(let armed, let error)):
        unconfirmed += 1
        answer.parts.append(
          .failure(
            "revision \(armed.revision) was not confirmed and is rolled back: \(error)", of: outcome.host))
        answer.exitCode = [answer.exitCode, .rolledBack].compactMap { $0 }.max { $0.rawValue < $1.rawValue }
      case .success(.unknown(let armed, let error)):
        failed += 1
        answer.parts.append(
          .failure(
            "whether revision \(armed.revision) was confirmed is not known (sekisho history says it): \(error)",
            of: outcome.host))
        answer.exitCode = [answer.exitCode, .failed].compactMap { $0 }.max { $0.rawValue < $1.rawValue }
      case .success(let ending):
        applied += 1
        answer.parts.append(.detail("\(outcome.host): \(ending.words)"))
        answer.parts += ending.sessionWords.map { .remark("\(outcome.host): \($0)") }
        if ending.forgetsSilentSessions {
          answer.parts.append(
            .remark(
              "\(outcome.host): its kernel cannot be told of sessions older than the ruleset (nf_conntrack_netlink); those that were silent have to be opened again"
            ))
        }
      case .failure(let error as AgentFailure) where error.code == .unwritten:
        unwritten += 1
        answer.parts.append(.failure("\(error)", of: outcome.host))
        answer.exitCode = [answer.exitCode, .failed].compactMap { $0 }.max { $0.rawValue < $1.rawValue }
      case .failure(let error):
        failed += 1
        answer.parts.append(.failure("\(error)", of: outcome.host))
        // 3 promises that nothing was sent anywhere.
        let isMoved = (error as? AgentFailure)?.code == .moved
        let code: ExitCode = isMoved && outcomes.allSatisfy(\.ending.isUntouched) ? .moved : .failed
        answer.exitCode = [answer.exitCode, code].compactMap { $0 }.max { $0.rawValue < $1.rawValue }
      }
    }
    answer.parts.append(
      .summary(
        "\(counted(applied, "host")) applied, \(unchanged) had it already"
          + (unwritten > 0 ? ", \(unwritten) applied and not written down" : "")
          + (unconfirmed > 0 ? ", \(unconfirmed) rolled back" : "") + (failed > 0 ? ", \(failed) failed" : "")
          + (skipped.isEmpty ? "" : ", \(skipped.count) left out")))
    answer.data = .document(
      File(
        unchanged: unchanged, hosts: outcomes.map { File.Host($0) },
        skipped: skipped.isEmpty ? nil : skipped.map { FailureJSON($0.error, host: $0.host) },
        facts: facts.map { HostFactsJSON($0) }))
    return answer
  }

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      let status: String
      var operations: Int?
      var generation: UInt32?
      /// Of the host's history.
      var revision: Int?
      /// Sessions that were silent and older than the first ruleset have to be opened again.
      var forgetsSilentSessions: Bool?
      /// What became of sessions that the rules would not let begin.
      var sessions: CutReport?
      var error: FailureJSON?

      init(_ outcome: FleetChange.Outcome) {
        host = outcome.host
        switch outcome.ending {
        case .success(let ending):
          status = ending.status
          operations = ending.operations
          revision = ending.revision
          forgetsSilentSessions = ending.forgetsSilentSessions ? true : nil
          sessions = ending.cut
          if case .applied(let report) = ending { generation = report.generation }
          switch ending {
          case .unconfirmed(_, let reason), .unknown(_, let reason): error = FailureJSON(reason)
          case .applied, .confirmed, .armed: break
          }
        case .failure(let failure):
          let told = FailureJSON(failure)
          status = told.code
          error = told
        }
      }
    }
    let unchanged: Int
    let hosts: [Host]
    let skipped: [FailureJSON]?
    let facts: [HostFactsJSON]
  }
}

extension Ending {
  fileprivate var status: String {
    switch self {
    case .applied: "applied"
    case .confirmed: "confirmed"
    case .armed: "on-trial"
    case .unconfirmed: "rolled-back"
    case .unknown: "unknown"
    }
  }

  fileprivate var revision: Int? {
    switch self {
    case .applied: nil
    case .confirmed(let armed, _), .armed(let armed), .unconfirmed(let armed, _), .unknown(let armed, _):
      armed.revision
    }
  }

  fileprivate var words: String {
    switch self {
    case .applied(let report): "\(counted(report.operations, "object")), generation \(report.generation)"
    case .confirmed(let armed, _): "revision \(armed.revision), confirmed"
    case .armed(let armed), .unconfirmed(let armed, _), .unknown(let armed, _):
      "revision \(armed.revision), on trial for \(armed.seconds) s"
    }
  }

  /// `nil`: nothing was cut.
  fileprivate var cut: CutReport? {
    switch self {
    case .applied(let applied): applied.cut
    case .confirmed(let armed, let confirmed): armed.cut ?? confirmed?.cut
    case .armed(let armed), .unconfirmed(let armed, _), .unknown(let armed, _): armed.cut
    }
  }

  fileprivate var sessionWords: [String] {
    switch self {
    case .applied(let applied): CutReport.words(applied.cut)
    case .confirmed(let armed, let confirmed):
      armed.cutWords + (confirmed.map { CutReport.words($0.cut) } ?? [])
    case .armed(let armed), .unconfirmed(let armed, _), .unknown(let armed, _): armed.cutWords
    }
  }

  /// Whether sessions that were silent and older than the first ruleset have to be opened again.
  fileprivate var forgetsSilentSessions: Bool {
    switch self {
    case .applied(let applied): applied.forgetsSilentSessions == true
    case .confirmed(let armed, _), .armed(let armed), .unconfirmed(let armed, _), .unknown(let armed, _):
      armed.forgetsSilentSessions == true
    }
  }
}

extension Armed {
  /// What ended when the trial began.
  fileprivate var cutWords: [String] { cut.map { CutReport.words($0) } ?? [] }
}

extension Result<Ending, any Error> {
  /// Whether the host is known to be as it was.
  fileprivate var isUntouched: Bool {
    if case .failure(let error) = self { (error as? AgentFailure)?.happened == .nothing } else { false }
  }
}
