internal import Addressing
internal import ArgumentParser
internal import Diagnostics
internal import FoundationEssentials
internal import Glibc
internal import Policy
internal import RulesetCompiler

/// Answers many questions in one run: a JSON line each.
struct BatchExplainer: Sendable {
  private let policy: Policy
  private var explainer: PathExplainer
  private let addresses: [String: [Address]]
  /// Names that stand for networks, which may look like addresses.
  private let networks: Set<String>
  private let now: Timestamp

  init(policy: Policy, explainer: PathExplainer) {
    self.policy = policy
    self.explainer = explainer
    addresses = Dictionary(uniqueKeysWithValues: policy.hosts.map { ($0.name, $0.addresses) })
    networks = Set(policy.peers.filter { !$0.networks.isEmpty }.map(\.name))
    now = Timestamp(seconds: Int64(time(nil)))
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
  /// - Throws: ``ExitCode/failed`` after all lines when some could not be understood; their answer is a
  ///   line with `error`.
  func answer(_ path: String, _ console: Console) async throws {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path)
    } catch {
      console.error("\(path): \(error)")
      throw ExitCode.failed
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
      try console.write(answers.0.text)
      try console.write(answers.1.text)
      failures += answers.0.failures + answers.1.failures
    }
    if failures > 0 {
      console.error("\(failures) questions could not be understood; their answers say why")
      throw ExitCode.failed
    }
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
        out += line
        Self.trimToBrace(&out)
        out += Array(",\"verdict\":\"\(try worker.isAllowed(question) ? "allowed" : "denied")\"}\n".utf8)
      } catch {
        failures += 1
        let reason =
          (error as? ValidationError)?.message ?? "not a question: it needs from, to, protocol and port"
        out += Array("{\"error\":\(JSONOutput.quoted(reason))}\n".utf8)
      }
    }
    return Answers(text: out, failures: failures, worker: worker)
  }

  /// Takes the closing brace of the question off, so that the answer repeats the question.
  private static func trimToBrace(_ out: inout [UInt8]) {
    while let last = out.last, last != UInt8(ascii: "}") { out.removeLast() }
    out.removeLast()
  }

  private mutating func isAllowed(_ question: Question) throws -> Bool {
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
    let sources = try ends(question.from)
    let destinations = try ends(question.to)
    for term in terms {
      for source in sources {
        for destination in destinations {
          for connection in term.connections(from: source, to: destination)
          where explainer.allows(connection, now: now) { return true }
        }
      }
    }
    return false
  }

  private func ends(_ text: String) throws -> [Address] {
    if let known = addresses[text] { return known }
    if !networks.contains(text), let address = try? Address(parsing: text) { return [address] }
    return try Endpoint(text, in: policy).addresses
  }
}

/// The bytes of a file; `-` is standard input.
func readFile(_ path: String) throws -> [UInt8] {
  let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
  if descriptor < 0 { throw InputFailure(code: errno) }
  defer { if descriptor != STDIN_FILENO { close(descriptor) } }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    if count < 0 { throw InputFailure(code: errno) }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}

/// A file could not be read.
struct InputFailure: Error, CustomStringConvertible {
  let code: Int32
  var description: String { "cannot read: \(unsafe String(cString: strerror(code)))" }
}
