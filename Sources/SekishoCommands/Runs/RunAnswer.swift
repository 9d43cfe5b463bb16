internal import AgentProtocol
internal import ArgumentParser
internal import Operations

/// What a run did, as an answer.
enum RunAnswer {
  static func of(
    _ report: RunReport, _ plan: RunPlan, unchanged: Int, skipped: [(host: String, error: any Error)],
    facts: [HostFacts]
  ) -> Answer {
    var answer = Answer()
    answer.parts += skipped.map { .failure("\($0.error); it was left out", of: $0.host) }
    for (host, fate) in report.hosts {
      switch fate {
      case .confirmed(let kept):
        if let kept {
          answer.parts.append(.detail("\(host): revision \(kept.revision), confirmed"))
          answer.parts += CutReport.words(kept.cut).map { .remark("\(host): \($0)") }
        }
      case .failed(let error): answer.parts.append(.failure("\(error); it has what it had", of: host))
      case .stuck(let error):
        answer.parts.append(.failure("it is not known to have what it had: \(error)", of: host))
      case .back, .untouched: break
      }
    }
    if let reason = report.wentBack {
      answer.parts.append(
        .failure(
          report.stuck.isEmpty
            ? "every host has what it had: \(reason)"
            : "not every host has what it had: \(reason); sekisho apply --revert tries again, with --skip-unreachable for good"
        ))
    }
    if let error = report.unwritten {
      // Whoever went on with it would carry out what has just gone back.
      let verb = report.wentBack == nil ? "--resume" : "--revert"
      answer.parts.append(
        .failure(
          "the journal of the run cannot be written, and does not say that it has ended: \(error); when that is mended, "
            + "sekisho apply \(verb) writes it, and nothing else has to be done"))
    }
    answer.parts.append(.summary(summary(report, plan, unchanged: unchanged, skipped: skipped.count)))
    answer.exitCode =
      report.wentBack != nil
      ? report.stuck.isEmpty ? .rolledBack : .failed
      : report.stuck.isEmpty && report.failed.isEmpty ? nil : .failed
    answer.data = .lines([
      File(
        outcome: report.wentBack == nil ? "confirmed" : report.stuck.isEmpty ? "rolled-back" : "stuck",
        reason: report.wentBack, unchanged: unchanged, hosts: report.hosts.map { File.Host($0, $1) },
        skipped: skipped.isEmpty ? nil : skipped.map { FailureJSON($0.error, host: $0.host) },
        facts: facts.map { HostFactsJSON($0) },
        journal: report.unwritten.map { FailureJSON($0) })
    ])
    return answer
  }

  private static func summary(
    _ report: RunReport, _ plan: RunPlan, unchanged: Int, skipped: Int
  ) -> String {
    func count(_ name: String) -> Int { report.hosts.count { $0.fate.status == name } }
    let waves = plan.waves.count == 1 ? "1 wave" : "\(plan.waves.count) waves"
    var parts = [
      "\(counted(count("confirmed"), "host")) confirmed in \(waves)", "\(unchanged) had it already",
    ]
    for (name, words) in [
      ("rolled-back", "rolled back"), ("failed", "failed and rolled back"),
      ("stuck", "not known to be rolled back"),
      ("untouched", "not begun"),
    ] where count(name) > 0 {
      parts.append("\(count(name)) \(words)")
    }
    if skipped > 0 { parts.append("\(skipped) left out") }
    return parts.joined(separator: ", ")
  }

  private struct File: Encodable {
    struct Host: Encodable {
      let host: String
      let status: String
      var revision: Int?
      /// What became of sessions that the rules would not let begin.
      var sessions: CutReport?
      var error: FailureJSON?

      init(_ host: String, _ fate: RunFate) {
        self.host = host
        status = fate.status
        switch fate {
        case .confirmed(let kept): (revision, sessions) = (kept?.revision, kept?.cut)
        case .failed(let failure), .stuck(let failure): error = FailureJSON(failure)
        case .back, .untouched: break
        }
      }
    }

    let event = "ended"
    let outcome: String
    let reason: String?
    let unchanged: Int
    let hosts: [Host]
    let skipped: [FailureJSON]?
    let facts: [HostFactsJSON]
    /// Why the journal does not say that the run has ended.
    let journal: FailureJSON?
  }
}

extension RunFate {
  fileprivate var status: String {
    switch self {
    case .untouched: "untouched"
    case .confirmed: "confirmed"
    case .back: "rolled-back"
    case .failed: "failed"
    case .stuck: "stuck"
    }
  }
}
