/// How much a finding weighs.
public enum Severity: String, Hashable, Comparable, Sendable, CaseIterable {
  /// Nothing is made of the input.
  case error
  /// Allowed, and probably not what was meant.
  case warning
  /// Allowed, and worth knowing.
  case note

  private var order: Int {
    switch self {
    case .error: 0
    case .warning: 1
    case .note: 2
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
}

/// Another place that a diagnostic speaks of, such as the first of two declarations.
public struct RelatedPlace: Hashable, Sendable {
  public let location: SourceLocation
  /// Characters from ``location`` on, all in its line; at least 1.
  public let length: Int
  public let message: String

  public init(location: SourceLocation, length: Int, message: String) {
    self.location = location
    self.length = max(length, 1)
    self.message = message
  }
}

/// A user's mistake at a place in a file: what is wrong, and what to write instead.
public struct Diagnostic: Hashable, Sendable {
  public let severity: Severity
  public let location: SourceLocation
  /// Characters from ``location`` on, all in its line; at least 1.
  public let length: Int
  /// What is wrong, in one line and without a final stop.
  public let message: String
  /// What to write instead.
  public let help: String?
  public let related: [RelatedPlace]

  public init(
    _ severity: Severity, at location: SourceLocation, length: Int, message: String, help: String? = nil,
    related: [RelatedPlace] = []
  ) {
    self.severity = severity
    self.location = location
    self.length = max(length, 1)
    self.message = message
    self.help = help
    self.related = related
  }
}

extension Diagnostic: Comparable {
  /// By place, then by weight and text: an order that no Set or Dictionary can disturb.
  public static func < (a: Self, b: Self) -> Bool {
    if a.location != b.location { return a.location < b.location }
    return (a.severity, a.message, a.help ?? "") < (b.severity, b.message, b.help ?? "")
  }
}
