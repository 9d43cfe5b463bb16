internal import Addressing
package import ConnectionSpace
package import Nftables
package import Policy

/// What one listing of a host's rulesets lets pass and another does not.
package struct ListingChange: Sendable {
  /// In each direction, links apart where it is not the same by all of them.
  package let changes: [AllowedChange]
  /// Titles of tables of which it is not proven that they let pass the same but for that; empty: nothing else changes.
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
    func classes(_ known: [LinkClass]?, andLoopback keys: [MetaKey] = []) -> [LinkClass?] {
      var classes: [LinkClass?] = [nil]
      if let known, known.count > 1 { classes = known }
      if LinkClass.isAskedFor(in: old + new, by: keys) { classes.append(.loopback) }
      return classes
    }
    var isWhole = inputs != nil && outputs != nil
    var changes: [AllowedChange] = []
    for direction in Direction.allCases {
      // Nothing that a host forwards comes or goes by its loopback.
      var (coming, going) =
        switch direction {
        case .ingress:
          (
            classes(inputs, andLoopback: [.inputInterfaceName, .inputInterface]),
            isLed ? classes(outputs) : [nil]
          )
        case .egress: ([nil], classes(outputs, andLoopback: [.outputInterfaceName, .outputInterface]))
        case .forward: (classes(inputs), classes(outputs))
        }
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
          change.about(Self.links(inputs, of: coming), Self.links(outputs, of: going))
        }
      }
    }
    self.changes = changes
    notProven = Self.titles(ofOther: old, than: new, among: isWhole ? { !$0.isCompared } : { _ in true })
  }

  /// What links are called of which something is told: where it is all of them but the loopback, none by its name.
  private static func links(_ links: [LinkClass?], of all: [LinkClass?]) -> [LinkClass?] {
    all.allSatisfy { $0 == .loopback || links.contains($0) } ? [nil] : links
  }

  /// Tables with other rules on one side than on the other, whatever they count and say, and those of which a listing does not
  /// say everything.
  ///
  /// - Parameter isMeant: says of which tables.
  private static func titles(
    ofOther old: [Table], than new: [Table], among isMeant: (Table) -> Bool
  ) -> [String] {
    let titles = Set((old + new).filter(isMeant).map(\.title))
    return titles.filter { title in
      func rules(_ tables: [Table]) -> [TableRules] {
        tables.filter { $0.title == title }.map { TableRules($0) }
      }
      let isSaid = (old + new).allSatisfy { $0.title != title || $0.isSaidWhole }
      return !isSaid || rules(old) != rules(new)
    }.sorted()
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
        rules: chain.deciding.map { $0.expressions.filter { $0 != .counter } })
    }
    sets = table.sets.map { set in
      SetKeys(name: set.name, key: set.key, flags: set.flags, timeout: set.timeout, elements: set.elements)
    }
    others = table.others
  }
}

extension Table {
  /// Whether what passes says all that its rules do: frames and ARP are not looked at, and neither is from which address a
  /// connection seems to come, or which others helpers expect beside it.
  fileprivate var isCompared: Bool {
    ![.arp, .bridge, .netdev].contains(family)
      && !others.contains { ["ct helper", "ct expectation"].contains($0.kind) }
      && !chains.contains { $0.rules.contains { $0.expressions.contains(where: \.changesSource) } }
  }

  /// Whether all that decides in it is known: a listing does not say what rules have put into a set, and objects beside
  /// chains and sets are known by name alone.
  fileprivate var isSaidWhole: Bool {
    others.allSatisfy { ["counter", "flowtable"].contains($0.kind) }
      && !chains.contains { chain in
        chain.deciding.contains { $0.expressions.contains { asksFilledSet($0) } }
      }
  }

  private func asksFilledSet(_ expression: Expression) -> Bool {
    guard case .lookup(.named(let name), _, _, _) = expression else { return false }
    return set(name)?.flags.contains(.dynamic) != false
  }
}

extension Expression {
  fileprivate var changesSource: Bool {
    switch meaning {
    case .translates(let translation):
      switch translation?.kind {
      case .source, .masquerade: true
      default: false
      }
    case .steps(let steps): steps.contains(where: \.changesSource)
    default: false
    }
  }
}
