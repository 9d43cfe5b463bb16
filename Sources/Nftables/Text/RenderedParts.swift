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
      text.append(gapAheadOfChain: index, of: table)
      if let part = parts.part(of: chain) {
        text.out += part.text
        json.out += part.json
      } else {
        try parts.write(chain, intervals, to: &text, &json)
      }
    }
    text.append("}\n")
    json.append("\n]")
  }
}

/// Rules, sets and chains that were written before, as text and as JSON.
///
/// Tables of one fleet have most of their rules and sets in common, and finding the words for one costs far
/// more than copying them. All tables that share this have one family and one name. Rules and chains are known as copies
/// of those that were prepared; sets are also kept when they are met.
public struct RenderedParts: Sendable {
  /// A rule as a line of a file and as the members of a JSON object behind its place, a set as its
  /// declaration and as a command, or a chain in a file and the commands that add its rules.
  ///
  /// A class, because counting the owners of what all threads share is dear.
  fileprivate final class Part: Sendable {
    let text: [UInt8]
    let json: [UInt8]
    /// What it is of: kept, so that nothing else takes the identity of what is known.
    let rules: [Rule]
    private let set: NamedSet?
    let chain: ChainName?

    init(
      _ text: TextWriter, _ json: JSONWriter, of rules: [Rule] = [], in chain: ChainName? = nil,
      set: NamedSet? = nil
    ) {
      self.text = text.out
      self.json = json.out
      self.rules = rules
      self.chain = chain
      self.set = set
    }
  }

  private let family: Family
  private let table: TableName
  private var rules: [ObjectIdentifier: Part] = [:]
  /// By their first rules.
  private var chains: [ObjectIdentifier: Part] = [:]
  private var preparedSets: [ObjectIdentifier: Part] = [:]
  /// Others that were met.
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
    for set in sets { preparedSets[set.identity] = try write(set) }
  }

  /// Writes rules ahead of the tables they are in.
  ///
  /// - Parameters:
  ///   - rules: those that tables of this family and name have in common.
  ///   - sets: the named sets that the rules refer to.
  /// - Throws: ``TextError``.
  public mutating func prepare(_ rules: some Sequence<Rule>, sets: [NamedSet]) throws(TextError) {
    let intervals = NamedSet.intervals(sets)
    // Flows from the same peers have equal rules but for their names. Few rules refer to one set, and comparing those costs
    // less than hashing the rule.
    var words: [SetName: [(rule: Rule, statements: [Statement])]] = [:]
    for rule in rules {
      let set = rule.firstNamedSet
      let known = set.flatMap { words[$0] }?.first { $0.rule.expressions == rule.expressions }
      let statements: [Statement]
      if let known {
        statements = known.statements
      } else {
        statements = try rule.loadableStatements(in: family, sets: intervals)
      }
      if let set, known == nil { words[set, default: []].append((rule, statements)) }
      self.rules[rule.identity] = try Self.part(of: rule, statements, family, intervals)
    }
  }

  /// Writes chains ahead of the tables they are in: chains without a hook, whose rules were prepared.
  ///
  /// - Parameters:
  ///   - chains: those that tables of this family and name have in common.
  ///   - sets: the named sets that their rules refer to.
  /// - Throws: ``TextError``.
  public mutating func prepare(_ chains: some Sequence<Chain>, sets: [NamedSet]) throws(TextError) {
    let intervals = NamedSet.intervals(sets)
    for chain in chains where chain.base == nil && chain.comment == nil {
      guard let first = chain.rules.first else { continue }
      var text = TextWriter(.file)
      var json = JSONWriter()
      try write(chain, intervals, to: &text, &json)
      self.chains[first.identity] = Part(text, json, of: chain.rules, in: chain.name)
    }
  }

  /// Adds what another has written.
  public mutating func add(_ other: Self) {
    rules.merge(other.rules) { first, _ in first }
    chains.merge(other.chains) { first, _ in first }
    preparedSets.merge(other.preparedSets) { first, _ in first }
    sets.merge(other.sets) { first, _ in first }
  }

  /// The part of a chain that was prepared.
  fileprivate func part(of chain: Chain) -> Part? {
    guard chain.base == nil, chain.comment == nil, let first = chain.rules.first,
      let part = chains[first.identity], part.chain == chain.name, part.rules.count == chain.rules.count,
      zip(part.rules, chain.rules).allSatisfy({ $0.identity == $1.identity })
    else { return nil }
    return part
  }

  /// A chain as it stands in a file, and the commands that add its rules.
  ///
  /// - Parameter sets: the interval sets that its rules may refer to.
  fileprivate func write(
    _ chain: Chain, _ sets: [SetName: NamedSet], to text: inout TextWriter, _ json: inout JSONWriter
  ) throws(TextError) {
    try text.append(opening: chain, in: family)
    var place = JSONWriter()
    place.append(placeOfRuleIn: chain.name, of: family, table)
    for rule in chain.rules {
      let part = try part(of: rule, sets)
      text.out += part.text
      json.out += place.out
      json.out += part.json
      json.append("}}}")
    }
    text.append("\t}\n")
  }

  /// - Parameter sets: the interval sets that the rule may refer to.
  private func part(of rule: Rule, _ sets: [SetName: NamedSet]) throws(TextError) -> Part {
    if let known = rules[rule.identity] { return known }
    let statements = try rule.loadableStatements(in: family, sets: sets)
    return try Self.part(of: rule, statements, family, sets)
  }

  fileprivate mutating func part(of set: NamedSet) throws(TextError) -> Part {
    if let known = preparedSets[set.identity] ?? sets[set] { return known }
    let part = try write(set)
    sets[set] = part
    return part
  }

  private func write(_ set: NamedSet) throws(TextError) -> Part {
    var text = TextWriter(.file)
    try text.append(set)
    var json = JSONWriter()
    try json.append(set, of: family, table)
    return Part(text, json, set: set)
  }

  private static func part(
    of rule: Rule, _ statements: [Statement], _ family: Family, _ sets: [SetName: NamedSet]
  ) throws(TextError) -> Part {
    let families = RejectContext(table: family, packet: rule.rejectFamily(in: family, sets: sets))
    var text = TextWriter(.file)
    try text.append(rule, statements, in: families, counter: nil)
    var json = JSONWriter()
    try json.append(rule, statements, in: families)
    return Part(text, json, of: [rule])
  }
}

extension Rule {
  /// The name of the first set that it looks something up in.
  fileprivate var firstNamedSet: SetName? {
    for expression in expressions {
      if case .lookup(.named(let name), _, _, _) = expression { return name }
    }
    return nil
  }
}
