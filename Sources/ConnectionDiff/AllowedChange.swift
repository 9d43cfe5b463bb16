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

  /// Whether nothing changes.
  package var isEmpty: Bool { opened.isEmpty && closed.isEmpty && mayOpen.isEmpty && mayClose.isEmpty }

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

    func lines(_ space: ConnectionSpace, of tables: [Table]) throws(NotProven) -> [ConnectionLine] {
      let names = EndNames(setsOf: tables, here: [])
      return try FlowLines([], names, unshared: AddressSet(), loopback: loopback)
        .lines(of: space.moved(from: passage, to: .whole))
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
  }
}
