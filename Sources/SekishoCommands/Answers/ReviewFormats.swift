internal import ArgumentParser
internal import Diagnostics
internal import Operations

/// In which form a service of code review is told what is found.
enum ReviewFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  /// Commands of a workflow, which GitHub shows beside the lines they are about.
  case github
  /// SARIF 2.1.0 (OASIS), which code scanning of several services reads.
  case sarif

  /// What is found, each with the kind that rules of a service go by.
  ///
  /// - Throws: what makes it impossible to write the form.
  func bytes(_ found: [ReviewFinding]) throws -> [UInt8] {
    switch self {
    case .text: []
    case .github: Array(found.map { $0.command + "\n" }.joined().utf8)
    case .sarif: try JSONOutput.encode(SARIF(found), keysAsWritten: true)
    }
  }
}

/// A mistake, a finding or a guard that does not hold.
struct ReviewFinding {
  /// `mistake`, `guard`, or the kind of a finding.
  let kind: String
  let diagnostic: DiagnosticJSON

  /// In one text.
  fileprivate var message: String {
    diagnostic.place.message + (diagnostic.help.map { "; \($0)" } ?? "")
  }

  /// `::error file=…,line=…::…`, as GitHub's documentation of workflow commands has it.
  fileprivate var command: String {
    let place = diagnostic.place
    var properties = ["file=\(Self.escaped(place.file, isProperty: true))"]
    if let line = place.line, let column = place.column {
      properties += ["line=\(line)", "col=\(column)"]
      if let length = place.length { properties.append("endColumn=\(column + length)") }
    }
    properties.append("title=\(Self.escaped("sekisho: \(kind)", isProperty: true))")
    let level =
      switch diagnostic.severity {
      case .error: "error"
      case .warning: "warning"
      case .note: "notice"
      }
    return "::\(level) \(properties.joined(separator: ","))::\(Self.escaped(message, isProperty: false))"
  }

  /// What would end the command, or a property of it, is written as GitHub's own toolkit writes it. Other control characters
  /// are shown as elsewhere.
  private static func escaped(_ text: String, isProperty: Bool) -> String {
    var out = ""
    for character in SafeText.escaped(text) {
      switch character {
      case "%": out += "%25"
      case "\r": out += "%0D"
      case "\n": out += "%0A"
      case "\r\n": out += "%0D%0A"
      case ":" where isProperty: out += "%3A"
      case "," where isProperty: out += "%2C"
      default: out.append(character)
      }
    }
    return out
  }
}

/// A log of one run. Names are those of the standard.
private struct SARIF: Encodable {
  enum CodingKeys: String, CodingKey { case schema = "$schema", version, runs }

  struct Run: Encodable {
    let tool: Tool
    let results: [Result]
    let columnKind = "unicodeCodePoints"

    enum CodingKeys: CodingKey { case tool, results, columnKind }
  }

  struct Tool: Encodable {
    struct Driver: Encodable {
      struct Rule: Encodable { let id: String }
      let name: String
      let version: String
      let rules: [Rule]
    }
    let driver: Driver
  }

  struct Message: Encodable { let text: String }

  struct Result: Encodable {
    let ruleId: String
    let level: String
    let message: Message
    let locations: [Location]
    let relatedLocations: [Location]?
  }

  struct Location: Encodable {
    struct Physical: Encodable {
      struct Artifact: Encodable { let uri: String }
      struct Region: Encodable {
        let startLine: Int
        let startColumn: Int
        let endColumn: Int
      }
      let artifactLocation: Artifact
      let region: Region?
    }
    let physicalLocation: Physical
    let message: Message?

    init(_ place: DiagnosticJSON.Place, message: String? = nil) {
      var region: Physical.Region?
      if let line = place.line, let column = place.column {
        region = Physical.Region(
          startLine: line, startColumn: column, endColumn: column + (place.length ?? 1))
      }
      physicalLocation = Physical(
        artifactLocation: Physical.Artifact(uri: Self.uri(place.file)), region: region)
      self.message = message.map { Message(text: $0) }
    }

    /// A path as a reference (RFC 3986).
    private static func uri(_ path: String) -> String {
      let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
      return path.utf8.map { byte in
        if plain.contains(byte) { return String(UnicodeScalar(byte)) }
        let hex = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "%0\(hex)" : "%\(hex)"
      }.joined()
    }
  }

  let schema = "https://json.schemastore.org/sarif-2.1.0.json"
  let version = "2.1.0"
  let runs: [Run]

  init(_ found: [ReviewFinding]) {
    let rules = Set(found.map(\.kind)).sorted().map { Tool.Driver.Rule(id: $0) }
    let results = found.map { one in
      let level =
        switch one.diagnostic.severity {
        case .error: "error"
        case .warning: "warning"
        case .note: "note"
        }
      let related = one.diagnostic.related.map { Location($0, message: $0.message) }
      return Result(
        ruleId: one.kind, level: level, message: Message(text: one.message),
        locations: [Location(one.diagnostic.place)], relatedLocations: related.isEmpty ? nil : related)
    }
    runs = [
      Run(tool: Tool(driver: .init(name: "sekisho", version: toolVersion, rules: rules)), results: results)
    ]
  }
}
