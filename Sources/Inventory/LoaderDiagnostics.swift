internal import Addressing
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
    var help = help
    if severity == .error, tree.isScalar(node), let space = OddSpace.first(in: tree.string(node)) {
      help = OddSpace.help(space)
    }
    log.add(
      Diagnostic(
        severity, at: tree.location(node), length: tree.length(node), message: message, help: help,
        related: related))
  }

  func related(_ node: NodeID, _ message: String) -> RelatedPlace {
    RelatedPlace(location: tree.location(node), length: tree.length(node), message: message)
  }

  /// Where a part of a scalar stands: exact for texts that are written as they read.
  func place(in node: NodeID, _ offset: Int, _ count: Int) -> (SourceLocation, Int) {
    let whole = tree.location(node)
    let written = tree.length(node)
    let quotes = tree.kind(node) == .quoted ? 1 : 0
    guard written == tree.bytes(node).count + 2 * quotes else { return (whole, written) }
    let column = whole.column + offset + quotes
    return (SourceLocation(file: whole.file, line: whole.line, column: column), max(count, 1))
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

  mutating func unknownKey(_ entry: YAMLEntry, in schema: MappingSchema, of mapping: NodeID) {
    if let (key, value) = unseparated(entry, schema) {
      unseparatedKeys.insert(key)
      let help =
        OddSpace.first(in: value).map(OddSpace.helpWhereNeeded)
        ?? "write a space behind the colon: `\(key): \(value)`"
      return log.add(
        Diagnostic(
          .error, at: tree.location(entry.key), length: tree.length(entry.key),
          message: "nothing separates `\(key):` from its value", help: help))
    }
    if let torn = tornText(entry, schema.takesList) {
      // Told at its first part.
      guard torn.isFirst, !log.countsUnkeptError() else { return }
      return error(
        entry.key, "the comma before \(quoted(entry.key)) ends the text of `\(torn.key)`", help: torn.help)
    }
    if log.countsUnkeptError() { return }
    // A key that stands there already was not meant.
    let written = Set(tree.entries(mapping).map { tree.string($0.key) })
    let names = schema.names.filter { !written.contains($0) }
    let help =
      if let nearest = Suggestion.meant(by: tree.string(entry.key), among: names) {
        "did you mean `\(nearest)`?"
      } else {
        "\(schema.what) may have \(Self.list(schema.names))"
      }
    error(entry.key, "the key \(quoted(entry.key)) is not known in \(schema.what)", help: help)
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
      node, "\(what) is a mapping of keys to values, not \(found(node))",
      help: body(of: what, from: node) ?? Self.example(of: what) ?? "write `key: value` entries")
    return false
  }

  /// What was written of a network or a host, where that is its addresses alone.
  private func body(of what: String, from node: NodeID) -> String? {
    let keys = ["a network": "prefixes", "a host": "addresses"]
    guard let key = keys[what], tree.isScalar(node) || tree.kind(node) == .sequence else { return nil }
    var values: [String] = []
    for item in tree.items(node) {
      guard tree.isScalar(item) else { return nil }
      values += CommaText.values(tree.string(item)) ?? [tree.string(item)]
    }
    guard !values.isEmpty,
      values.allSatisfy({
        what == "a host" ? (try? Address(parsing: $0)) != nil : (try? AddressRange(parsing: $0)) != nil
      })
    else { return nil }
    return "write `{\(key): [\(values.map(CommaText.item).joined(separator: ", "))]}`"
  }

  /// How a section is written, by name.
  private static func example(of what: String) -> String? {
    if what == "a virtual address" { return "write `{addresses: [10.20.1.100], carriers: edge}`" }
    if what == "a host" { return "write `{addresses: [10.20.1.11]}`" }
    if what == "a network" { return "write `{prefixes: [203.0.113.0/24]}`" }
    let examples: [Keyword: String] = [
      .zones: "zones: {app: {}}", .networks: "networks: {office: {prefixes: [203.0.113.0/24]}}",
      .services: "services: {https: tcp/443}", .hosts: "hosts: {web-1: {addresses: [10.20.1.11]}}",
      .groups: "groups: {frontend: [web, api]}",
      .virtual: "virtual: {lb: {addresses: [10.20.1.100], carriers: edge}}",
      .flows: "flows: {web-to-api: {from: web, to: api, service: https, why: Orders are placed}}",
      .guards: "guards: {alone: {isolated: vault}}",
      .tripwires: "tripwires: {decoys: {\"on\": decoy, touch: any, cut: 1h, why: Nobody has business there}}",
      .settings: "settings: {mode: observe}",
    ]
    let found = examples.first { what == "`\($0.key.rawValue)`" }
    return found.map { "write names as keys: `\($0.value)`" }
  }

  /// A text that says something, in one line: a block of YAML ends with a line feed, and has others within.
  mutating func text(
    _ node: NodeID, _ what: String, ifEmpty help: String = "say it in a few words, or remove the key"
  ) -> String? {
    guard tree.isScalar(node) else {
      error(node, "`\(what)` is a text, not \(found(node))", help: "write `\(what): some words`")
      return nil
    }
    let bytes = tree.bytes(node)
    if tree.isNull(node) || bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0a }) {
      error(node, "`\(what)` is empty", help: help)
      return nil
    }
    if tree.kind(node) == .plain, PlainScalar(bytes) != .integer, !readsAsText(node) { return nil }
    guard bytes.count <= 2000 else {
      error(node, "`\(what)` has \(bytes.count) bytes", help: "2000 at most: put a reference instead")
      return nil
    }
    return Self.line(of: bytes) ?? tree.string(node)
  }

  /// A text without breaks and tabs, and without spaces at its ends; `nil`: it is so already.
  private static func line(of bytes: ArraySlice<UInt8>) -> String? {
    func isBreak(_ byte: UInt8) -> Bool { [0x0a, 0x0d, 0x09].contains(byte) }
    guard bytes.first == 0x20 || bytes.last == 0x20 || bytes.contains(where: isBreak) else { return nil }
    let lines = bytes.split(whereSeparator: isBreak).compactMap { line -> String? in
      guard let first = line.firstIndex(where: { $0 != 0x20 }),
        let last = line.lastIndex(where: { $0 != 0x20 })
      else { return nil }
      return String(decoding: line[first...last], as: UTF8.self)
    }
    return lines.joined(separator: " ")
  }

  /// Whether every reader of YAML takes a scalar for a text; one without quotes may be a number to some.
  mutating func readsAsText(_ node: NodeID) -> Bool {
    if tree.kind(node) != .plain || PlainScalar(tree.bytes(node)) == .text { return true }
    error(
      node, "\(quoted(node)) without quotes is not a text for every YAML reader",
      help: "write \"\(SafeText.escaped(tree.string(node)))\" in quotes")
    return false
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
      node, "`\(what)` is \(Self.list(words, "or")), not \(found(node))",
      help: "write \(Self.list(words.map { "\(what): \($0)" }, "or"))")
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
  ///
  /// - Parameter isListed: whether it stands where a list of names may.
  mutating func checkedName(_ node: NodeID, isListed: Bool = false) -> Symbol? {
    guard tree.isScalar(node) else {
      error(node, "a name is expected, not \(found(node))", help: "write one name")
      return nil
    }
    let bytes = tree.bytes(node)
    if let fault = NameRule.fault(bytes, isPlain: tree.kind(node) == .plain) {
      if log.countsUnkeptError() { return nil }
      error(
        node, fault.message, help: (isListed ? CommaText.help(tree.string(node)) : nil) ?? fault.help)
      return nil
    }
    let known = tree[node].symbol
    return known == .none ? symbols.intern(bytes) : known
  }
}
