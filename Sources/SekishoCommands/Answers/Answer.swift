internal import ArgumentParser
internal import Diagnostics

/// What a verb answers, as values: it is made without a console, and text, Markdown and JSON are made of it.
struct Answer {
  /// What people read, in the order in which it is told.
  var parts: [Part] = []
  /// What programs read.
  var data = Data.none
  /// What the process ends with; `nil`: 0.
  var exitCode: ExitCode?

  enum Part: Sendable {
    case chapter(Chapter)
    /// The answer in one sentence.
    case summary(String)
    /// A sentence about the answer.
    case remark(String)
    /// The same, for who asks what is being done.
    case detail(String)
    /// Mistakes or findings, with the places in files that they are about.
    case diagnostics(DiagnosticReport, Sources)
    /// What could not be done, or does not hold; of a host, for which the text gives the reason alone.
    case failure(String, of: String? = nil)
    /// A text in a language of its own, as it is.
    case verbatim([UInt8])

    var isFailure: Bool { if case .failure = self { true } else { false } }
  }

  enum Data {
    case none
    /// An object; the renderer adds its version.
    case document(any Encodable)
    /// The same of each line.
    case lines([any Encodable])
    /// JSON that somebody else writes.
    case json([UInt8])
  }
}

/// Entries of one kind, under a title.
struct Chapter: Sendable {
  enum Kind: Sendable {
    /// Lines about connections.
    case connections
    case facts
    /// What a reader may leave aside.
    case advice
  }

  let kind: Kind
  /// Empty where the entries need none.
  let title: Words
  let entries: [Entry]

  init(_ kind: Kind, _ title: Words, _ entries: [Entry]) {
    self.kind = kind
    self.title = title
    self.entries = entries
  }

  /// A sentence alone.
  static func sentence(_ words: Words) -> Self { Self(.facts, words, []) }
}

/// One thing that is told.
struct Entry: Sendable, ExpressibleByStringInterpolation {
  let mark: Mark?
  /// Of connections.
  let ends: (from: String, to: String)?
  /// Which of them is nothing but addresses that no managed host has.
  var outside: (from: Bool, to: Bool) = (false, false)
  let words: Words
  /// Where it is written, or by what it comes.
  let note: String
  /// What there is to say of it.
  let below: [Entry]

  init(
    _ mark: Mark?, ends: (from: String, to: String)? = nil, _ words: Words, note: String = "",
    below: [Entry] = []
  ) {
    self.mark = mark
    self.ends = ends
    self.words = words
    self.note = note
    self.below = below
  }

  init(stringLiteral text: String) { self.init(nil, Words(text)) }

  init(stringInterpolation words: Words.Interpolation) { self.init(nil, Words(stringInterpolation: words)) }
}

/// What stands in front of an entry.
struct Mark: Hashable, Sendable {
  let sign: String
  let role: Words.Role

  static let opens = Mark(sign: "+", role: .opens)
  static let closes = Mark(sign: "-", role: .closes)
  static let changes = Mark(sign: "~", role: .changes)
  static let risk = Mark(sign: "!", role: .changes)
  /// Opens or closes at one end, so that nothing passes.
  static let halfOpens = Mark(sign: "+", role: .changes)
  static let halfCloses = Mark(sign: "-", role: .changes)

  /// What the entry above takes in and does not mean.
  static let except = Mark(sign: "but not", role: .plain)
  /// What alone the entry above means.
  static let only = Mark(sign: "only", role: .plain)

  static func number(_ number: Int) -> Self { Mark(sign: "\(number).", role: .plain) }
}
