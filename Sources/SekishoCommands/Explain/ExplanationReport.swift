internal import Addressing
internal import AgentProtocol
internal import ArgumentParser
internal import ConnectionDiff
internal import ConnectionSpace
internal import Diagnostics
internal import Explanation
internal import Nftables
internal import Operations
internal import Policy
internal import RulesetShape

/// Explanations as an answer; connections that are judged alike are told once.
struct ExplanationReport {
  let policy: Policy
  let sources: Sources
  let answers: [(Connection, PathExplanation)]
  /// What running hosts on the way lead elsewhere, of those that were asked.
  var running: [(host: String, facts: Result<HostFacts, any Error>)] = []

  /// - Parameter question: what was asked, for a verdict that holds for a part of it only.
  func answer(to question: String) -> Answer {
    var parts: [Answer.Part] = []
    if verdict == Self.inPart {
      parts.append(
        .chapter(
          .sentence("\(Self.inPart, .changes)  \(question): it depends on the address or port")))
    }
    parts += grouped.map { .chapter(chapter($0, $1)) }
    let led = running.flatMap { $0.facts.led(answers.map(\.0)).map(\.entry) }
    if !led.isEmpty { parts.append(.chapter(Chapter(.facts, "Led elsewhere than asked for", led))) }
    let refused = running.flatMap { host, facts in
      facts.refusals(answers.map(\.0)).entries.map { Entry($0.mark, "\(host, .strong) " + $0.words) }
    }
    let tripped = running.flatMap { host, facts in
      facts.trips(answers.map(\.0)).map { Entry(.risk, "\(host, .strong) \($0.words(facts.owners))") }
    }
    if !(refused + tripped).isEmpty {
      parts.append(.chapter(Chapter(.facts, "Refused by hosts as they run", refused + tripped)))
    }
    let opened = running.flatMap { host, facts in
      facts.opened(answers.map(\.0)).entries.map { Entry($0.mark, "\(host, .strong): " + $0.words) }
    }
    if !opened.isEmpty { parts.append(.chapter(Chapter(.facts, "Opened by hosts as they run", opened))) }
    var exitCode: ExitCode?
    for (host, facts) in running {
      switch facts {
      case .success(let facts):
        if let reason = facts.translationsNotProven {
          parts.append(.remark("what the tables of \(host) lead elsewhere is \(reason)"))
        } else if facts.ledNowhere(answers.map(\.0)) {
          parts.append(.remark("no table on \(host) leads it elsewhere"))
        }
        parts += facts.unknown.map { .failure("\($0)", of: host) }
        if !facts.unknown.isEmpty { exitCode = .failed }
      case .failure(let error):
        parts.append(.failure("\(error)", of: host))
        exitCode = .failed
      }
    }
    return Answer(
      parts: parts,
      data: .document(
        File(
          verdict: verdict, connections: answers.map { judged($0, $1) },
          running: running.isEmpty ? nil : running.map { File.Running($0, $1, answers.map(\.0)) })),
      exitCode: exitCode)
  }

  private func chapter(_ connections: [Connection], _ explanation: PathExplanation) -> Chapter {
    let verdict =
      explanation.isAllowed
      ? "allowed" : explanation.passes ? "would be denied, and passes" : "denied"
    var entries = explanation.hops.map { entry($0, isOneOfSeveral: explanation.isOneOfSeveral($0)) }
    entries += explanation.beside.map { entry($0, isOneOfSeveral: true) }
    if explanation.isUnmanaged {
      entries.insert("neither end is a managed host, and no gateway is between", at: 0)
    } else if explanation.isLoopback {
      entries = ["both ends are the same host: its loopback is always open"]
    }
    return Chapter(
      .facts,
      "\(verdict, explanation.isAllowed ? .opens : .closes)  \(listed(connections.map(Self.describe)))",
      entries)
  }

  private func entry(_ hop: Hop, isOneOfSeveral: Bool) -> Entry {
    let host = policy[hop.host].name
    let way =
      switch hop.direction {
      case .ingress: "into"
      case .egress: "out of"
      case .forward: isOneOfSeveral ? "if it passes" : "through"
      }
    var reason: String
    if let id = hop.flow {
      let flow = policy[id]
      reason = "flow \(flow.name) (\(place(flow.location)): \(flow.why))"
    } else if hop.isAllowed {
      reason = hop.rule?.comment.map { "always open: \($0)" } ?? "always open"
    } else {
      reason = "no flow allows it"
      if let rule = hop.rule, let comment = rule.comment, RuleNote(rule)?.isOfEverything != true {
        reason = comment
      }
    }
    switch hop.mode {
    case .enforce: break
    case .observe where hop.isAllowed: break
    case .observe: reason += "; observe mode lets it pass and records it"
    case .leave:
      if hop.isAllowed, hop.flow == nil { reason = "no flow is needed" }
      reason += "; everything passes there: its \(hop.direction) is left alone"
    }
    var below: [Entry] = []
    if let rule = hop.rule, let chain = hop.place?.chain {
      let words = (try? rule.text(in: .inet, style: TextStyle(.listing, isStateless: true))) ?? "?"
      below = ["\("chain \(chain): \(words)", .faint)"]
    }
    let isCarried = hop.direction != .forward && isOneOfSeveral
    return Entry(
      hop.isAllowed ? .opens : .closes,
      "\(way) \(host)\(isCarried ? ", if it carries the address" : ""): \(reason)", below: below)
  }

  private func place(_ location: SourceLocation) -> String { sources.shownLine(location) }

  static func describe(_ connection: Connection) -> String {
    "\(connection.source) → \(connection.destination) \(service(connection))"
  }

  /// `tcp/5432`, `icmp/echo-request`, `esp`.
  static func service(_ connection: Connection) -> String {
    let (port, type): (UInt16?, UInt8?) =
      switch connection.kind {
      case .ports(_, let destination): (destination, nil)
      case .type(let type): (nil, type)
      case .plain: (nil, nil)
      }
    return connection.ipProtocol.text(port: port, type: type, connection.family)
  }

  private var grouped: [([Connection], PathExplanation)] {
    var order: [String] = []
    var groups: [String: ([Connection], PathExplanation)] = [:]
    for (connection, explanation) in answers {
      let key = (explanation.hops + explanation.beside).map { hop in
        "\(hop.host.index) \(hop.direction) \(hop.isAllowed) \(hop.flow?.index ?? -1) \(hop.place?.chain.text ?? "") "
          + (hop.rule?.comment ?? "")
      }.joined(separator: "|")
      if groups[key] == nil { order.append(key) }
      groups[key, default: ([], explanation)].0.append(connection)
    }
    return order.compactMap { groups[$0] }
  }

  // MARK: - JSON

  private struct Judged: Encodable {
    struct Step: Encodable {
      let host: String
      let direction: String
      let verdict: String
      let mode: String
      let flow: String?
      let why: String?
      let at: String?
      let chain: String?
      let rule: String?
    }
    let from: String
    let to: String
    let `protocol`: String
    let port: Int?
    let verdict: String
    /// Whether it passes all the same, because a host only observes or leaves a direction alone; `nil`: as the verdict says.
    let passes: Bool?
    let hops: [Step]
    /// Gateways beside both ends without a route between them.
    let beside: [Step]
  }

  private struct File: Encodable {
    /// What a host leads elsewhere of what is asked, and whom of the ends it refuses.
    struct Running: Encodable {
      let host: String
      let translations: [TranslationJSON]?
      let translationsNotProven: String?
      let quarantine: [QuarantineStatus]?
      let tripped: [TripStatus]?
      let opened: [OpenedStatus]?
      let error: FailureJSON?

      init(_ host: String, _ facts: Result<HostFacts, any Error>, _ asked: [Connection]) {
        self.host = host
        switch facts {
        case .success(let known):
          translations = facts.led(asked).map { TranslationJSON($0) }
          translationsNotProven = known.translationsNotProven
          let refusals = facts.refusals(asked)
          quarantine = refusals.isEmpty ? nil : refusals
          let trips = facts.trips(asked)
          tripped = trips.isEmpty ? nil : trips
          let open = facts.opened(asked)
          opened = open.isEmpty ? nil : open
          error = nil
        case .failure(let failure):
          (translations, translationsNotProven, quarantine, tripped, opened) = (nil, nil, nil, nil, nil)
          error = FailureJSON(failure)
        }
      }
    }

    let verdict: String
    let connections: [Judged]
    let running: [Running]?
  }

  private func judged(_ connection: Connection, _ explanation: PathExplanation) -> Judged {
    Judged(
      from: "\(connection.source)", to: "\(connection.destination)", protocol: "\(connection.ipProtocol)",
      port: connection.portOrType, verdict: explanation.isAllowed ? "allowed" : "denied",
      passes: explanation.passes == explanation.isAllowed ? nil : explanation.passes,
      hops: explanation.hops.map(step), beside: explanation.beside.map(step))
  }

  /// Of all connections together.
  private var verdict: String {
    let allowed = answers.count { $0.1.isAllowed }
    return allowed == answers.count ? "allowed" : allowed == 0 ? "denied" : Self.inPart
  }

  private static let inPart = "in part"

  private func step(_ hop: Hop) -> Judged.Step {
    let flow = hop.flow.map { policy[$0] }
    return Judged.Step(
      host: policy[hop.host].name, direction: hop.direction.rawValue,
      verdict: hop.isAllowed ? "allowed" : "denied", mode: hop.mode.rawValue, flow: flow?.name,
      why: flow?.why,
      at: flow.map { place($0.location) }, chain: hop.place?.chain.text,
      rule: hop.rule.flatMap { try? $0.text(in: .inet, style: TextStyle(.listing, isStateless: true)) })
  }
}

extension Result<HostFacts, any Error> {
  /// What the host has opened that lets some connections begin there.
  fileprivate func opened(_ asked: [Connection]) -> [OpenedStatus] {
    guard case .success(let facts) = self else { return [] }
    return facts.opened.filter { one in
      one.doors.contains { door in asked.contains { facts.lets($0, by: door) } }
    }
  }

  /// Whom of the ends of some connections the host refuses.
  fileprivate func refusals(_ asked: [Connection]) -> [QuarantineStatus] {
    guard case .success(let facts) = self else { return [] }
    return facts.quarantine.filter { one in
      asked.contains { $0.source == one.address || $0.destination == one.address }
    }
  }

  /// Who of the ends of some connections has tripped a tripwire of the host.
  fileprivate func trips(_ asked: [Connection]) -> [TripStatus] {
    guard case .success(let facts) = self else { return [] }
    return facts.tripped.filter { one in
      asked.contains { $0.source == one.address || $0.destination == one.address }
    }
  }

  /// The names of hosts by their addresses.
  fileprivate var owners: [Address: String] {
    if case .success(let facts) = self { facts.owners } else { [:] }
  }

  /// What is led elsewhere of some connections.
  fileprivate func led(_ asked: [Connection]) -> [TranslationLine] {
    guard case .success(let facts) = self else { return [] }
    return facts.translations.filter { line in asked.contains { line.concerns($0) } }
  }
}

extension HostFacts {
  /// Whether the host lets a connection begin by a door. A door into the host, or out of it, tells the other end alone.
  fileprivate func lets(_ connection: Connection, by door: Door) -> Bool {
    let (source, destination) = (connection.source, connection.destination)
    let isConcerned =
      switch door.way {
      case .in: door.addresses == [source] && owners[destination] == host
      case .out: door.addresses == [destination] && owners[source] == host
      case .through: door.addresses == [source, destination]
      }
    return isConcerned && door.ipProtocol == connection.ipProtocol.rawValue
      && Int(door.port) == connection.portOrType
  }

  /// Whether nothing is led elsewhere of some connections.
  fileprivate func ledNowhere(_ asked: [Connection]) -> Bool {
    translationsNotProven == nil && !translations.contains { line in asked.contains { line.concerns($0) } }
  }
}

extension TranslationLine {
  /// Whether it may be about a connection.
  fileprivate func concerns(_ connection: Connection) -> Bool {
    func holds(_ rectangle: Rectangle) -> Bool {
      rectangle.ipProtocol == connection.ipProtocol && rectangle.sources.contains(connection.source)
        && rectangle.destinations.contains(connection.destination)
        && rectangle.kinds.contains(connection.portOrType ?? 0)
    }
    return line.rectangles.contains(where: holds) && !line.exceptions.contains(where: holds)
  }
}

extension Kinds {
  fileprivate func contains(_ kind: Int) -> Bool {
    switch self {
    case .any: true
    case .ports(let ports): UInt16(exactly: kind).map { ports.contains($0) } ?? false
    case .types(let types): UInt8(exactly: kind).map { types.contains($0) } ?? false
    }
  }
}

extension Connection {
  /// Destination port or message type.
  var portOrType: Int? {
    switch kind {
    case .ports(_, let destination): Int(destination)
    case .type(let type): Int(type)
    case .plain: nil
    }
  }
}
