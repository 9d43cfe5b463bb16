internal import Addressing
internal import ArgumentParser
internal import Lab
internal import Operations
internal import Policy
internal import ProbePlan

extension LabCommand {
  struct Try: Verb {
    static let configuration = CommandConfiguration(
      commandName: "try",
      abstract: "Try a connection between two hosts of the lab with real packets.",
      usage: "sekisho lab try [<options>] <from> <to> <service>",
      discussion: """
        Packets are sent from FROM, seen at TO and at gateways on their way, and what becomes of them is compared with \
        what the inventory says; `sekisho probe` does so for all hosts. Exit codes: 0 the policy and the packets \
        agree, 1 something could not be tried, 4 they do not agree.
        """)

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Host, network or virtual address of the lab.", completion: Completions.peer)
    var from: String
    @Argument(help: "Host, network or virtual address of the lab.", completion: Completions.peer)
    var to: String
    @Argument(
      help: "A service of the inventory, or tcp/443, icmp/echo-request, esp.", completion: Completions.service
    )
    var service: String

    func answer(_ console: Console) async throws -> Answer {
      let policy = try LoadedPolicy(inventory.inventory).policy
      let asked = try AskedService(service, in: policy)
      let lab = try Lab.running()
      let stations = try ProbeStations(lab, of: policy)
      /// A host or a network of the lab, or who carries a virtual address.
      func end(_ name: String) throws -> (index: Int, addresses: [Address]) {
        if let index = stations[name: name] { return (index, stations.ends[index].addresses) }
        for node in lab.plan.nodes {
          let carried = node.carried.filter { $0.name == name }.map(\.address)
          if !carried.isEmpty, let index = stations[name: node.name] { return (index, carried) }
        }
        throw LabFault("the lab has no \(name)", remedy: "sekisho lab status lists what it has")
      }
      let (source, here) = try end(from)
      let (destination, there) = try end(to)
      let probes = asked.terms.flatMap { term in
        here.flatMap { here in there.flatMap { term.connections(from: here, to: $0) } }
      }.map { PlannedProbe(from: source, to: destination, $0) }
      if probes.isEmpty {
        throw ValidationError("\(from) and \(to) have no address family in common for \(service)")
      }
      let now = Timestamp.current()
      let run = await ProbeRun(
        ProbePlan(probes, ends: stations.ends), of: policy, through: stations, now: now, rate: Self.rate)
      let words = ProbeWords(run, policy, await run.causes(through: stations))
      let failures = run.judgements.indices.filter { run.judgements[$0].isOpen == nil }.map { index in
        let reason = reason(run.judgements[index], index, words)
        return Answer.Part.failure("not proven: \(words.describe(index)): \(reason)")
      }
      let entries = run.judgements.indices.compactMap { entry(run.judgements[$0], $0, words) }
      return Answer(
        parts: (entries.isEmpty ? [] : [.chapter(Chapter(.facts, "", entries))]) + failures,
        data: .document(Tries(from: from, to: to, run, words, policy)), exitCode: run.exitCode)
    }

    /// Attempts in a second: there are few.
    private static let rate = 1000

    /// Why it is not known whether something passes: what was in the way of finding out, or what hosts were found to do.
    private func reason(_ judgement: ProbeJudgement, _ index: Int, _ words: ProbeWords) -> String {
      judgement.obstacle
        ?? judgement.deviations.indices.map { words.sentence(ProbeRun.Place(probe: index, deviation: $0)) }
        .joined(separator: "; ")
    }

    private func entry(_ judgement: ProbeJudgement, _ index: Int, _ words: ProbeWords) -> Entry? {
      guard let isOpen = judgement.isOpen else { return nil }
      let verdict: Words =
        judgement.isProven ? "as the policy says" : Words("the policy says otherwise", .closes)
      let outcome = Words(isOpen ? "open  " : "closed", isOpen ? .opens : .closes)
      return Entry(
        nil, "\(outcome)  \(words.describe(index))  \(verdict)",
        below: judgement.deviations.indices.map { number in
          let place = ProbeRun.Place(probe: index, deviation: number)
          return Entry(nil, Words(words.sentence(place)), note: words.cause(place)?.sentence ?? "")
        })
    }
  }
}

private struct Tries: Encodable {
  let from: String
  let to: String
  let agrees: Bool
  let connections: [ProbeJSON.Connection]

  init(from: String, to: String, _ run: ProbeRun, _ words: ProbeWords, _ policy: Policy) {
    self.from = from
    self.to = to
    agrees = run.judgements.allSatisfy(\.isProven)
    connections = run.judgements.indices.map { ProbeJSON.Connection($0, run, words, policy) }
  }
}
