/// A table in both forms that nft(8) loads.
public struct RenderedTable: Sendable {
  /// As ``Table/fileText(header:elements:)`` writes it.
  public let fileText: [UInt8]
  /// As ``Table/jsonCommands(elements:)`` writes it.
  public let jsonCommands: [UInt8]
}

/// Rules that were written before, as text and as JSON.
///
/// Tables of one fleet have most of their rules in common, and finding the words for a rule costs far
/// more than copying them. Sets of one name must be of one kind in all tables that share this.
public struct RenderedRules: Sendable {
  /// Compares whole rules but hashes little of them: a comment alone tells most rules apart.
  private struct Key: Hashable {
    let rule: Rule
    let family: Family

    func hash(into hasher: inout Hasher) {
      hasher.combine(rule.comment)
      hasher.combine(rule.expressions.count)
    }
  }

  /// A line of a file, and the members of a JSON object behind the rule's place.
  struct Entry {
    let text: [UInt8]
    let json: [UInt8]
  }

  private var entries: [Key: Entry] = [:]
  /// Bytes of the last table, which tell how much room the next will need.
  fileprivate var room = (text: 0, json: 0)

  public init() {}

  /// Writes rules ahead of the tables they are in.
  ///
  /// - Parameter sets: the named sets that the rules refer to.
  /// - Throws: ``TextError``.
  public mutating func prepare(_ rules: some Sequence<Rule>, in family: Family, sets: [NamedSet])
    throws(TextError)
  {
    var intervals: [SetName: NamedSet] = [:]
    for set in sets where set.flags.contains(.interval) { intervals[set.name] = set }
    for rule in rules { _ = try entry(of: rule, in: family, sets: intervals) }
  }

  /// Adds what another has written.
  public mutating func add(_ other: Self) { entries.merge(other.entries) { first, _ in first } }

  /// - Parameter sets: the interval sets that the rule may refer to.
  mutating func entry(of rule: Rule, in family: Family, sets: [SetName: NamedSet]) throws(TextError) -> Entry
  {
    let key = Key(rule: rule, family: family)
    if let known = entries[key] { return known }
    let statements = try rule.loadableStatements(in: family, sets: sets)
    let families = RejectContext(table: family, packet: rule.rejectFamily(in: family, sets: sets))
    var text = TextWriter(.file)
    try text.append(rule, statements, in: families, counter: nil)
    var json = JSONWriter()
    try json.append(rule, statements, in: families)
    let entry = Entry(text: text.out, json: json.out)
    entries[key] = entry
    return entry
  }
}

extension Table {
  /// The table as text and as JSON.
  ///
  /// - Parameters:
  ///   - header: as in ``fileText(header:elements:)``.
  ///   - texts: texts of ``NamedSet/elementText(_:)`` that the caller has already.
  ///   - json: texts of ``NamedSet/elementJSON()`` that the caller has already.
  ///   - rules: those of other tables, and afterwards also of this.
  /// - Throws: ``TextError``.
  public func rendered(
    header: [String], texts: RenderedElements, json: RenderedElements, rules: inout RenderedRules
  ) throws(TextError) -> RenderedTable {
    var text = TextWriter(.file)
    var commands = JSONWriter()
    text.out.reserveCapacity(rules.room.text)
    commands.out.reserveCapacity(rules.room.json)
    try text.append(opening: self, header: header, elements: texts)
    try commands.append(opening: self, elements: json)
    let intervals = intervalSets
    for (index, chain) in chains.enumerated() {
      try text.append(opening: chain, in: self, isFirst: index == 0)
      for rule in chain.rules {
        let entry = try rules.entry(of: rule, in: family, sets: intervals)
        text.out += entry.text
        commands.append(placeOfRuleIn: chain.name, of: self)
        commands.out += entry.json
        commands.append("}}}")
      }
      text.append("\t}\n")
    }
    text.append("}\n")
    commands.append("\n]")
    rules.room = (text.out.count * 5 / 4, commands.out.count * 5 / 4)
    return RenderedTable(fileText: text.out, jsonCommands: commands.out)
  }
}
