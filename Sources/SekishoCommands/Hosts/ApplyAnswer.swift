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
    answer.parts += skipped.map { .failure("\($0.host): \($0.error); it was left out") }
    var applied = 0
    for outcome in outcomes {
      switch outcome.applied {
      case .success(let report):
        applied += 1
        answer.parts.append(
          .detail(
            "\(outcome.host): \(counted(report.operations, "object")), generation \(report.generation)"))
        if report.forgetsSilentSessions == true {
          answer.parts.append(
            .remark(
              "\(outcome.host): its kernel cannot be told of sessions older than the ruleset (nf_conntrack_netlink); those that were silent have to be opened again"
            ))
        }
      case .failure(let error):
        answer.parts.append(.failure("\(outcome.host): \(error)"))
        let code: ExitCode = (error as? AgentFailure)?.code == .moved ? .moved : .failed
        answer.exitCode = [answer.exitCode, code].compactMap { $0 }.max { $0.rawValue < $1.rawValue }
      }
    }
    let failed = outcomes.count - applied
    answer.parts.append(
      .summary(
        "\(counted(applied, "host")) applied, \(unchanged) had it already"
          + (failed > 0 ? ", \(failed) failed" : "")
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
      var error: FailureJSON?

      init(_ outcome: FleetChange.Outcome) {
        host = outcome.host
        switch outcome.applied {
        case .success(let report):
          status = "applied"
          operations = report.operations
          generation = report.generation
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
