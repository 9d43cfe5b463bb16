import Diagnostics

/// The anchors of one file, and what aliases have cost in all files.
struct YAMLAnchors {
  /// Values that aliases have added.
  private(set) var aliased: Int
  /// The range of nodes each anchor names; `nil` while its value is still being read.
  private var ranges: [String: Range<Int>?] = [:]
  private var unfinished: [(node: Int, name: String)] = []

  init(aliased: Int) { self.aliased = aliased }

  /// An anchor whose value begins with a node.
  mutating func begin(_ name: String, _ node: Int) {
    ranges.updateValue(nil, forKey: name)
    unfinished.append((node, name))
  }

  /// Anchors whose value is complete can be named from here on.
  mutating func close(_ end: Int, isOpen: (Int) -> Bool) {
    while let last = unfinished.last, !isOpen(last.node) {
      ranges[last.name] = last.node..<end
      unfinished.removeLast()
    }
  }

  /// Appends a copy of what an anchor names.
  ///
  /// - Parameter depth: How many collections are open around the alias.
  /// - Returns: What is wrong, and what to write.
  mutating func expand(_ name: String, into tree: inout YAMLTree, depth: Int) -> (String, String)? {
    let shown = "the alias `*\(SafeText.escaped(name))`"
    guard let anchor = ranges[name] else {
      return (
        "\(shown) has no anchor",
        "`*` begins an alias in YAML; every managed host is `all`, addresses outside are a network"
      )
    }
    guard let range = anchor else { return ("\(shown) stands inside its own anchor", "write the value out") }
    aliased += range.count
    guard aliased <= YAMLLimits.aliasedNodes else {
      return (
        "aliases stand for more than \(YAMLLimits.aliasedNodes) values",
        "use groups and named services instead of aliases"
      )
    }
    guard depth + Self.depth(tree.nodes[range]) <= YAMLLimits.depth else {
      return ("values are nested more than \(YAMLLimits.depth) deep", "write the value out")
    }
    let shift = tree.nodes.count - range.lowerBound
    for index in range {
      var node = tree.nodes[index]
      node.end += UInt32(shift)
      tree.nodes.append(node)
    }
    return nil
  }

  /// How deep collections are nested in a subtree.
  private static func depth(_ nodes: ArraySlice<YAMLNode>) -> Int {
    var ends: [UInt32] = []
    var deepest = 0
    for index in nodes.indices {
      while let end = ends.last, end <= index { ends.removeLast() }
      if nodes[index].kind == .sequence || nodes[index].kind == .mapping { ends.append(nodes[index].end) }
      deepest = max(deepest, ends.count)
    }
    return deepest
  }
}
