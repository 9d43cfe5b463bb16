/// Text whose parts say what they are; how each looks is the renderer's business.
struct Words: Hashable, Sendable, ExpressibleByStringInterpolation {
  /// What a part of a text is.
  enum Role: Hashable, Sendable {
    case plain
    /// What the text is about.
    case strong
    /// Where it is written, or by what it comes.
    case faint
    case opens
    case closes
    case changes
  }

  /// A part of a text.
  struct Span: Hashable, Sendable {
    let text: String
    let role: Role
  }

  private(set) var spans: [Span]

  /// One part; none for an empty text.
  init(_ text: String, _ role: Role = .plain) {
    spans = text.isEmpty ? [] : [Span(text: text, role: role)]
  }

  init(stringLiteral text: String) { self.init(text) }

  init(stringInterpolation words: Interpolation) { spans = words.spans }

  var isEmpty: Bool { spans.isEmpty }

  static func + (a: Self, b: Self) -> Self {
    var result = a
    result.spans += b.spans
    return result
  }

  /// `"\(host, .strong): no table"`.
  struct Interpolation: StringInterpolationProtocol {
    fileprivate var spans: [Span] = []

    init(literalCapacity: Int, interpolationCount: Int) {}

    mutating func appendLiteral(_ text: String) { append(text, .plain) }

    mutating func appendInterpolation(_ value: some CustomStringConvertible, _ role: Role = .plain) {
      append(value.description, role)
    }

    mutating func appendInterpolation(_ words: Words) { spans += words.spans }

    private mutating func append(_ text: String, _ role: Role) {
      if !text.isEmpty { spans.append(Span(text: text, role: role)) }
    }
  }
}
