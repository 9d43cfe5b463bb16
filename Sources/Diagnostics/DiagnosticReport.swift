/// All diagnostics of one run, sorted by place.
public struct DiagnosticReport: Hashable, Sendable {
  /// Sorted by place; at most ``DiagnosticLog/capacity`` of each severity.
  public let diagnostics: [Diagnostic]
  private let found: [Severity: Int]

  init(diagnostics: [Diagnostic], found: [Severity: Int]) {
    self.diagnostics = diagnostics
    self.found = found
  }

  /// A report of nothing.
  public init() { self.init(diagnostics: [], found: [:]) }

  /// How many were found; may be more than are kept.
  public func count(_ severity: Severity) -> Int { found[severity, default: 0] }

  public var hasErrors: Bool { count(.error) > 0 }

  /// `2 errors, 1 warning`, without the severities of which there is none; empty for no diagnostics.
  public var summary: String {
    Severity.allCases.compactMap { severity in
      let number = count(severity)
      return number == 0 ? nil : "\(number) \(severity.rawValue)\(number == 1 ? "" : "s")"
    }.joined(separator: ", ")
  }
}
