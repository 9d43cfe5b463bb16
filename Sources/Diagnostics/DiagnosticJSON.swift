/// A diagnostic for programs.
public struct DiagnosticJSON: Encodable, Sendable {
  /// A place in a file, with what is said of it.
  public struct Place: Encodable, Sendable {
    /// As a user would open it from where the tool was started.
    public let file: String
    /// `nil` where the file as a whole is meant, as are the others.
    public let line: Int?
    public let column: Int?
    public let length: Int?
    public let message: String

    init(_ at: SourceLocation, _ length: Int, _ message: String, _ sources: Sources) {
      file = sources.shownPath(at.file)
      let isWhole = at.line == 0
      line = isWhole ? nil : at.line
      column = isWhole ? nil : at.column
      self.length = isWhole ? nil : length
      self.message = message
    }
  }

  private enum Key: String, CodingKey { case severity, help, related }

  public let severity: Severity
  public let place: Place
  public let help: String?
  public let related: [Place]

  public init(_ diagnostic: Diagnostic, _ sources: Sources) {
    severity = diagnostic.severity
    place = Place(diagnostic.location, diagnostic.length, diagnostic.message, sources)
    help = diagnostic.help
    related = diagnostic.related.map { Place($0.location, $0.length, $0.message, sources) }
  }

  public func encode(to encoder: any Encoder) throws {
    try place.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(severity.rawValue, forKey: .severity)
    try container.encodeIfPresent(help, forKey: .help)
    if !related.isEmpty { try container.encode(related, forKey: .related) }
  }
}

extension DiagnosticReport {
  /// The report for programs, in the order of its places.
  public func json(_ sources: Sources) -> [DiagnosticJSON] {
    diagnostics.map { DiagnosticJSON($0, sources) }
  }
}
