internal import Addressing
internal import ConnectionSpace
internal import Nftables
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

  /// Whether packets of connections that are there, and what is related to them, pass from then on, or no more, beside what
  /// new connections may.
  package let opensAnswers: Bool
  package let closesAnswers: Bool

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
      && ledNoMore.isEmpty && !opensAnswers && !closesAnswers
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
    let (opening, closing) = (try gained(after, over: before), try gained(before, over: after))
    var (isExact, opensAnswers, closesAnswers) = (before.isKnown && after.isKnown, false, false)
    for state in [ConntrackState.established, .related, .invalid] {
      var answering = circumstances
      answering.state = state
      let before = try RulesetSpace(old, passage, answering, in: universe)
      let after = try RulesetSpace(new, passage, answering, in: universe)
      func goes(
        _ change: (sure: ConnectionSpace, possible: ConnectionSpace),
        beside told: (sure: ConnectionSpace, possible: ConnectionSpace)
      ) throws(NotProven) -> Bool {
        try !change.sure.union(change.possible).isSubset(of: told.sure.union(told.possible))
      }
      let opens = try goes(gained(after, over: before), beside: opening)
      let closes = try goes(gained(before, over: after), beside: closing)
      isExact = isExact && before.isExact && after.isExact
      if state == .invalid {
        // What belongs to no connection, or begins one without a SYN, is in no line.
        isExact = isExact && !opens && !closes
      } else {
        (opensAnswers, closesAnswers) = (opensAnswers || opens, closesAnswers || closes)
      }
    }
    (self.isExact, self.opensAnswers, self.closesAnswers) = (isExact, opensAnswers, closesAnswers)
    opened = try lines(opening.sure, of: new)
    closed = try lines(closing.sure, of: old)
    mayOpen = try lines(opening.possible, of: new)
    mayClose = try lines(closing.possible, of: old)
    let (was, will) = (try translations(before, of: old), try translations(after, of: new))
    led = will.filter { line in !was.contains { $0.tellsTheSame(as: line) } }
    ledNoMore = was.filter { line in !will.contains { $0.tellsTheSame(as: line) } }
  }
}

extension RulesetSpace {
  /// Whether it is known what passes, and what is led elsewhere and where to.
  fileprivate var isKnown: Bool {
    isExact
      && translations.allSatisfy {
        $0.sure == $0.connections && $0.target.destination != .unknown && $0.target.ports != .unknown
      }
  }
}

extension AllowedChange.Links {
  /// Classes of links; `nil` among them: all of them.
  init(_ classes: [LinkClass?]) {
    let known = classes.compactMap(\.self)
    self =
      known.count < classes.count
      ? .any
      : .some(Set(known.flatMap(\.names)).sorted(), others: known.contains { $0.names.isEmpty })
  }
}

extension AllowedChange {
  func tellsTheSame(as other: Self) -> Bool {
    opened == other.opened && closed == other.closed && mayOpen == other.mayOpen && mayClose == other.mayClose
      && led == other.led && ledNoMore == other.ledNoMore && opensAnswers == other.opensAnswers
      && closesAnswers == other.closesAnswers
  }

  /// The same, of more links.
  func about(_ inputs: [LinkClass?], _ outputs: [LinkClass?]) -> Self {
    var result = self
    (result.input, result.output) = (Links(inputs), Links(outputs))
    return result
  }
}
