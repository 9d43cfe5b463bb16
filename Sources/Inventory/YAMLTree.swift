import Diagnostics

/// All files of an inventory as one array of located nodes in order of their text.
///
/// The nodes inside a collection follow it; an alias is a copy of what its anchor names.
struct YAMLTree {
  /// Paths of the files, sorted.
  let paths: [String]
  var nodes: [YAMLNode] = []
  /// The texts of all scalars, one behind the other.
  var text: [UInt8] = []
  var symbols = Symbols()
  /// The root of every file that could be read and is not empty.
  var roots: [NodeID] = []

  init(paths: [String]) { self.paths = paths }

  subscript(id: NodeID) -> YAMLNode { nodes[id.index] }

  func kind(_ id: NodeID) -> YAMLNode.Kind { nodes[id.index].kind }

  func isScalar(_ id: NodeID) -> Bool {
    switch kind(id) {
    case .plain, .quoted: true
    case .sequence, .mapping: false
    }
  }

  /// The text of a scalar; empty for a collection.
  func bytes(_ id: NodeID) -> ArraySlice<UInt8> {
    let node = nodes[id.index]
    return isScalar(id) ? text[Int(node.start)..<Int(node.start + node.count)] : []
  }

  func string(_ id: NodeID) -> String { String(decoding: bytes(id), as: UTF8.self) }

  func location(_ id: NodeID) -> SourceLocation {
    let node = nodes[id.index]
    return SourceLocation(file: paths[Int(node.file)], line: Int(node.line), column: Int(node.column))
  }

  func length(_ id: NodeID) -> Int { Int(nodes[id.index].length) }

  /// The items of a sequence; anything else is a sequence of itself, for "one or a list".
  func items(_ id: NodeID) -> YAMLItems {
    kind(id) == .sequence
      ? YAMLItems(nodes: nodes, position: id.index + 1, end: Int(nodes[id.index].end))
      : YAMLItems(nodes: nodes, position: id.index, end: Int(nodes[id.index].end))
  }

  /// What a list that is reported already is read as.
  var noItems: YAMLItems { YAMLItems(nodes: nodes, position: 0, end: 0) }

  /// The entries of a mapping; none for anything else.
  func entries(_ id: NodeID) -> YAMLEntries {
    let end = Int(nodes[id.index].end)
    return YAMLEntries(nodes: nodes, position: kind(id) == .mapping ? id.index + 1 : end, end: end)
  }

  /// Whether a scalar is what YAML calls null: nothing at all, `~` or `null`.
  func isNull(_ id: NodeID) -> Bool {
    guard kind(id) == .plain else { return false }
    let bytes = bytes(id)
    return bytes.isEmpty || bytes.elementsEqual("~".utf8) || bytes.elementsEqual("null".utf8)
  }
}

/// The items of a sequence, in order.
struct YAMLItems: Sequence, IteratorProtocol {
  fileprivate let nodes: [YAMLNode]
  fileprivate var position: Int
  fileprivate let end: Int

  mutating func next() -> NodeID? {
    guard position < end else { return nil }
    defer { position = Int(nodes[position].end) }
    return NodeID(position)
  }
}

/// One key and its value in a mapping.
struct YAMLEntry {
  let key: NodeID
  let value: NodeID
  let symbol: Symbol
}

/// The entries of a mapping, in order.
struct YAMLEntries: Sequence, IteratorProtocol {
  fileprivate let nodes: [YAMLNode]
  fileprivate var position: Int
  fileprivate let end: Int

  mutating func next() -> YAMLEntry? {
    // A key is a scalar, so its value is the next node.
    while position + 1 < end {
      let key = position
      position = Int(nodes[key + 1].end)
      if nodes[key].isRefused { continue }
      return YAMLEntry(key: NodeID(key), value: NodeID(key + 1), symbol: nodes[key].symbol)
    }
    return nil
  }
}
