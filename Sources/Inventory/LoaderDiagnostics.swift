import Diagnostics

extension InventoryLoader {
  // MARK: Reporting

  mutating func error(_ node: NodeID, _ message: String, help: String? = nil, related: [RelatedPlace] = []) {
    add(.error, node, message, help, related)
  }

  mutating func warning(_ node: NodeID, _ message: String, help: String? = nil) {
    add(.warning, node, message, help, [])
  }

  mutating func note(_ node: NodeID, _ message: String, help: String? = nil) {
    add(.note, node, message, help, [])
  }

  private mutating func add(
    _ severity: Severity, _ node: NodeID, _ message: String, _ help: String?, _ related: [RelatedPlace]
  ) {
    log.add(
      Diagnostic(
        severity, at: tree.location(node), length: tree.length(node), message: message, help: help,
        related: related))
  }

  func related(_ node: NodeID, _ message: String) -> RelatedPlace {
    RelatedPlace(location: tree.location(node), length: tree.length(node), message: message)
  }

  /// A scalar's text as a message may show it.
  func quoted(_ node: NodeID) -> String { SafeText.quoted(tree.string(node)) }

  func quoted(_ symbol: Symbol) -> String { SafeText.quoted(symbols.name(symbol)) }

  /// `a, b and c`, each in backquotes.
  static func list(_ words: [String], _ last: String = "and") -> String {
    let quoted = words.map { "`\($0)`" }
    guard let end = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " \(last) \(end)"
  }

  // MARK: Shapes

  mutating func unknownKey(_ entry: YAMLEntry, in what: String, _ known: [Keyword]) {
    if log.countsUnkeptError() { return }
    let names = known.map(\.rawValue)
    let help =
      if let nearest = Suggestion.nearest(to: tree.string(entry.key), among: names) {
        "did you mean `\(nearest)`?"
      } else {
        "\(what) may have \(Self.list(names))"
      }
    error(entry.key, "the key \(quoted(entry.key)) is not known in \(what)", help: help)
  }

  /// What stands at a node, for messages.
  func found(_ node: NodeID) -> String {
    if tree.isNull(node) { return "nothing" }
    switch tree.kind(node) {
    case .plain, .quoted: return quoted(node)
    case .sequence: return "a list"
    case .mapping: return "a mapping"
    }
  }

  mutating func expectMapping(_ node: NodeID, _ what: String) -> Bool {
    if tree.kind(node) == .mapping { return true }
    if log.countsUnkeptError() { return false }
    error(
      node, "\(what) is a mapping of keys to values, not \(found(node))", help: "write `key: value` entries")
    return false
  }

  /// A text that says something.
  mutating func text(_ node: NodeID, _ what: String) -> String? {
    guard tree.isScalar(node) else {
      error(node, "`\(what)` is a text, not \(found(node))", help: "write `\(what): some words`")
      return nil
    }
    let bytes = tree.bytes(node)
    if tree.isNull(node) || bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0a }) {
      error(node, "`\(what)` is empty", help: "say it in a few words, or remove the key")
      return nil
    }
    guard bytes.count <= 2000 else {
      error(node, "`\(what)` has \(bytes.count) bytes", help: "2000 at most: put a reference instead")
      return nil
    }
    return tree.string(node)
  }

  mutating func bool(_ node: NodeID, _ what: String) -> Bool? {
    if tree.kind(node) == .plain {
      if tree.bytes(node).elementsEqual("true".utf8) { return true }
      if tree.bytes(node).elementsEqual("false".utf8) { return false }
    }
    error(
      node, "`\(what)` is true or false, not \(found(node))",
      help: "write `\(what): true` or `\(what): false`")
    return nil
  }

  /// One of the words of an enumeration.
  mutating func word<Value: RawRepresentable & CaseIterable>(
    _ node: NodeID, _ what: String, _ type: Value.Type
  ) -> Value? where Value.RawValue == String {
    if tree.isScalar(node), let value = Value(rawValue: tree.string(node)) { return value }
    let words = type.allCases.map(\.rawValue)
    error(
      node, "`\(what)` is \(Self.list(words, "or")), not \(found(node))", help: "write `\(what): \(words[0])`"
    )
    return nil
  }

  /// The items of a list, or one value as a list of it; an empty list is an error.
  mutating func oneOrMore(_ node: NodeID, _ what: String) -> YAMLItems? {
    if tree.isNull(node) || (tree.kind(node) == .sequence && tree[node].count == 0) {
      error(
        node, "`\(what)` is empty",
        help: "an empty list never means \"any\": name what is meant, or remove the key")
      return nil
    }
    return tree.items(node)
  }

  // MARK: Names

  /// The symbol of a scalar that is a good name.
  mutating func checkedName(_ node: NodeID) -> Symbol? {
    guard tree.isScalar(node) else {
      error(node, "a name is expected, not \(found(node))", help: "write one name")
      return nil
    }
    let bytes = tree.bytes(node)
    if let fault = NameRule.fault(bytes, isPlain: tree.kind(node) == .plain) {
      if log.countsUnkeptError() { return nil }
      error(node, fault.message, help: fault.help)
      return nil
    }
    let known = tree[node].symbol
    return known == .none ? symbols.intern(bytes) : known
  }
}
