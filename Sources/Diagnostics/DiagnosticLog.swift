/// Diagnostics while they are being found.
///
/// Only the first of each severity are kept: ten megabytes of nonsense must not become ten
/// megabytes of diagnostics. The rest is counted.
public struct DiagnosticLog: Sendable {
  /// How many diagnostics of one severity are kept.
  public static let capacity = 1000

  private var kept: [Diagnostic] = []
  // Apart from the others: a run of nonsense counts millions.
  private var errors = 0
  private var found: [Severity: Int] = [:]

  public init() {}

  public var hasErrors: Bool { errors > 0 }

  /// How many were found, kept or not.
  public func count(_ severity: Severity) -> Int {
    severity == .error ? errors : found[severity, default: 0]
  }

  /// Counts an error whose text would not be kept, so that it need not be made.
  ///
  /// - Returns: Whether it was counted; if not, make the text and add it.
  public mutating func countsUnkeptError() -> Bool {
    guard errors >= Self.capacity else { return false }
    errors += 1
    return true
  }

  public mutating func add(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error { errors += 1 } else { found[diagnostic.severity, default: 0] += 1 }
    if count(diagnostic.severity) <= Self.capacity { kept.append(diagnostic) }
  }

  /// Everything that was found, in the order of its places.
  public func report() -> DiagnosticReport {
    DiagnosticReport(diagnostics: kept.sorted(), found: found.merging([.error: errors]) { $1 })
  }
}
