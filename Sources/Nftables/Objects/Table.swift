/// Something in a table that Sekisho keeps track of but does not model, such as a named counter.
public struct OpaqueObject: Hashable, Sendable {
  /// The kind in nft's words: `counter`, `quota`, `ct helper`, `flowtable`, or the kernel's number.
  public let kind: String
  public let name: String

  public init(kind: String, name: String) {
    self.kind = kind
    self.name = name
  }
}

/// A table: chains and sets under one name.
public struct Table: Hashable, Sendable {
  public let family: Family
  public let name: TableName
  public let flags: TableFlags
  public let comment: String?
  /// Base chains in order of hook and priority, then the others in order of name.
  public let chains: [Chain]
  /// In order of name.
  public let sets: [NamedSet]
  public let others: [OpaqueObject]

  public init(
    family: Family, name: TableName, flags: TableFlags = [], comment: String? = nil, chains: [Chain],
    sets: [NamedSet], others: [OpaqueObject] = []
  ) {
    self.family = family
    self.name = name
    self.flags = flags
    self.comment = comment
    self.chains = chains.sorted { $0.isBefore($1) }
    self.sets = sets.sorted { $0.name < $1.name }
    self.others = others
  }

  /// How messages call it: `inet sekisho`.
  public var title: String { "\(family) \(name)" }

  public func chain(_ name: ChainName) -> Chain? { chains.first { $0.name == name } }
  public func set(_ name: SetName) -> NamedSet? { sets.first { $0.name == name } }
}

extension Chain {
  fileprivate func isBefore(_ other: Chain) -> Bool {
    switch (base, other.base) {
    case (let mine?, let theirs?):
      (mine.hook.rawValue, mine.priority, name) < (theirs.hook.rawValue, theirs.priority, other.name)
    case (.some, nil): true
    case (nil, .some): false
    case (nil, nil): name < other.name
    }
  }
}
