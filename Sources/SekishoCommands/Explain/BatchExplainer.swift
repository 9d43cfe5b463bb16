internal import Addressing
internal import ArgumentParser
internal import Diagnostics
internal import Explanation
internal import FoundationEssentials
internal import Glibc
internal import Operations
internal import Policy

/// Answers many questions in one run: a JSON line each.
struct BatchExplainer: Sendable {
  private let policy: Policy
  private let policies: HostPolicies
  private var explainer: PathExplainer
  /// Those that an end may have, some of which may look like addresses.
  private let names: Set<String>
  private let now: Timestamp
  /// Whether there is a host at which what is denied may pass.
  private let someOnlyWatch: Bool
  /// Ends that were asked for by name.
  private var ends: [String: Endpoint] = [:]

  init(policy: Policy, policies: HostPolicies, explainer: PathExplainer) {
    self.policy = policy
    self.policies = policies
    self.explainer = explainer
    names = Set(
      policy.hosts.map(\.name) + policy.virtuals.map(\.name) + policy.networks.map(\.name)
        + policy.peers.filter { !$0.networks.isEmpty }.map(\.name))
    now = Timestamp(seconds: Int64(time(nil)))
    someOnlyWatch = policy.hosts.contains { host in
      Direction.allCases.contains { direction in
        host.modes[direction] == .observe || host.modes[direction] == .leave && direction != .forward
      }
    }
  }

  private struct Question: Decodable {
    let from: String
    let to: String
    let `protocol`: String
    let port: Port?

    /// A number, or the name of an ICMP type.
    enum Port: Decodable {
      case number(Int)
      case name(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
          self = .number(number)
        } else {
          self = .name(try container.decode(String.self))
        }
      }
    }
  }

  /// Lines that are answered before their answers are written.
  private static let linesAtOnce = 50_000

  /// Reads a file, or standard input for `-`, and writes the answers in the order of the questions. Two
  /// workers answer half of the lines each.
  ///
  /// - Throws: ``Refusal`` after all lines when some could not be answered; their answer is a
  ///   line with `error`.
  func answer(_ path: String, write: ([UInt8]) throws -> Void) async throws {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path)
    } catch {
      throw Refusal(.unreadable, "\(path): \(error)")
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { !$0.allSatisfy { $0 == 32 || $0 == 13 } }
    // Each worker keeps what it has compiled.
    var (one, other) = (self, self)
    var failures = 0
    for start in stride(from: 0, to: lines.count, by: Self.linesAtOnce) {
      let end = min(lines.count, start + Self.linesAtOnce)
      let middle = (start + end) / 2
      async let front = one.answering(lines[start..<middle])
      async let back = other.answering(lines[middle..<end])
      let answers = (await front, await back)
      (one, other) = (answers.0.worker, answers.1.worker)
      try write(answers.0.text)
      try write(answers.1.text)
      failures += answers.0.failures + answers.1.failures
    }
    if failures > 0 {
      throw Refusal(.unanswered, "\(failures) questions could not be answered; their answers say why")
    }
  }

  private struct Unanswered: Encodable {
    let error: String
  }

  private struct Answers {
    let text: [UInt8]
    let failures: Int
    /// The worker with what it has learned.
    let worker: BatchExplainer
  }

  private func answering(_ lines: ArraySlice<ArraySlice<UInt8>>) -> Answers {
    var worker = self
    let decoder = JSONDecoder()
    var out: [UInt8] = []
    var failures = 0
    for line in lines {
      do {
        let question = try decoder.decode(Question.self, from: Data(line))
        let verdict = try worker.verdict(question)
        Self.repeatQuestion(line, &out)
        out += verdict.json.utf8
        out += Array(",\"format_version\":\(JSONOutput.formatVersion)}\n".utf8)
      } catch let error as ValidationError {
        failures += 1
        let answer = (try? JSONOutput.bytes(.lines([Unanswered(error: error.message)]))) ?? []
        Self.repeatQuestion(line, &out)
        out.append(UInt8(ascii: ","))
        out += answer.dropFirst()
      } catch {
        failures += 1
        let reason = "not a question: it needs from, to, protocol and port"
        out += (try? JSONOutput.bytes(.lines([Unanswered(error: reason)]))) ?? []
      }
    }
    return Answers(text: out, failures: failures, worker: worker)
  }

  /// Begins an answer with its question, without the brace that closes it.
  private static func repeatQuestion(_ line: ArraySlice<UInt8>, _ out: inout [UInt8]) {
    out += JSONOutput.escaped(Array(line))
    while let last = out.last, last != UInt8(ascii: "}") { out.removeLast() }
    out.removeLast()
  }

  private enum Verdict {
    case allowed, denied
    /// At hosts that only observe, or leave it alone; of several connections one at least.
    case deniedAndPasses

    var json: String {
      switch self {
      case .allowed: ",\"verdict\":\"allowed\""
      case .denied: ",\"verdict\":\"denied\""
      case .deniedAndPasses: ",\"verdict\":\"denied\",\"passes\":true"
      }
    }
  }

  private mutating func verdict(_ question: Question) throws -> Verdict {
    let what: String? =
      switch question.port {
      case .number(let number): String(number)
      case .name(let name): name
      case nil: nil
      }
    let hasPort =
      IPProtocol(name: question.protocol).map { $0.hasPorts || $0 == .icmp || $0 == .icmpv6 } ?? false
    guard let terms = AskedService.terms(question.protocol, hasPort ? what : nil) else {
      throw ValidationError("no such protocol and port: \(question.protocol) \(what ?? "")")
    }
    return try verdict(try end(question.from), try end(question.to), terms)
  }

  /// - Throws: ``ValidationError`` where it depends on which of the addresses of an end is meant.
  private mutating func verdict(_ from: Endpoint, _ to: Endpoint, _ terms: [ServiceTerm]) throws -> Verdict {
    let asked = try AskedConnections(from: from, to: to, terms) { explainer.owner(of: $0) }
    var allowed: Connection?
    var denied: Connection?
    var passes = false
    for one in asked.all {
      switch verdict(one) {
      case .allowed: allowed = allowed ?? one.connection
      case .denied: denied = denied ?? one.connection
      case .deniedAndPasses: (denied, passes) = (denied ?? one.connection, true)
      }
      if let allowed, let denied {
        throw ValidationError(
          "\(from.name) to \(to.name) is allowed in part: \(ExplanationReport.describe(allowed)) is allowed, "
            + "\(ExplanationReport.describe(denied)) is denied; ask for addresses")
      }
    }
    return allowed != nil ? .allowed : passes ? .deniedAndPasses : .denied
  }

  private mutating func verdict(_ one: AskedConnections.One) -> Verdict {
    if one.staysInside || explainer.allows(one.connection, from: one.sender, now: now) { return .allowed }
    // What is said of the hops costs more, and nothing where all enforce.
    return someOnlyWatch && explainer.explain(one.connection, from: one.sender, now: now).passes
      ? .deniedAndPasses : .denied
  }

  private mutating func end(_ text: String) throws -> Endpoint {
    if let known = ends[text] { return known }
    // Addresses are too many to be kept.
    if !names.contains(text), let address = try? Address(parsing: text) { return Endpoint(address, text) }
    let end = try Endpoint(text, in: policy) {
      AddressParts(policy, policies).representatives(of: $0)
    }
    ends[text] = end
    return end
  }
}
