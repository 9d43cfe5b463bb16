internal import Diagnostics
internal import Lint

/// Findings, as warnings and as JSON.
struct LintReport {
  let findings: [Finding]
  let sources: Sources

  /// `2 findings`.
  var summary: String { "\(findings.count) finding\(findings.count == 1 ? "" : "s")" }

  /// Writes them to standard error, as warnings are written.
  func show(_ console: Console) {
    var log = DiagnosticLog()
    for finding in findings { log.add(finding.diagnostic) }
    console.raw(log.report().text(sources, style: console.messageColour ? .coloured : .plain))
  }

  // MARK: JSON

  /// One finding; also a line of `check --json`, whose other lines are diagnostics with the same keys.
  struct Entry: Encodable {
    let severity = "warning"
    let kind: String
    let subject: String
    let hosts: [String]
    let file: String
    let line: Int
    let column: Int
    let length: Int
    let message: String
    let help: String?
    let related: [Related]?
  }

  /// Another place that a finding speaks of.
  struct Related: Encodable {
    let file: String
    let line: Int
    let column: Int
    let length: Int
    let message: String
  }

  var entries: [Entry] { findings.map(entry) }

  private func entry(_ finding: Finding) -> Entry {
    let shown = finding.diagnostic
    let related = shown.related.map {
      Related(
        file: sources.shownPath($0.location.file), line: $0.location.line, column: $0.location.column,
        length: $0.length, message: $0.message)
    }
    return Entry(
      kind: finding.kind.rawValue, subject: finding.subject, hosts: finding.hosts,
      file: sources.shownPath(shown.location.file), line: shown.location.line, column: shown.location.column,
      length: shown.length, message: shown.message, help: shown.help, related: related.isEmpty ? nil : related
    )
  }
}
