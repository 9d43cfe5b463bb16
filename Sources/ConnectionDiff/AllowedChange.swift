internal import Addressing
package import ConnectionSpace
package import Nftables
package import Policy
internal import RulesetShape
internal import RulesetSpace

/// What one ruleset lets pass in one direction and another does not, of a host whose addresses nobody has said.
package struct AllowedChange: Sendable {
  package let direction: Direction
  /// What surely passes from then on, or no more.
  package let opened: [ConnectionLine]
  package let closed: [ConnectionLine]
  /// What may, beside that.
  package let mayOpen: [ConnectionLine]
  package let mayClose: [ConnectionLine]

  /// What rules lead elsewhere from then on, and no more.
  package let led: [TranslationLine]
  package let ledNoMore: [TranslationLine]

  /// Whether nothing changes.
  package var isEmpty: Bool {
    opened.isEmpty && closed.isEmpty && mayOpen.isEmpty && mayClose.isEmpty && led.isEmpty
      && ledNoMore.isEmpty
  }

  /// - Parameters:
  ///   - old: all tables of the host, as they were.
  ///   - new: the same, as they are.
  ///   - now: the moment at which rules with a time are judged.
  /// - Throws: ``NotProven`` when the tables are too intricate to be exact about.
  package init(
    from old: [Table], to new: [Table], _ direction: Direction, at now: Timestamp, budget: Budget = Budget()
  ) throws(NotProven) {
    self.direction = direction
    let universe = Universe(budget: budget)
    let passage = direction.passage
    let circumstances = Circumstances(
      ownAddresses: nil, atSecond: now.seconds, apartFrom: (old + new).bridgeNames)
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
