/// One value of a YAML file, in 32 bytes: ten thousand hosts are some hundred thousand of them.
struct YAMLNode {
  enum Kind: UInt8 {
    /// A scalar without quotes: other YAML readers may see a number or a boolean in it.
    case plain
    /// A scalar in quotes or a block scalar: a text for every reader.
    case quoted
    case sequence
    case mapping
  }

  let kind: Kind
  /// Keys of mappings: written twice or a merge key, and reported; the entry is read as not there.
  var isRefused = false
  /// Index in ``YAMLTree/paths``.
  let file: UInt16
  /// 1-based.
  let line: UInt32
  /// 1-based, in characters.
  let column: UInt32
  /// Characters in the first line, at least 1.
  let length: UInt32
  /// Scalars: where the text begins in ``YAMLTree/text``.
  let start: UInt32
  /// Scalars: bytes of text. Sequences: items. Mappings: entries.
  var count: UInt32
  /// Index of the node behind this one and everything in it.
  var end: UInt32
  /// Keys of mappings: their symbol.
  var symbol: Symbol
}

/// A node of a ``YAMLTree``.
struct NodeID: Hashable {
  let index: Int

  init(_ index: Int) { self.index = index }
}
