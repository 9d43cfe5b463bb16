/// The keys of one kind of mapping: the parser reads these and no others, and editors are told of them.
struct MappingSchema: Sendable {
  /// What it is, in messages: `a flow`.
  let what: String
  let keys: [Key]
  let rules: [Rule]
  private let isKnown: [Bool]

  struct Key: Sendable {
    let keyword: Keyword
    let value: ValueSchema
    let isRequired: Bool
    /// What an editor shows: a sentence or two.
    let meaning: String

    init(_ keyword: Keyword, _ value: ValueSchema, isRequired: Bool = false, _ meaning: String) {
      (self.keyword, self.value, self.isRequired, self.meaning) = (keyword, value, isRequired, meaning)
    }
  }

  /// Which keys stand together.
  enum Rule: Sendable {
    case exactlyOne([Keyword])
    case atLeast(Int)
    /// A key that has no meaning without another.
    case needs(Keyword, Keyword)
    /// A key that a word of another one asks for.
    case asksFor(Keyword, word: String, Keyword)
  }

  init(_ what: String, _ keys: [Key], rules: [Rule] = []) {
    (self.what, self.keys, self.rules) = (what, keys, rules)
    isKnown = Keyword.allCases.map { keyword in keys.contains { $0.keyword == keyword } }
  }

  /// The key of an entry; `nil` where this mapping has none of that name.
  func keyword(_ entry: YAMLEntry) -> Keyword? {
    guard let keyword = Keyword(entry.symbol), isKnown[entry.symbol.index] else { return nil }
    return keyword
  }

  /// The words of the keys, for messages.
  var names: [String] { keys.map(\.keyword.rawValue) }

  /// Whether the value of a key may be a list.
  func takesList(_ key: String) -> Bool {
    keys.first { $0.keyword.rawValue == key }?.value.takesList ?? false
  }

  /// Whether what a section gives names to may be a list.
  func takesLists(_ section: String) -> Bool {
    switch keys.first(where: { $0.keyword.rawValue == section })?.value {
    case .named(_, let value)?, .orNothing(.named(_, let value))?: value.takesList
    default: false
    }
  }
}
