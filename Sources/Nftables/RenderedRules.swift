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

  private struct Entry {
    let statements: [Statement]
    let families: RejectContext
    var text: [UInt8]?
    var json: [UInt8]?
  }

  private var entries: [Key: Entry] = [:]

  public init() {}

  /// A line of a file, see ``TextWriter/append(_:_:in:counter:)``.
  mutating func text(of rule: Rule, in table: Table) throws(TextError) -> [UInt8] {
    let key = Key(rule: rule, family: table.family)
    var entry = try entry(key, in: table)
    if let text = entry.text { return text }
    var writer = TextWriter(.file)
    try writer.append(rule, entry.statements, in: entry.families, counter: nil)
    entry.text = writer.out
    entries[key] = entry
    return writer.out
  }

  /// The members of a rule's JSON object behind its place, see ``JSONWriter/append(_:_:in:)``.
  mutating func json(of rule: Rule, in table: Table) throws(TextError) -> [UInt8] {
    let key = Key(rule: rule, family: table.family)
    var entry = try entry(key, in: table)
    if let json = entry.json { return json }
    var writer = JSONWriter()
    try writer.append(rule, entry.statements, in: entry.families)
    entry.json = writer.out
    entries[key] = entry
    return writer.out
  }

  private func entry(_ key: Key, in table: Table) throws(TextError) -> Entry {
    if let known = entries[key] { return known }
    let sets = table.setsByName
    return Entry(
      statements: try key.rule.loadableStatements(in: table.family, sets: sets),
      families: RejectContext(
        table: table.family, packet: key.rule.rejectFamily(in: table.family, sets: sets)))
  }
}
