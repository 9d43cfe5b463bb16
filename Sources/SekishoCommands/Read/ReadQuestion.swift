internal import Addressing
internal import ArgumentParser
internal import ConnectionDiff
internal import ConnectionSpace
internal import Diagnostics
internal import Nftables
internal import Operations
internal import Policy
internal import RulesetShape
internal import RulesetSpace

/// What becomes of one connection in rulesets, whoever wrote them.
struct ReadQuestion {
  private let words: [String]
  private let sources: [Address]
  private let destinations: [Address]
  private let terms: [ServiceTerm]
  private let links: AllowedConnections.Links

  /// - Parameters:
  ///   - words: FROM, TO and SERVICE.
  ///   - policy: whose hosts and services may be named.
  /// - Throws: ``ValidationError``.
  init(_ words: [String], names policy: Policy?, links: AllowedConnections.Links) throws {
    self.words = words
    self.links = links
    func addresses(_ text: String) throws -> [Address] {
      if let host = policy?.hosts.first(where: { $0.name == text }) { return host.addresses }
      guard let address = try? Address(parsing: text) else {
        throw ValidationError("'\(text)' is no address\(policy == nil ? "" : " and no host")")
      }
      return [address]
    }
    sources = try addresses(words[0])
    destinations = try addresses(words[1])
    if let service = policy?.services.first(where: { $0.name == words[2] }) {
      terms = service.terms
    } else {
      let parts = words[2].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      guard let known = AskedService.terms(parts[0], parts.count == 2 ? parts[1] : nil) else {
        throw ValidationError("'\(words[2])' is no service; ask for tcp/443, udp/53, icmp/echo-request, esp")
      }
      terms = known
    }
  }

  func answer(_ rulesets: [ReadRuleset]) throws -> Answer {
    var answer = Answer()
    var told: [File.Ruleset] = []
    for ruleset in rulesets {
      guard case .success(let tables) = ruleset.tables else {
        if case .failure(let error) = ruleset.tables {
          answer.parts.append(.failure("\(ruleset.name): \(error)"))
          told.append(File.Ruleset(name: ruleset.name, connections: nil, error: FailureJSON(error)))
        }
        answer.exitCode = .failed
        continue
      }
      if rulesets.count > 1 { answer.parts.append(.chapter(.sentence("\(ruleset.name, .strong)"))) }
      let rules = RuleTexts(tables)
      var connections: [File.Connection] = []
      for (point, way) in points(own: ruleset.own) {
        let circumstances = circumstances(of: point, way, own: ruleset.own, tables)
        let trace = try ConnectionTrace(of: point, tables, circumstances)
        let bridges = way == .toItself ? nil : BridgesApart(tables, point.passage.direction, links)
        answer.parts.append(.chapter(chapter(point, way, trace, rules, bridges)))
        connections.append(File.Connection(point, trace, rules, bridges))
      }
      if connections.isEmpty {
        throw ValidationError("\(words[0]) and \(words[1]) have no address family in common for \(words[2])")
      }
      told.append(File.Ruleset(name: ruleset.name, connections: connections, error: nil))
    }
    answer.data = .document(File(rulesets: told))
    return answer
  }

  private func circumstances(
    of point: Point, _ way: AskedWay, own: [Address]?, _ tables: [Table]
  ) -> Circumstances {
    var own = own.map { AddressSet($0) }
    // What goes to the host itself says by that which addresses are its own.
    if way == .toItself { own = (own ?? AddressSet()).union(AddressSet([point.source, point.destination])) }
    if AskedWay.loopback.contains(point.source) || AskedWay.loopback.contains(point.destination) {
      own = own?.union(AskedWay.loopback)
    }
    var circumstances = links.named(
      in: Circumstances(
        ownAddresses: own, atSecond: Timestamp.current().seconds, apartFrom: tables.bridgeNames))
    if way == .toItself {
      circumstances.isToItself = true
      (circumstances.input, circumstances.output) = (nil, nil)
    }
    return circumstances
  }

  /// The connections that are asked about, each where the host meets it.
  private func points(own: [Address]?) -> [(Point, AskedWay)] {
    let own = own.map { AddressSet($0).union(links.kept.own) }
    var points: [(Point, AskedWay)] = []
    for term in terms {
      for source in sources {
        for destination in destinations where destination.family == source.family {
          guard term.families.contains(source.family) else { continue }
          let way = AskedWay(from: source, to: destination, own: own, links)
          let point = Point(
            way.passage, from: source, to: destination, term.ipProtocol, kind: term.firstKind)
          points.append((point, way))
        }
      }
    }
    return points
  }

  private func chapter(
    _ point: Point, _ way: AskedWay, _ trace: ConnectionTrace, _ rules: RuleTexts, _ bridges: BridgesApart?
  ) -> Chapter {
    let fate =
      switch trace.fate {
      case .passes: "passes"
      case .stopped: "is stopped"
      case .mayPass: "may pass, depending on more than the connection"
      }
    let title = "\(point.source) → \(point.destination)  \(point.serviceWords), \(way.rawValue): \(fate)"
    var entries: [Entry] = []
    for step in trace.steps {
      let place = "\(step.hook), \(step.table) \(step.chain)\(step.isTranslated ? ", as translated" : "")"
      for decision in step.decisions {
        entries.append(
          Entry(
            nil, Words("\(place): \(decision.words)"),
            note: "\(decision.rule.chain) rule \(decision.rule.index + 1): \(rules.text(decision.rule))"))
      }
      if let policy = step.policy, step.decisions.allSatisfy({ !$0.isSure }) {
        entries.append(Entry(nil, Words("\(place): policy \(policy == .drop ? "drop" : "accept")")))
      }
    }
    if entries.isEmpty { entries.append("no base chain is on its way") }
    entries += KernelWords(trace.obstacles, links.kernel, point.source.family).entries
    if let bridges { entries.append(bridges.entry) }
    return Chapter(.facts, Words(title, .strong), entries)
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Ruleset: Encodable {
      let name: String
      let connections: [Connection]?
      let error: FailureJSON?
    }

    struct Connection: Encodable {
      let from: String
      let to: String
      let service: String
      let verdict: String
      let steps: [Step]
      /// Names of bridges of containers, of which something else is to be said.
      let apartFromBridges: [String]
      /// What else than rules stops it, or may.
      let besideTables: [String]

      init(_ point: Point, _ trace: ConnectionTrace, _ rules: RuleTexts, _ bridges: BridgesApart?) {
        from = "\(point.source)"
        to = "\(point.destination)"
        service = point.serviceWords
        verdict =
          switch trace.fate {
          case .passes: "passes"
          case .stopped: "stopped"
          case .mayPass: "may pass"
          }
        steps = trace.steps.map { Step($0, rules) }
        apartFromBridges = bridges?.names ?? []
        besideTables = KernelWords.codes(trace.obstacles)
      }
    }

    struct Step: Encodable {
      let hook: String
      let table: String
      let chain: String
      let isTranslated: Bool
      let decisions: [Decision]
      let policy: String?

      init(_ step: ConnectionTrace.Step, _ rules: RuleTexts) {
        hook = step.hook
        table = step.table
        chain = step.chain.text
        isTranslated = step.isTranslated
        decisions = step.decisions.map { Decision($0, rules) }
        policy = step.policy.map { $0 == .drop ? "drop" : "accept" }
      }
    }

    struct Decision: Encodable {
      let chain: String
      let rule: Int
      let text: String
      let verdict: String
      /// Where it leads.
      let target: String?
      let isSure: Bool

      init(_ decision: ConnectionTrace.Decision, _ rules: RuleTexts) {
        chain = decision.rule.chain.text
        rule = decision.rule.index + 1
        text = rules.text(decision.rule)
        verdict = decision.verdict
        target = decision.target?.words
        isSure = decision.isSure
      }
    }

    let rulesets: [Ruleset]
  }
}

extension Passage {
  fileprivate var direction: Direction {
    switch self {
    case .ingress: .ingress
    case .egress: .egress
    case .forward, .whole: .forward
    }
  }
}

extension Point {
  fileprivate var serviceWords: String {
    if ipProtocol.hasPorts { return "\(ipProtocol)/\(kind)" }
    return ipProtocol == .icmp || ipProtocol == .icmpv6 ? "\(ipProtocol)/\(kind)" : "\(ipProtocol)"
  }
}

extension ServiceTerm {
  /// The port or type that stands for those that are meant.
  fileprivate var firstKind: UInt16 {
    switch match {
    case .any: 0
    case .ports(let ports): ports.ranges.first?.lowerBound ?? 0
    case .types(let types): UInt16(types.ranges.first?.lowerBound ?? 0)
    }
  }
}
