import Diagnostics

/// Entries of a mapping in braces that were meant as one: a comma ends a value there, and what stands behind it becomes a
/// key without a value.
extension InventoryLoader {
  /// What a key without a value is when it stands behind a text: more of that text, which ended at a comma.
  ///
  /// - Parameter takesList: whether the value of a key may be a list.
  func tornText(_ entry: YAMLEntry, _ takesList: (String) -> Bool) -> (
    isFirst: Bool, key: String, help: String
  )? {
    func isBare(_ value: Int) -> Bool {
      tree.kind(NodeID(value)) == .plain && tree.bytes(NodeID(value)).isEmpty
    }
    guard isBare(entry.value.index) else { return nil }
    // Keys and their values are neighbours where all of them are scalars.
    var first = entry.key.index
    while first >= 2, tree.isScalar(NodeID(first - 1)), tree.isScalar(NodeID(first - 2)), isBare(first - 1) {
      first -= 2
    }
    // Only keys have symbols: what stands at the end of a list is none.
    guard first >= 3, tree.kind(NodeID(first - 1)) == .plain, tree.isScalar(NodeID(first - 2)),
      tree[NodeID(first - 2)].symbol != .none, stand(NodeID(first - 2), NodeID(first))
    else { return nil }
    let key = tree.string(NodeID(first - 2))
    var words = [tree.string(NodeID(first - 1)), tree.string(NodeID(first))]
    var next = first + 2
    while next + 1 < tree.nodes.count, tree.isScalar(NodeID(next)), tree.isScalar(NodeID(next + 1)),
      isBare(next + 1), !tree.bytes(NodeID(next)).isEmpty, stand(NodeID(first - 2), NodeID(next))
    {
      words.append(tree.string(NodeID(next)))
      next += 2
    }
    // Of `tcp/80,443` the rest is a port whose protocol stands ahead.
    let meant = ServiceTermText.meant(words.joined(separator: ","))
    let text = SafeText.escaped((meant ?? words).joined(separator: ", "))
    return (
      first == entry.key.index, SafeText.escaped(key),
      takesList(key)
        ? "write a list: `\(key): [\(text)]`" : "quote a text that holds a comma: `\(key): \"\(text)\"`"
    )
  }

  /// Whether two keys can be of one mapping in braces: in a block keys stand below each other.
  private func stand(_ key: NodeID, _ other: NodeID) -> Bool {
    tree[key].line == tree[other].line || tree[key].column != tree[other].column
  }

  /// Tells, once, of an entry of a section that is the rest of a list.
  ///
  /// - Parameter before: the last entry that was none.
  /// - Returns: whether it is.
  mutating func isTornList(_ entry: YAMLEntry, behind before: YAMLEntry?) -> Bool {
    guard let before, tree.isScalar(before.value), let torn = tornText(entry, { _ in true }) else {
      return false
    }
    if torn.isFirst {
      error(
        entry.key, "the comma before \(quoted(entry.key)) ends the value of `\(torn.key)`", help: torn.help)
    }
    return true
  }

  /// A key of the language that has no space behind its colon, with its value.
  func unseparated(_ entry: YAMLEntry, _ schema: MappingSchema) -> (key: String, value: String)? {
    let text = tree.string(entry.key)
    guard tree.kind(entry.key) == .plain, tree.isNull(entry.value), let colon = text.firstIndex(of: ":"),
      schema.names.contains(String(text[..<colon]))
    else { return nil }
    return (String(text[..<colon]), SafeText.escaped(text[text.index(after: colon)...]))
  }

  /// Tells of a text that is several values where each stands for itself.
  ///
  /// - Returns: whether it is.
  mutating func isSeveral(_ node: NodeID) -> Bool {
    guard let help = CommaText.help(tree.string(node)) else { return false }
    error(node, "\(quoted(node)) is one text, and a comma separates nothing in it", help: help)
    return true
  }
}
