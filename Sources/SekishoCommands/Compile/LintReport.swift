internal import Diagnostics
internal import Lint

/// Findings, as diagnostics and as JSON.
struct LintReport {
  let findings: [Finding]
  let sources: Sources

  /// `2 findings`.
  var summary: String { counted(findings.count, "finding") }

  /// As warnings are written.
  var report: DiagnosticReport {
    var log = DiagnosticLog()
    for finding in findings { log.add(finding.diagnostic) }
    return log.report()
  }

  /// For a service of code review.
  var review: [ReviewFinding] {
    entries.map { ReviewFinding(kind: $0.kind, diagnostic: $0.diagnostic) }
  }

  /// One finding: a diagnostic, and what is behind it.
  struct Entry: Encodable {
    private enum Key: String, CodingKey { case kind, subject, hosts }

    let diagnostic: DiagnosticJSON
    let kind: String
    let subject: String
    let hosts: [String]

    func encode(to encoder: any Encoder) throws {
      try diagnostic.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(kind, forKey: .kind)
      try container.encode(subject, forKey: .subject)
      try container.encode(hosts, forKey: .hosts)
    }
  }

  var entries: [Entry] {
    findings.map { finding in
      Entry(
        diagnostic: DiagnosticJSON(finding.diagnostic, sources), kind: finding.kind.rawValue,
        subject: finding.subject, hosts: finding.hosts)
    }
  }
}
