/// A table in both forms that nft(8) loads; the room of one is used again for the next.
public struct RenderedTable: Sendable {
  private var text = TextWriter(.file)
  private var json = JSONWriter()

  public init() {}

  /// As ``Table/fileText(header:)`` writes it.
  public var fileText: [UInt8] { text.out }
  /// As ``Table/jsonCommands()`` writes it.
  public var jsonCommands: [UInt8] { json.out }

  /// Writes a table in place of the last one.
  ///
  /// - Parameters:
  ///   - table: what is written.
  ///   - header: as in ``Table/fileText(header:)``.
  ///   - parts: what tables of this family and name have in common, and afterwards also the sets of this.
  /// - Throws: ``TextError``.
  public mutating func write(
    _ table: Table, header: [String], parts: inout RenderedParts
  ) throws(TextError) {
    text.out.removeAll(keepingCapacity: true)
    json.out.removeAll(keepingCapacity: true)
    try text.append(opening: table, header: header)
    try json.append(opening: table)
    for index in table.sets.indices {
      let part = try parts.part(of: table.sets[index])
      if index > 0 { text.append("\n") }
      text.out += part.text
      json.append(",\n")
      json.out += part.json
    }
    let intervals = NamedSet.intervals(table.sets)
    for (index, chain) in table.chains.enumerated() {
      try text.append(opening: chain, in: table, isFirst: index == 0)
      var place = JSONWriter()
      place.append(placeOfRuleIn: chain.name, of: table)
      for rule in chain.rules {
        let part = try parts.part(of: rule, intervals)
        text.out += part.text
        json.out += place.out
        json.out += part.json
        json.append("}}}")
      }
      text.append("\t}\n")
    }
    text.append("}\n")
    json.append("\n]")
  }
}

/// Rules and sets that were written before, as text and as JSON.
///
/// Tables of one fleet have most of their rules and sets in common, and finding the words for one costs far
/// more than copying them. All tables that share this have one family and one name. Rules are known as copies
/// of those that were prepared; sets are also kept when they are met.
public struct RenderedParts: Sendable {
  /// A rule as a line of a file and as the members of a JSON object behind its place, or a set as its
  /// declaration and as a command.
  ///
  /// A class, because counting the owners of what all threads share is dear.
  fileprivate final class Part: Sendable {
    let text: [UInt8]
    let json: [UInt8]
    /// Kept, so that no other rule takes the identity of one that is known.
    private let rule: Rule?

    init(_ text: TextWriter, _ json: JSONWriter, of rule: Rule? = nil) {
      self.text = text.out
      self.json = json.out
      self.rule = rule
    }
  }

  private let family: Family
  private let table: TableName
  private var rules: [ObjectIdentifier: Part] = [:]
  private var sets: [NamedSet: Part] = [:]

  /// - Parameters:
  ///   - family: that of the tables.
  ///   - table: their name.
  public init(_ family: Family, _ table: TableName) {
    self.family = family
    self.table = table
  }

  /// Writes sets ahead of the tables they are in.
  ///
  /// - Throws: ``TextError``.
  public mutating func prepare(_ sets: some Sequence<NamedSet>) throws(TextError) {
    for set in sets { _ = try part(of: set) }
  }

  /// Writes rules ahead of the tables they are in.
  ///
  /// - Parameters:
  ///   - rules: those that tables of this family and name have in common.
  ///   - sets: the named sets that the rules refer to.
  /// - Throws: ``TextError``.
  public mutating func prepare(_ rules: some Sequence<Rule>, sets: [NamedSet]) throws(TextError) {
    let intervals = NamedSet.intervals(sets)
    for rule in rules { self.rules[rule.identity] = try Self.part(of: rule, family, intervals) }
  }

  /// Adds what another has written.
  public mutating func add(_ other: Self) {
    rules.merge(other.rules) { first, _ in first }
    sets.merge(other.sets) { first, _ in first }
  }

  /// - Parameter sets: the interval sets that the rule may refer to.
  fileprivate func part(of rule: Rule, _ sets: [SetName: NamedSet]) throws(TextError) -> Part {
    if let known = rules[rule.identity] { return known }
    return try Self.part(of: rule, family, sets)
  }

  fileprivate mutating func part(of set: NamedSet) throws(TextError) -> Part {
    if let known = sets[set] { return known }
    var text = TextWriter(.file)
    try text.append(set)
    var json = JSONWriter()
    try json.append(set, of: family, table)
    let part = Part(text, json)
    sets[set] = part
    return part
  }

  private static func part(
    of rule: Rule, _ family: Family, _ sets: [SetName: NamedSet]
  ) throws(TextError) -> Part {
    let statements = try rule.loadableStatements(in: family, sets: sets)
    let families = RejectContext(table: family, packet: rule.rejectFamily(in: family, sets: sets))
    var text = TextWriter(.file)
    try text.append(rule, statements, in: families, counter: nil)
    var json = JSONWriter()
    try json.append(rule, statements, in: families)
    return Part(text, json, of: rule)
  }
}
