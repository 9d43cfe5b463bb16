internal import Addressing
internal import ArgumentParser
internal import Diagnostics
internal import FoundationEssentials
internal import Glibc
internal import Policy
internal import RulesetCompiler

/// Answers many questions in one run: a JSON line each.
struct BatchExplainer {
  private let policy: Policy
  private var explainer: PathExplainer
  private let addresses: [String: [Address]]
  private let now: Timestamp

  init(policy: Policy, explainer: PathExplainer) {
    self.policy = policy
    self.explainer = explainer
    addresses = Dictionary(uniqueKeysWithValues: policy.hosts.map { ($0.name, $0.addresses) })
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

  /// Reads a file, or standard input for `-`, and writes the answers in the order of the questions.
  ///
  /// - Throws: ``ExitCode/failed`` after all lines when some could not be understood; their answer is a
  ///   line with `error`.
  mutating func answer(_ path: String, _ console: Console) throws {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path)
    } catch {
      console.error("\(path): \(error)")
      throw ExitCode.failed
    }
    let decoder = JSONDecoder()
    var out: [UInt8] = []
    var failures = 0
    for line in bytes.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy({ $0 == 32 || $0 == 13 }) {
      do {
        let question = try decoder.decode(Question.self, from: Data(line))
        out += Array(line)
        trimToBrace(&out)
        out += Array(",\"verdict\":\"\(try isAllowed(question) ? "allowed" : "denied")\"}\n".utf8)
      } catch {
        failures += 1
        let reason =
          (error as? ValidationError)?.message ?? "not a question: it needs from, to, protocol and port"
        out += Array("{\"error\":\(JSONOutput.quoted(reason))}\n".utf8)
      }
      if out.count > 1 << 16 {
        try console.write(out)
        out.removeAll(keepingCapacity: true)
      }
    }
    try console.write(out)
    if failures > 0 {
      console.error("\(failures) questions could not be understood; their answers say why")
      throw ExitCode.failed
    }
  }

  /// Takes the closing brace of the question off, so that the answer repeats the question.
  private func trimToBrace(_ out: inout [UInt8]) {
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
          where explainer.explain(connection, now: now).isAllowed { return true }
        }
      }
    }
    return false
  }

  private func ends(_ text: String) throws -> [Address] {
    if let known = addresses[text] { return known }
    return try Endpoint(text, in: policy).addresses
  }
}

/// The bytes of a file; `-` is standard input.
func readFile(_ path: String) throws -> [UInt8] {
  if path != "-" { return Array(try Data(contentsOf: URL(filePath: path))) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    if count < 0 { throw OutputFailure(code: errno) }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}
