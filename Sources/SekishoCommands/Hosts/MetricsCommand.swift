internal import AgentProtocol
internal import ArgumentParser
internal import Evidence
internal import HostAgent
internal import Machine
internal import Operations
internal import Policy
internal import SystemPackage

struct MetricsCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Write what hosts enforce, deny and use as metrics for Prometheus.",
    usage: "sekisho metrics [<options>]",
    discussion: """
      What `status`, `usage`, `denied` and `observed` tell as numbers, in Prometheus' text format. A timer on each host \
      writes them for node_exporter's textfile collector (packaging/sekisho-metrics.timer); alerts and a dashboard are in \
      packaging/prometheus. Peers are counted by zone or network, flows up to 1000 a host: docs/metrics.md \
      has every metric and how many samples there can be.

        sudo sekisho metrics                 this machine
        sudo sekisho metrics --out /var/lib/prometheus/node-exporter/sekisho.prom
        sekisho metrics --host all           over ssh, with the inventory's names

      --out replaces the file in one step, so that nobody reads half of it; all can read it, as far as the umask lets them (0644). Without an \
      inventory (this machine) peers are told apart by private and public addresses, and nothing says what is pending.

      Exit codes: 0 done, 1 a host could not be asked (it has sekisho_host_up 0; the others have their metrics).
      """)

  @OptionGroup var hosts: TrialHosts

  @Option(help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
  var out: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, out != nil { throw ValidationError("--json and --out exclude each other") }
  }

  func answer(_ console: Console) async throws -> Answer {
    let targets = try hosts.find()
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      try await HostFigures.asked(of: target)
    }
    let own = try targets == nil ? ThisMachine.agent().answer(Hello()).node : nil
    let metrics = HostMetrics(
      replies.map { ($0.target?.name ?? own ?? $0.host, try? $0.result.get()) },
      policy: targets?.inventory?.policy, at: .current(), version: toolVersion)
    var answer = Answer()
    for reply in replies {
      guard case .failure(let error) = reply.result else { continue }
      answer.parts.append(.failure("\(error)", of: reply.host))
      answer.exitCode = .failed
    }
    let text = Array(MetricText.of(metrics.families).utf8)
    if let out {
      try Files.replace(out, with: text, [.ownerReadWrite, .groupRead, .otherRead])
      answer.parts.append(.detail("\(out): \(counted(text.count, "byte"))"))
    } else {
      answer.parts.append(.verbatim(text))
    }
    answer.data = .document(MetricsFile(metrics))
    return answer
  }
}

/// Metrics for programs that read JSON.
private struct MetricsFile: Encodable {
  struct Metric: Encodable {
    let name: String
    let type: String
    let help: String
    let samples: [Sample]
  }

  struct Sample: Encodable {
    let labels: [String: String]
    let value: MetricFamily.Value
  }

  let metrics: [Metric]

  init(_ metrics: HostMetrics) {
    self.metrics = metrics.families.filter { !$0.samples.isEmpty }.map { family in
      Metric(
        name: family.name, type: family.kind.rawValue, help: family.help,
        samples: family.samples.map { sample in
          Sample(
            labels: Dictionary(
              sample.labels.map { ($0.name, $0.value) }, uniquingKeysWith: { one, _ in one }),
            value: sample.value)
        })
    }
  }
}

extension MetricFamily.Value: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .count(let count): try value.encode(count)
    case .number(let number): try value.encode(number)
    }
  }
}
