internal import AgentProtocol
internal import ArgumentParser
internal import ConnectionDiff
internal import Diagnostics
internal import Operations

struct DriftCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "drift",
    abstract: "Show what of a host is not as it was confirmed.",
    usage: "sekisho drift [--objects] [<options>]",
    discussion: """
      The kernel's ruleset is compared with the confirmed revision in the books of the host, by what passes and by \
      objects: what somebody else has changed since. Told is what it would take to go back; nothing is changed. Beside a \
      trial that runs, the rules are compared that it stands beside. Where the fallback stands, because what was \
      confirmed could not be loaded, that is told. Whom a host refuses (quarantine) and what it has opened for a time (open) \
      is no drift, and is named beside it; where its books of either cannot be read, that is told, too.

        sudo sekisho drift                   this machine; no inventory is needed
        sekisho drift --host db              over ssh
        sekisho drift --host all --json      every host of the inventory

      Exit codes: 0 as confirmed, 1 error (also when a host could not be asked, nothing was ever confirmed, or whom it \
      refuses or what it has opened is not known), 3 not as confirmed.
      """)

  @OptionGroup var hosts: TrialHosts
  @OptionGroup var output: OutputOptions

  @Flag(help: "Show every object that differs, not the connections alone.")
  var objects = false

  func answer(_ console: Console) async throws -> Answer {
    let drift = try await HostsDrift(of: try hosts.find(), watch: WaitingLine(console))
    let found = drift.running.found
    var answer = Answer()
    let states = found.hosts.indices.map {
      State(
        found.hosts[$0], drift.revisions[$0], isFallback: drift.fallbacks[$0],
        quarantine: drift.quarantined[$0], opened: drift.opened[$0], unknown: drift.unknown[$0])
    }
    answer.parts += states.flatMap { state in
      (state.unknown ?? []).map { .failure("\($0)", of: state.host) }
    }
    let replaced = states.filter { $0.fallback == true }.map(\.host)
    if !replaced.isEmpty {
      let words = "the fallback stands, which only ssh passes: \(listed(replaced))"
      answer.parts.append(
        .chapter(
          .sentence(
            "\(words, .closes); what was confirmed could not be loaded (sekisho history says why; sekisho boot tries it again, apply ends it)"
          )))
    }
    let drifted = states.filter { $0.status == "drifted" }
    if !drifted.isEmpty {
      let names = drifted.map { "\($0.host) (revision \($0.revision ?? 0))" }
      answer.parts.append(.chapter(.sentence("\("not as confirmed: \(listed(names))", .closes)")))
      answer.parts.append(.remark("to go back to it:"))
    }
    let report = DiffReport(found: found, showsObjects: objects, sources: Sources(files: []))
    answer.parts +=
      drifted.isEmpty && states.allSatisfy { $0.status == "as-confirmed" }
      ? [.remark("as confirmed: \(counted(states.count, "host"))")] : report.parts
    answer.parts += states.compactMap(\.exceptions)
    answer.data = .document(File(hosts: states, difference: report.json(nil)))
    if found.hosts.contains(where: \.isFailure) || states.contains(where: { $0.unknown != nil }) {
      answer.exitCode = .failed
    } else if !drifted.isEmpty {
      answer.exitCode = .drifted
    }
    return answer
  }

  private struct State: Encodable {
    let host: String
    /// `as-confirmed`, `drifted`, or the code of a failure.
    let status: String
    let revision: Int?
    /// Whether the fallback of a boot stands; left out where it does not.
    let fallback: Bool?
    /// Whom it refuses, and what it has opened for a time; left out where that is nothing.
    let quarantine: [QuarantineStatus]?
    let opened: [OpenedStatus]?
    /// What is not known of it beside its rules; left out where that is nothing.
    let unknown: [String]?

    init(
      _ difference: HostDifference, _ revision: Int?, isFallback: Bool, quarantine: [QuarantineStatus],
      opened: [OpenedStatus], unknown: [String]
    ) {
      self.quarantine = quarantine.isEmpty ? nil : quarantine
      self.opened = opened.isEmpty ? nil : opened
      self.unknown = unknown.isEmpty ? nil : unknown
      fallback = isFallback ? true : nil
      host = difference.host
      self.revision = revision
      status =
        difference.error.map { FailureJSON($0).code } ?? (difference.isSame ? "as-confirmed" : "drifted")
    }

    /// What goes for a time, whatever was confirmed.
    var exceptions: Answer.Part? {
      let entries = (quarantine?.entries ?? []) + (opened?.entries ?? [])
      return entries.isEmpty ? nil : .chapter(Chapter(.facts, "\(host), beside its rules", entries))
    }
  }

  private struct File<Difference: Encodable>: Encodable {
    let hosts: [State]
    let difference: Difference
  }
}
