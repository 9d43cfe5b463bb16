import Diagnostics

/// One name in a term of a selector.
struct SelectorFactor {
  let name: Symbol
  let isExcluded: Bool
  let place: SourceLocation
  let length: Int
}

/// Names that are intersected, less names that are excluded: `api & tokyo & !canary`.
struct SelectorTerm {
  let node: NodeID
  let factors: [SelectorFactor]

  /// Equal for terms that differ in the order of their names only.
  var key: [Int] {
    factors.map { $0.isExcluded ? ~$0.name.index : $0.name.index }.sorted()
  }
}

extension PolicyBuilder {
  /// The terms of a selector: one text, or a list of them.
  ///
  /// - Returns: `nil` where something is wrong; the log says what.
  mutating func terms(_ node: NodeID, _ what: String) -> [SelectorTerm]? {
    guard loader.tree.kind(node) != .mapping else {
      loader.error(
        node, "`\(what)` is a selector, not a mapping",
        help: "write a name, or a list of terms such as `[api & tokyo, worker]`")
      return nil
    }
    guard let items = loader.oneOrMore(node, what) else { return nil }
    var terms: [SelectorTerm] = []
    var isGood = true
    var seen: Set<[Int]> = []
    for item in items {
      guard loader.tree.isScalar(item), !loader.tree.isNull(item) else {
        loader.error(
          item, "a term of a selector is a text, not \(loader.found(item))",
          help: "write a list of terms, not of lists")
        isGood = false
        continue
      }
      guard let term = term(item) else {
        isGood = false
        continue
      }
      if seen.insert(term.key).inserted {
        terms.append(term)
      } else {
        loader.warning(item, "the term \(loader.quoted(item)) is listed twice", help: "remove one")
      }
    }
    return isGood ? terms : nil
  }

  mutating func term(_ node: NodeID) -> SelectorTerm? {
    let bytes = loader.tree.bytes(node)
    let isCompound = bytes.contains(UInt8(ascii: "&")) || bytes.contains(UInt8(ascii: "!"))
    var factors: [SelectorFactor] = []
    for part in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      var word = part
      while word.first == 0x20 || word.first == 0x0a { word = word.dropFirst() }
      while word.last == 0x20 || word.last == 0x0a { word = word.dropLast() }
      let isExcluded = word.first == UInt8(ascii: "!")
      let offset = word.startIndex - bytes.startIndex
      let (place, length) = loader.place(in: node, offset, word.count)
      if isExcluded { word = word.dropFirst() }
      guard let name = reference(word, node, place, length, isPlain: !isCompound) else { return nil }
      factors.append(SelectorFactor(name: name, isExcluded: isExcluded, place: place, length: length))
    }
    guard factors.contains(where: { !$0.isExcluded }) else {
      loader.error(
        node, "the term \(loader.quoted(node)) only excludes",
        help: "say from what: `all & \(loader.tree.string(node))`")
      return nil
    }
    return SelectorTerm(node: node, factors: factors)
  }

  /// A name of the common namespace that stands in a selector.
  private mutating func reference(
    _ word: ArraySlice<UInt8>, _ node: NodeID, _ place: SourceLocation, _ length: Int, isPlain: Bool
  ) -> Symbol? {
    let isBare = isPlain && loader.tree.kind(node) == .plain
    if let fault = NameRule.fault(word, isPlain: isBare) {
      error(place, length, fault.message, help: help(word, of: node) ?? fault.help)
      return nil
    }
    let known = loader.symbols.find(word)
    if let known, let keyword = Keyword(known), NameRule.reserved.contains(keyword) {
      if keyword == .all { return known }
      error(
        place, length, "`\(keyword.rawValue)` stands only in a network's `except`",
        help: keyword == .managed
          ? "write `all` for every managed host" : "declare a network with the prefixes that are meant")
      return nil
    }
    guard let known, loader.namespace[known] != nil else {
      if loader.log.countsUnkeptError() { return nil }
      let name = String(decoding: word, as: UTF8.self)
      error(
        place, length, "no host, group, zone or network is called \(SafeText.quoted(name))",
        help: help(word, of: node) ?? nearest(name, in: { $0.namespaceNames })
          ?? "declare it, or correct the name"
      )
      return nil
    }
    return known
  }

  mutating func error(_ place: SourceLocation, _ length: Int, _ message: String, help: String? = nil) {
    loader.log.add(Diagnostic(.error, at: place, length: length, message: message, help: help))
  }
}
