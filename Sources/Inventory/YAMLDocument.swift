internal import CYaml
import Diagnostics

/// One file on its way into the tree.
struct YAMLDocument {
  private let file: UInt16
  private let isMasked: Bool
  /// The collections that are open, outermost first.
  private var open: [(node: Int, expectsKey: Bool)] = []
  /// How many of them are written in brackets or braces.
  private var inline = 0
  private var anchors: YAMLAnchors
  private var documents = 0
  /// What is read.
  private var bytes: [UInt8] = []
  /// Where each key of the mapping that is being closed was seen; by symbol.
  private var seen: [(mapping: Int, key: Int)] = []

  /// Values that aliases of all files have added so far.
  var aliased: Int { anchors.aliased }

  init(file: Int, isMasked: Bool, aliased: Int) {
    self.file = UInt16(truncatingIfNeeded: file)
    self.isMasked = isMasked
    anchors = YAMLAnchors(aliased: aliased)
  }

  /// What an event leads to.
  private enum Step {
    case goOn
    case finished
    case failed
  }

  /// - Returns: Whether the file was read to its end.
  mutating func read(_ bytes: [UInt8], into tree: inout YAMLTree, log: inout DiagnosticLog) -> Bool {
    self.bytes = bytes
    guard var parser = YAMLParser(bytes) else {
      log.add(Diagnostic(.error, at: whole(tree), length: 1, message: "out of memory in libyaml"))
      return false
    }
    while true {
      let step = unsafe parser.next { event in unsafe take(event, &tree, &log) }
      switch step {
      case .goOn?: continue
      case .finished?: return true
      case .failed?: return false
      case nil:
        log.add(YAMLFailure.diagnostic(parser.failure, in: bytes, file: tree.paths[Int(file)]))
        return false
      }
    }
  }

  private mutating func take(
    _ event: borrowing yaml_event_t, _ tree: inout YAMLTree, _ log: inout DiagnosticLog
  ) -> Step {
    let place = YAMLPlace(file: file, unsafe event.start_mark, unsafe event.end_mark)
    var fault: (message: String, help: String)?
    switch unsafe event.type {
    case YAML_STREAM_END_EVENT: return .finished
    case YAML_DOCUMENT_START_EVENT:
      documents += 1
      if documents > 1 {
        fault = (
          "a second document begins here", "one file holds one document: use a file for each, without `---`"
        )
      } else if unsafe event.data.document_start.tag_directives.start
        != event.data.document_start.tag_directives.end
      {
        fault = ("a %TAG directive", "remove it: tags mean nothing here")
      }
    case YAML_ALIAS_EVENT:
      let name = unsafe Self.string(event.data.alias.anchor)
      fault = expand(name, place, &tree)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let style = unsafe scalar.style
      fault = unsafe tagFault(scalar.tag) ?? keyFault(nil)
      if fault == nil {
        unsafe addScalar(
          UnsafeRawBufferPointer(start: scalar.value, count: scalar.length), style, place, &tree, &log)
        if let name = unsafe scalar.anchor { unsafe anchors.begin(Self.string(name), tree.nodes.count - 1) }
        anchors.close(tree.nodes.count) { node in open.contains { $0.node == node } }
      }
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      fault =
        unsafe tagFault(start.tag) ?? keyFault("a list")
        ?? begin(
          .sequence, place, start.anchor, isInline: unsafe start.style == YAML_FLOW_SEQUENCE_STYLE, &tree)
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      fault =
        unsafe tagFault(start.tag) ?? keyFault("a mapping")
        ?? begin(.mapping, place, start.anchor, isInline: start.style == YAML_FLOW_MAPPING_STYLE, &tree)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: end(&tree, &log)
    default: break
    }
    if fault == nil, tree.nodes.count > YAMLLimits.nodes {
      fault = (
        "the inventory holds more than \(YAMLLimits.nodes) values", "split it into inventories of their own"
      )
    }
    guard let fault else { return .goOn }
    // In braces a text with a comma and brackets behind it becomes a collection where a key is expected.
    if inline > 0, let (mapping, expectsKey) = open.last, expectsKey,
      let torn = TornText(
        inMappingAt: Int(tree.nodes[mapping].line) - 1, Int(tree.nodes[mapping].column) - 1, of: bytes)
    {
      log.add(torn.diagnostic(tree.paths[Int(file)]))
      return .failed
    }
    log.add(
      Diagnostic(
        .error, at: place.location(tree.paths), length: Int(place.length), message: fault.message,
        help: fault.help))
    return .failed
  }

  // MARK: Values

  private mutating func addScalar(
    _ value: UnsafeRawBufferPointer, _ style: yaml_scalar_style_t, _ place: YAMLPlace, _ tree: inout YAMLTree,
    _ log: inout DiagnosticLog
  ) {
    let start = tree.text.count
    if isMasked {
      unsafe YAMLText.appendUnmasked(value, to: &tree.text)
    } else {
      unsafe tree.text.append(contentsOf: value)
    }
    // An escape such as "\u202e" makes characters that the bytes of the file do not show.
    if style == YAML_DOUBLE_QUOTED_SCALAR_STYLE {
      for scalar in String(decoding: tree.text[start...], as: UTF8.self).unicodeScalars
      where !ForbiddenCharacter.isAllowed(scalar) {
        log.add(
          Diagnostic(
            .error, at: place.location(tree.paths), length: Int(place.length),
            message: ForbiddenCharacter.message(scalar), help: ForbiddenCharacter.help))
        break
      }
    }
    if isMasked, inline > 0, style == YAML_PLAIN_SCALAR_STYLE,
      tree.text[start...].contains(UInt8(ascii: "[")), !log.countsUnkeptError()
    {
      let text = SafeText.escaped(String(decoding: tree.text[start...], as: UTF8.self))
      log.add(
        Diagnostic(
          .error, at: place.location(tree.paths), length: Int(place.length),
          message: "\(SafeText.quoted(text)) is not YAML inside `[…]` or `{…}`: a bracket ends a text there",
          help: OddSpace.first(in: text).map(OddSpace.helpWhereNeeded) ?? "write \"\(text)\" in quotes"))
    }
    let isKey = open.last?.expectsKey ?? false
    let symbol = isKey ? tree.symbols.intern(tree.text[start...]) : .none
    tree.nodes.append(
      place.node(
        style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted, start: start, count: tree.text.count - start,
        end: tree.nodes.count + 1, symbol: symbol))
    added(tree.nodes.count - 1, &tree)
  }

  private mutating func begin(
    _ kind: YAMLNode.Kind, _ place: YAMLPlace, _ name: UnsafePointer<yaml_char_t>?, isInline: Bool,
    _ tree: inout YAMLTree
  ) -> (String, String)? {
    guard open.count < YAMLLimits.depth else {
      return (
        "values are nested more than \(YAMLLimits.depth) deep",
        "no value of an inventory needs more than a few levels"
      )
    }
    let index = tree.nodes.count
    tree.nodes.append(place.node(kind, start: 0, count: 0, end: 0, symbol: .none))
    if let name = unsafe name { unsafe anchors.begin(Self.string(name), index) }
    added(index, &tree)
    open.append((index, kind == .mapping))
    // Inside brackets and braces everything is.
    if isInline || inline > 0 { inline += 1 }
    return nil
  }

  private mutating func end(_ tree: inout YAMLTree, _ log: inout DiagnosticLog) {
    guard let (index, _) = open.popLast() else { return }
    if inline > 0 { inline -= 1 }
    tree.nodes[index].end = UInt32(tree.nodes.count)
    if tree.nodes[index].kind == .mapping {
      tree.nodes[index].count /= 2
      checkKeys(NodeID(index), &tree, &log)
    }
    anchors.close(tree.nodes.count) { node in open.contains { $0.node == node } }
  }

  /// Counts a new value in the collection around it.
  private mutating func added(_ node: Int, _ tree: inout YAMLTree) {
    guard let last = open.indices.last else {
      tree.roots.append(NodeID(node))
      return
    }
    let parent = open[last].node
    tree.nodes[parent].count += 1
    if tree.nodes[parent].kind == .mapping { open[last].expectsKey.toggle() }
  }

  private mutating func checkKeys(_ mapping: NodeID, _ tree: inout YAMLTree, _ log: inout DiagnosticLog) {
    if seen.count < tree.symbols.count {
      seen += Array(repeating: (-1, 0), count: tree.symbols.count * 2 - seen.count)
    }
    // Marked behind the loop: a write inside it, made or not, would copy the nodes it walks through.
    var refused: [Int] = []
    for entry in tree.entries(mapping) {
      if tree.kind(entry.key) == .plain, tree.bytes(entry.key).elementsEqual("<<".utf8) {
        log.add(
          Diagnostic(
            .error, at: tree.location(entry.key), length: 2, message: "a merge key",
            help: "write the entries out: what is merged is not seen by a reviewer"))
        refused.append(entry.key.index)
      } else if seen[entry.symbol.index].mapping == mapping.index {
        refused.append(entry.key.index)
        if log.countsUnkeptError() { continue }
        let first = NodeID(seen[entry.symbol.index].key)
        log.add(
          Diagnostic(
            .error, at: tree.location(entry.key), length: tree.length(entry.key),
            message: "the key \(SafeText.quoted(tree.string(entry.key))) is written twice",
            help: "keep one of the two",
            related: [
              RelatedPlace(
                location: tree.location(first), length: tree.length(first), message: "first written here")
            ]))
      } else {
        seen[entry.symbol.index] = (mapping.index, entry.key.index)
      }
    }
    for key in refused { tree.nodes[key].isRefused = true }
  }

  /// Puts a copy of what an alias names in its place.
  private mutating func expand(_ name: String, _ place: YAMLPlace, _ tree: inout YAMLTree) -> (
    String, String
  )? {
    if let fault = keyFault("an alias") { return fault }
    let first = tree.nodes.count
    if let fault = anchors.expand(name, into: &tree, depth: open.count) { return fault }
    added(first, &tree)
    return nil
  }

  // MARK: Faults

  private func tagFault(_ tag: UnsafePointer<yaml_char_t>?) -> (message: String, help: String)? {
    guard let tag = unsafe tag else { return nil }
    let shown = unsafe SafeText.quoted(Self.string(tag))
    return (
      "the tag \(shown)",
      "tags are not read; a selector that begins with `!` needs a name before it: `all & !canary`"
    )
  }

  /// Keys are names: a collection cannot be one.
  private func keyFault(_ what: String?) -> (message: String, help: String)? {
    guard let what, open.last?.expectsKey ?? false else { return nil }
    return ("\(what) as a key", "a key is a name; quote it if it holds special characters")
  }

  private func whole(_ tree: YAMLTree) -> SourceLocation {
    SourceLocation(file: tree.paths[Int(file)], line: 0, column: 0)
  }

  // MARK: C

  private static func string(_ text: UnsafePointer<yaml_char_t>) -> String {
    unsafe String(decodingCString: text, as: UTF8.self)
  }
}
