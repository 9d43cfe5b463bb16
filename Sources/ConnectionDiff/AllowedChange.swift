internal import Addressing
package import ConnectionSpace
package import Nftables
package import Policy
internal import RulesetShape
internal import RulesetSpace

/// What one ruleset lets pass in one direction and another does not, of a host whose addresses nobody has said.
package struct AllowedChange: Sendable {
  package let direction: Direction
  /// Links that it is about, where packets come by them and where they go by them.
  package private(set) var input: Links
  package private(set) var output: Links
  /// What surely passes from then on, or no more.
  package let opened: [ConnectionLine]
  package let closed: [ConnectionLine]
  /// What may, beside that.
  package let mayOpen: [ConnectionLine]
  package let mayClose: [ConnectionLine]

  /// What rules lead elsewhere from then on, and no more.
  package let led: [TranslationLine]
  package let ledNoMore: [TranslationLine]

  /// Whether both sides are known exactly: what then is not told does not change.
  package let isExact: Bool

  /// Links by what rules call them.
  package enum Links: Hashable, Sendable {
    case any
    /// Names, and whether links are meant as well that no rule calls by name.
    case some([String], others: Bool)
  }

  /// Whether nothing is known to change.
  package var isEmpty: Bool {
    opened.isEmpty && closed.isEmpty && mayOpen.isEmpty && mayClose.isEmpty && led.isEmpty
      && ledNoMore.isEmpty
  }

  /// - Parameters:
  ///   - old: all tables of the host, as they were.
  ///   - new: the same, as they are.
  ///   - links: by which packets come and go; `nil`: any, but for bridges of containers.
  ///   - now: the moment at which rules with a time are judged.
  /// - Throws: ``NotProven`` when the tables are too intricate to be exact about.
  init(
    from old: [Table], to new: [Table], _ direction: Direction,
    by links: (input: LinkClass?, output: LinkClass?),
    at now: Timestamp, budget: Budget
  ) throws(NotProven) {
    self.direction = direction
    (input, output) = (Links([links.input]), Links([links.output]))
    let universe = Universe(budget: budget)
    let passage = direction.passage
    let circumstances = AllowedConnections.Links(input: links.input?.example, output: links.output?.example)
      .named(
        in: Circumstances(
          ownAddresses: nil, atSecond: now.seconds, apartFrom: (old + new).bridgeNames))
    let before = try RulesetSpace(old, passage, circumstances, in: universe)
    let after = try RulesetSpace(new, passage, circumstances, in: universe)
    let loopback = try universe.connections(within: Endpoints([[Address]]()))

    func told(of tables: [Table]) -> FlowLines {
      FlowLines([], EndNames(setsOf: tables, here: []), unshared: AddressSet(), loopback: loopback)
    }
    func lines(_ space: ConnectionSpace, of tables: [Table]) throws(NotProven) -> [ConnectionLine] {
      try told(of: tables).lines(of: space.moved(from: passage, to: .whole))
    }
    func translations(_ space: RulesetSpace, of tables: [Table]) throws(NotProven) -> [TranslationLine] {
      let reading = TranslationLine.Reading(direction, tables, circumstances, universe)
      return try TranslationLine.lines(space, reading, told(of: tables), but: loopback) {
        (space) throws(NotProven) in
        try direction.asked(space, own: nil)
      }
    }
    func gained(_ one: RulesetSpace, over other: RulesetSpace) throws(NotProven) -> (
      sure: ConnectionSpace, possible: ConnectionSpace
    ) {
      let sure = try one.lower.subtracting(other.upper)
      let possible = try one.upper.subtracting(other.upper).union(one.lower.subtracting(other.lower))
      return (sure, try possible.subtracting(sure))
    }
    isExact = before.isExact && after.isExact
    let (opening, closing) = (try gained(after, over: before), try gained(before, over: after))
    opened = try lines(opening.sure, of: new)
    closed = try lines(closing.sure, of: old)
    mayOpen = try lines(opening.possible, of: new)
    mayClose = try lines(closing.possible, of: old)
    let (was, will) = (try translations(before, of: old), try translations(after, of: new))
    led = will.filter { line in !was.contains { $0.tellsTheSame(as: line) } }
    ledNoMore = was.filter { line in !will.contains { $0.tellsTheSame(as: line) } }
  }
}

extension AllowedChange.Links {
  /// Classes of links; `nil` among them: all of them.
  fileprivate init(_ classes: [LinkClass?]) {
    let known = classes.compactMap(\.self)
    self =
      known.count < classes.count
      ? .any
      : .some(Set(known.flatMap(\.names)).sorted(), others: known.contains { $0.names.isEmpty })
  }
}

/// What one listing of a host's rulesets lets pass and another does not.
package struct ListingChange: Sendable {
  /// In each direction, links apart where it is not the same by all of them.
  package let changes: [AllowedChange]
  /// Titles of tables whose rules are others and of which it is not proven that they let pass the same but for that; empty:
  /// nothing else changes.
  package let notProven: [String]

  /// More pairs of links than these are not looked at one by one.
  private static let mostPairs = 64

  /// - Parameters:
  ///   - old: all tables of the host, as they were.
  ///   - new: the same, as they are.
  ///   - now: the moment at which rules with a time are judged.
  /// - Throws: ``NotProven`` when the tables are too intricate to be exact about.
  package init(
    from old: [Table], to new: [Table], at now: Timestamp, budget: Budget = Budget()
  ) throws(NotProven) {
    let isLed = (old + new).contains(where: \.leadsElsewhere)
    let inputs = LinkClass.all(in: old + new, by: .inputInterfaceName)
    let outputs = LinkClass.all(in: old + new, by: .outputInterfaceName)
    func classes(_ known: [LinkClass]?) -> [LinkClass?] {
      guard let known, known.count > 1 else { return [nil] }
      return known
    }
    var isWhole = inputs != nil && outputs != nil
    var changes: [AllowedChange] = []
    for direction in Direction.allCases {
      var (coming, going) = (
        direction == .egress ? [nil] : classes(inputs),
        direction == .ingress && !isLed ? [nil] : classes(outputs)
      )
      if coming.count * going.count > Self.mostPairs { (coming, going, isWhole) = ([nil], [nil], false) }
      var rows: [(inputs: [LinkClass?], row: [(outputs: [LinkClass?], change: AllowedChange)])] = []
      for input in coming {
        var row: [(outputs: [LinkClass?], change: AllowedChange)] = []
        for output in going {
          let change = try AllowedChange(
            from: old, to: new, direction, by: (input, output), at: now, budget: budget)
          isWhole = isWhole && change.isExact
          if let place = row.firstIndex(where: { $0.change.tellsTheSame(as: change) }) {
            row[place].outputs.append(output)
          } else {
            row.append(([output], change))
          }
        }
        let same = rows.firstIndex { known in
          known.row.count == row.count
            && zip(known.row, row).allSatisfy {
              $0.outputs == $1.outputs && $0.change.tellsTheSame(as: $1.change)
            }
        }
        if let same { rows[same].inputs.append(input) } else { rows.append(([input], row)) }
      }
      for (inputs, row) in rows {
        changes += row.map { outputs, change in
          change.about(
            inputs.count == coming.count ? [nil] : inputs, outputs.count == going.count ? [nil] : outputs)
        }
      }
    }
    self.changes = changes
    notProven = isWhole ? [] : Self.titles(ofOther: old, than: new)
  }

  /// Tables with other rules on one side than on the other, whatever they count and say.
  private static func titles(ofOther old: [Table], than new: [Table]) -> [String] {
    let titles = Set((old + new).map(\.title))
    return titles.filter { title in
      func rules(_ tables: [Table]) -> [TableRules] {
        tables.filter { $0.title == title }.map { TableRules($0) }
      }
      return rules(old) != rules(new)
    }.sorted()
  }
}

extension AllowedChange {
  fileprivate func tellsTheSame(as other: Self) -> Bool {
    opened == other.opened && closed == other.closed && mayOpen == other.mayOpen && mayClose == other.mayClose
      && led == other.led && ledNoMore == other.ledNoMore
  }

  /// The same, of more links.
  fileprivate func about(_ inputs: [LinkClass?], _ outputs: [LinkClass?]) -> Self {
    var result = self
    (result.input, result.output) = (Links(inputs), Links(outputs))
    return result
  }
}

/// What of a table can decide on packets.
private struct TableRules: Hashable {
  private struct ChainRules: Hashable {
    let name: ChainName
    let base: BaseChain?
    let rules: [[Expression]]
  }

  private struct SetKeys: Hashable {
    let name: SetName
    let key: [DataType]
    let flags: SetFlags
    let timeout: UInt64?
    let elements: SetElements
  }

  private let flags: TableFlags
  private let chains: [ChainRules]
  private let sets: [SetKeys]
  private let others: [OpaqueObject]

  init(_ table: Table) {
    flags = table.flags
    chains = table.chains.map { chain in
      ChainRules(
        name: chain.name, base: chain.base,
        rules: chain.rules.map { $0.expressions.filter { $0 != .counter } })
    }
    sets = table.sets.map { set in
      SetKeys(name: set.name, key: set.key, flags: set.flags, timeout: set.timeout, elements: set.elements)
    }
    others = table.others
  }
}
