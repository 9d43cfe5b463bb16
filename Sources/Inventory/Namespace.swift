import Diagnostics

/// What hosts, groups, zones, networks and virtual addresses are called; one name means one of them.
struct Namespace {
  enum Kind: String {
    case host
    /// Named by hosts that are in it.
    case implicitGroup = "group of hosts"
    /// Named in the section of groups.
    case group
    case zone
    case network
    case virtual = "virtual address"
  }

  struct Declaration {
    let kind: Kind
    let key: NodeID
    /// In the array of its kind.
    let index: Int
  }

  private var declarations: [Declaration?] = []

  subscript(name: Symbol) -> Declaration? {
    name.index < declarations.count ? declarations[name.index] : nil
  }

  mutating func add(_ name: Symbol, _ declaration: Declaration) {
    if name.index >= declarations.count {
      declarations += Array(
        repeating: nil, count: name.index + 1 + declarations.count / 2 - declarations.count / 4)
    }
    declarations[name.index] = declaration
  }

  /// Every name that is declared.
  var names: [Symbol] {
    declarations.indices.filter { declarations[$0] != nil }.map { Symbol(id: UInt32($0)) }
  }
}

extension InventoryLoader {
  /// Declares a name of the common namespace; a clash is reported with both places.
  ///
  /// - Returns: Whether the name is free.
  mutating func declare(_ kind: Namespace.Kind, _ name: Symbol, at key: NodeID, index: Int) -> Bool {
    if let keyword = Keyword(name), NameRule.reserved.contains(keyword) {
      error(key, "the name `\(keyword.rawValue)` is reserved", help: Self.reservedHelp(keyword))
      return false
    }
    if kind == .host, symbols.bytes(name).elementsEqual("manifest".utf8) {
      error(
        key, "no host can be called `manifest`",
        help:
          "a compile names its files after hosts, and manifest.json is the list of them; choose another name")
      return false
    }
    guard let first = namespace[name] else {
      namespace.add(name, Namespace.Declaration(kind: kind, key: key, index: index))
      return true
    }
    if first.kind == .implicitGroup, kind == .implicitGroup { return true }
    let message =
      first.kind == kind
      ? "the \(kind.rawValue) \(quoted(name)) is declared twice"
      : "\(quoted(name)) is the name of a \(kind.rawValue) here and of a \(first.kind.rawValue) elsewhere"
    error(
      key, message,
      help: first.kind == kind
        ? "merge the two, or rename one"
        : "hosts, groups, zones, networks and virtual addresses share one namespace: rename one",
      related: [related(first.key, "first declared here")])
    return false
  }

  static func reservedHelp(_ keyword: Keyword) -> String {
    switch keyword {
    case .all: "`all` selects every managed host; choose another name"
    case .managed: "`managed` means the addresses of all hosts in a network's `except`; choose another name"
    default: "`private` means the private prefixes in a network's `except`; choose another name"
    }
  }
}
