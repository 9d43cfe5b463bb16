import Diagnostics
internal import Policy

/// Files to a policy: first every shape, then every name.
struct InventoryLoader {
  let tree: YAMLTree
  var symbols: Symbols
  var log: DiagnosticLog
  var draft = Draft()
  /// What the names of hosts, groups, zones, networks and virtual addresses were declared as; by symbol.
  var namespace = Namespace()
  /// Indices of ``Draft/groupLists``.
  var groupListIndex: [[Symbol]: Int] = [:]
  /// Hosts that the files declare, expanded or not.
  var hostBudget = 65_536
  /// Keys that lack only the space behind their colon, which is told: they are not missing as well.
  var unseparatedKeys: Set<String> = []
  /// Where names of services, flows, guards, tripwires and settings were first declared.
  private var declared: [DeclaredName: NodeID] = [:]

  private struct DeclaredName: Hashable {
    let section: Keyword
    let name: Symbol
  }

  /// - Returns: The policy; `nil` where the log has errors.
  static func load(_ sources: Sources, log: inout DiagnosticLog) -> Policy? {
    let paths = sources.files.map(\.path)
    var reader = YAMLReader(paths: paths)
    var isComplete = true
    for (index, file) in sources.files.enumerated() {
      if !reader.read(file.bytes, file: index, log: &log) { isComplete = false }
    }
    var loader = Self(reader.tree, log)
    loader.readSections(isComplete: isComplete)
    // Without a file that could not be read, half of the names would be reported as unknown.
    let policy = isComplete ? loader.build() : nil
    log = loader.log
    return log.hasErrors ? nil : policy
  }

  private init(_ tree: YAMLTree, _ log: DiagnosticLog) {
    symbols = tree.symbols
    self.tree = tree
    self.log = log
  }

  private mutating func readSections(isComplete: Bool) {
    var hasVersion = false
    for root in tree.roots {
      guard expectMapping(root, "an inventory file") else { continue }
      for entry in tree.entries(root) {
        switch MappingSchema.file.keyword(entry) {
        case .version:
          hasVersion = true
          readVersion(entry.value)
        case .settings: readSettings(entry)
        case .zones: readSection(entry) { $0.readZone($1) }
        case .networks: readSection(entry) { $0.readNetwork($1) }
        case .services: readSection(entry) { $0.readService($1) }
        case .hosts: readSection(entry) { $0.readHost($1) }
        case .groups: readSection(entry) { $0.readGroup($1) }
        case .virtual: readSection(entry) { $0.readVirtual($1) }
        case .flows: readSection(entry) { $0.readFlow($1) }
        case .guards: readSection(entry) { $0.readGuard($1) }
        case .tripwires: readSection(entry) { $0.readTripwire($1) }
        default: unknownKey(entry, in: .file, of: root)
        }
      }
    }
    if !hasVersion, isComplete, tree.roots.allSatisfy({ tree.kind($0) == .mapping }),
      let path = tree.paths.first
    {
      log.add(
        Diagnostic(
          .error, at: SourceLocation(file: path, line: 0, column: 0), length: 1,
          message: "the inventory does not say its version", help: "write `version: 1` at the top of a file"))
    }
  }

  private mutating func readSection(_ entry: YAMLEntry, _ read: (inout Self, YAMLEntry) -> Void) {
    // A section whose entries are all commented out is an empty section.
    if tree.isNull(entry.value) { return }
    guard expectMapping(entry.value, "`\(tree.string(entry.key))`") else { return }
    // `x: a, b` in braces is an entry `x` and another one, `b`, of nothing.
    let takesList = MappingSchema.file.takesLists(tree.string(entry.key))
    var before: YAMLEntry?
    for item in tree.entries(entry.value) {
      if takesList, isTornList(item, behind: before) { continue }
      before = item
      read(&self, item)
    }
  }

  private mutating func readVersion(_ value: NodeID) {
    guard tree.kind(value) == .plain, tree.bytes(value).elementsEqual("1".utf8) else {
      return error(value, "this version of the language is not known", help: "write `version: 1`")
    }
  }

  /// Checks the key of a section whose names are its own, and that it is the first of that name.
  mutating func declareOwn(_ entry: YAMLEntry, _ section: Keyword, _ what: String) -> Symbol? {
    guard let name = checkedName(entry.key) else { return nil }
    if let first = declared[DeclaredName(section: section, name: name)] {
      error(
        entry.key, "the \(what) \(quoted(entry.key)) is declared twice", help: "merge the two, or rename one",
        related: [related(first, "first declared here")])
      return nil
    }
    declared[DeclaredName(section: section, name: name)] = entry.key
    return name
  }
}

extension MappingSchema {
  /// A file: it may hold any section, and `version` stands in one of them.
  static let file = Self(
    "an inventory",
    [
      Key(.version, .integer(1...1), "The version of the language, in one file at least."),
      Key(.settings, .mapping(.settings), "What holds for all hosts that do not say otherwise."),
      section(
        .zones, .declaredName, .orNothing(.mapping(.zone)), "Areas of trust; a host is in at most one."),
      section(
        .networks, .declaredName, .mapping(.network), "Peers that are not managed, by their addresses."),
      section(.services, .name, .service, "Protocols and ports by name, such as tcp/443."),
      section(.hosts, .hostName, .mapping(.host), "The managed servers; db-[1..3] is three of them."),
      section(
        .groups, .declaredName, .either([.selector, .mapping(.group)]),
        "Names for selectors, and the way to their hosts."),
      section(
        .virtual, .declaredName, .mapping(.virtual), "Addresses that any of several hosts may carry."),
      section(
        .flows, .name, .mapping(.flow), "Who may ask whom for what, and why. Nothing else opens anything."),
      section(.guards, .name, .mapping(.guard), "What must hold of the whole, or nothing is compiled."),
      section(
        .tripwires, .name, .mapping(.tripwire), "Who knocks on closed doors is refused by them, for a time."),
    ])

  /// A section whose entries are all commented out is an empty section.
  private static func section(
    _ keyword: Keyword, _ names: TextPattern, _ value: ValueSchema, _ meaning: String
  ) -> Key {
    Key(keyword, .orNothing(.named(names, value)), meaning)
  }
}

extension InventoryLoader {
  /// The second half: what the names mean.
  private mutating func build() -> Policy? {
    var builder = PolicyBuilder(self)
    let policy = builder.build()
    log = builder.loader.log
    return policy
  }
}
