/// Diagnostics while they are being found.
///
/// Only the first of each severity are kept: ten megabytes of nonsense must not become ten
/// megabytes of diagnostics. The rest is counted.
public struct DiagnosticLog: Sendable {
  /// How many diagnostics of one severity are kept.
  public static let capacity = 1000

  private var kept: [Diagnostic] = []
  private var found: [Severity: Int] = [:]

  public init() {}

  public var hasErrors: Bool { count(.error) > 0 }

  /// How many were found, kept or not.
  public func count(_ severity: Severity) -> Int { found[severity, default: 0] }

  /// Whether another error would be kept; texts that cost time need not be made otherwise.
  public var keepsErrors: Bool { count(.error) < Self.capacity }

  public mutating func add(_ diagnostic: Diagnostic) {
    found[diagnostic.severity, default: 0] += 1
    if count(diagnostic.severity) <= Self.capacity { kept.append(diagnostic) }
  }

  /// Everything that was found, in the order of its places.
  public func report() -> DiagnosticReport {
    DiagnosticReport(diagnostics: kept.sorted(), found: found)
  }
}
