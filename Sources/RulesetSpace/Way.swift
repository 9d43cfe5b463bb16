internal import ConnectionSpace
public import Nftables

/// Where connections of a domain may end up in a chain. What is in none but one of them surely ends there.
struct Outcome {
  var accepted: ConnectionSpace
  var dropped: ConnectionSpace
  /// Back behind the jump, or at the end of a base chain.
  var returned: ConnectionSpace
  /// What a rule translated, which ends the chain; it is in none of the others.
  private(set) var translated: [(alteration: Alteration, connections: ConnectionSpace)] = []
  /// What a rule told connection tracking to leave alone, wherever it ends up.
  var untracked: Match
  /// What a socket may have taken, likewise, by the rules that hand it over.
  private(set) var taken: [(rule: RulePlace?, connections: ConnectionSpace)] = []
  private var places: [Alteration: Int] = [:]

  init(
    accepted: ConnectionSpace, dropped: ConnectionSpace, returned: ConnectionSpace, untracked: Match
  ) {
    self.accepted = accepted
    self.dropped = dropped
    self.returned = returned
    self.untracked = untracked
  }

  mutating func hand(_ connections: ConnectionSpace, by rule: RulePlace?) throws(NotProven) {
    if connections.isEmpty { return }
    if let place = taken.firstIndex(where: { $0.rule == rule }) {
      taken[place].connections = try taken[place].connections.union(connections)
    } else {
      taken.append((rule, connections))
    }
  }

  mutating func add(_ connections: ConnectionSpace, _ alteration: Alteration) throws(NotProven) {
    if connections.isEmpty { return }
    if let place = places[alteration] {
      translated[place].connections = try translated[place].connections.union(connections)
    } else {
      places[alteration] = translated.count
      translated.append((alteration, connections))
    }
  }
}

/// A rule of a table.
public struct RulePlace: Hashable, Sendable {
  /// Such as `ip nat`.
  public let table: String
  public let chain: ChainName
  /// Counted from 0.
  public let index: Int

  public init(table: String, chain: ChainName, index: Int) {
    self.table = table
    self.chain = chain
    self.index = index
  }
}

/// Connections on their way through the rules of a chain.
///
/// Rules with one verdict in a row are settled together: people write thousands of them.
struct Way {
  /// What may reach the next rule, once everything is settled.
  var here: ConnectionSpace
  var outcome: Outcome
  /// The rule that is looked at.
  var rule: RulePlace?
  private var waiting: [Match] = []
  private var isAccepted = false

  init(here: ConnectionSpace, outcome: Outcome) {
    self.here = here
    self.outcome = outcome
  }

  /// What matches is accepted or dropped.
  mutating func end(_ match: Match, isAccepted: Bool) throws(NotProven) {
    if isAccepted != self.isAccepted { try settle() }
    self.isAccepted = isAccepted
    waiting.append(match)
  }

  mutating func settle() throws(NotProven) {
    if waiting.isEmpty { return }
    let empty = here.universe.empty
    let possible = try empty.union(waiting.map(\.possible)).intersection(here)
    if isAccepted {
      outcome.accepted = try outcome.accepted.union(possible)
    } else {
      outcome.dropped = try outcome.dropped.union(possible)
    }
    here = try here.subtracting(empty.union(waiting.map(\.sure)))
    waiting.removeAll()
  }
}

extension ConnectionSpace {
  /// The union with many, in pairs and pairs of pairs: each is looked at as often as the logarithm of their
  /// number.
  func union(_ others: [ConnectionSpace]) throws(NotProven) -> ConnectionSpace {
    var spaces = others.filter { !$0.isEmpty }
    while spaces.count > 1 {
      var next: [ConnectionSpace] = []
      for index in stride(from: 0, to: spaces.count - 1, by: 2) {
        next.append(try spaces[index].union(spaces[index + 1]))
      }
      if !spaces.count.isMultiple(of: 2), let last = spaces.last { next.append(last) }
      spaces = next
    }
    return spaces.isEmpty ? self : try union(spaces[0])
  }
}
