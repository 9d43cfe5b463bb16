internal import Addressing
internal import ArgumentParser
internal import Evidence
internal import Operations
internal import Policy

struct ListCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List every connection that is allowed.",
    usage: "sekisho list [<options>]",
    discussion: """
      A line says: each of these may ask each of those by this service, because of this flow. There is a line for each \
      service of a flow, with the groups that the inventory names; flows that have ended allow nothing and are left out. \
      --hosts has a line for each pair of hosts instead. What hosts let pass in a direction that they only observe or leave alone is in no line: a remark \
      names them.

        sekisho list                              all of it
        sekisho list --to db                      who may ask the databases
        sekisho list --from web-1 --hosts         whom web-1 may ask, host by host
        sekisho list --service tcp/22             what allows port 22
        sekisho list --format csv > allowed.csv   to be kept beside the inventory

      Lines are in order of flows, and end with why, owner, ticket and until: two lists can be compared with any diff. In \
      CSV (RFC 4180) a cell that a spreadsheet would calculate (= + - @) begins with an apostrophe.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("From these alone, as in \"api, internet\".", valueName: "selector"),
    completion: Completions.peer)
  var from: String?

  @Option(help: ArgumentHelp("To these alone.", valueName: "selector"), completion: Completions.peer)
  var to: String?

  @Option(
    help: ArgumentHelp("What has something of it: a service, or as in tcp/443.", valueName: "service"),
    completion: Completions.service)
  var service: String?

  @Option(
    help: ArgumentHelp("Of this flow alone; more than once: of these.", valueName: "name"),
    completion: Completions.flow)
  var flow: [String] = []

  @Flag(help: "A line for each pair of hosts.")
  var hosts = false

  @Option(help: "text, csv or md.")
  var format = Format.text

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, csv, md }

  func validate() throws {
    if output.json, format != .text { throw ValidationError("--json and --format exclude each other") }
  }

  var worksAlone: Bool { true }

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(inventory.inventory)
    let list = try AllowedList(loaded.policy, at: .current(), try filter(loaded.policy), byHost: hosts)
    var answer: Answer
    switch format {
    case .text: answer = ListReport(list, loaded.policy, loaded.sources).answer
    case .csv:
      answer = Answer(parts: [
        .verbatim(Array(DelimitedText.of(AllowedLine.columns, list.lines.map(\.cells)).utf8))
      ])
    case .md:
      answer = Answer(parts: [
        .verbatim(Array(MarkdownTable.of(AllowedLine.columns, list.lines.map(\.cells)).utf8))
      ])
    }
    answer.parts += ListReport.remarks(list, loaded.policy)
    return answer
  }

  private func filter(_ policy: Policy) throws -> ListFilter {
    func ends(_ text: String?, _ option: String) throws -> ListFilter.Ends? {
      guard let text else { return nil }
      let whereabouts = try Whereabouts(text, option, in: policy)
      return ListFilter.Ends(
        hosts: whereabouts.hosts(in: policy), networks: whereabouts.addresses, virtuals: whereabouts.virtuals,
        in: policy)
    }
    var filter = ListFilter()
    filter.from = try ends(from, "--from")
    filter.to = try ends(to, "--to")
    if let service {
      let asked = try AskedService(service, in: policy).terms
      filter.services = Set(
        policy.services.indices.map { ServiceID($0) }.filter { id in
          policy[id].terms.contains { term in asked.contains { term.hasCommon(with: $0) } }
        })
    }
    if !flow.isEmpty {
      filter.flows = Set(
        try flow.map { name in
          guard let index = policy.flows.firstIndex(where: { $0.name == name }) else {
            throw ValidationError("no flow is called '\(name)'")
          }
          return FlowID(index)
        })
    }
    return filter
  }
}

extension ServiceTerm {
  /// Whether a packet can belong to both.
  fileprivate func hasCommon(with other: Self) -> Bool {
    guard ipProtocol == other.ipProtocol else { return false }
    return switch (match, other.match) {
    case (.ports(let one), .ports(let other)): !one.intersection(other).isEmpty
    case (.types(let one), .types(let other)): !one.intersection(other).isEmpty
    case (.any, _), (_, .any): true
    case (.ports, .types), (.types, .ports): false
    }
  }
}
