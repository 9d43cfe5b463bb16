package import Addressing
package import ConnectionSpace
package import Nftables
package import Policy
internal import RulesetShape
package import RulesetSpace

/// Which new connections a host's tables let pass in one direction, whoever wrote them.
package struct AllowedConnections: Sendable {
  /// Links that are asked about, by name; `nil`: any.
  package struct Links: Sendable {
    package let input: String?
    package let output: String?
    /// Of the machine; empty where they are not known.
    package let indices: [String: UInt32]
    /// Where those of the machine lead; empty where that is not known.
    package let exits: [(link: String, destinations: AddressSet)]
    /// What the machine's routes keep for it; empty where that is not known.
    package var kept = (own: AddressSet(), broadcasts: AddressSet())
    /// What the machine's kernel does beside; of a file nothing.
    package var kernel = KernelFacts()

    package init(
      input: String? = nil, output: String? = nil, indices: [String: UInt32] = [:],
      exits: [(link: String, destinations: AddressSet)] = []
    ) {
      self.exits = exits
      self.input = input
      self.output = output
      self.indices = indices
    }

    /// In place of the links that `circumstances` leaves open.
    package func named(in circumstances: Circumstances) -> Circumstances {
      func link(_ name: String) -> Circumstances.Link {
        Circumstances.Link(name: name, index: name == "lo" ? 1 : indices[name])
      }
      var result = circumstances
      result.input = input.map { link($0) }
      result.output = output.map { link($0) }
      result.exits = exits.map { Circumstances.Exit(link($0.link), to: $0.destinations) }
      result.ownSources = result.ownSources?.union(kept.own)
      result.ownDestinations = result.ownDestinations?.union(kept.own)
      result.kernel = kernel
      return result
    }
  }

  /// What opens or closes by itself at a moment.
  package struct Later: Sendable {
    package let moment: Timestamp
    package let opens: [ConnectionLine]
    package let closes: [ConnectionLine]
  }

  package let direction: Direction
  /// Whether anything is stopped there.
  package let isFiltered: Bool
  /// What surely passes.
  package let lines: [ConnectionLine]
  /// What may pass beside that, depending on more than the connection.
  package let possible: [ConnectionLine]
  /// What rules lead elsewhere; it is among ``lines`` and ``possible`` as far as it passes.
  package let translations: [TranslationLine]
  /// Tables that translate sources: who is seen behind them, not what is allowed.
  package let masquerading: [String]
  /// What opens or closes by itself, in order.
  package let later: [Later]
  /// Sets whose elements go by themselves when their time is over, such as `inet filter banned`.
  package let timedSets: [String]
  /// Whether rules ask which sources are the host's own, and that is not known: it is told of the others.
  package let isApartFromOwn: Bool
  /// What is left out; `nil`: nothing.
  package let bridges: BridgesApart?
  /// Chains of which it is not known what they do.
  package let givenUp: GivenUp
  /// Whether what belongs to a connection, or is an error about one, surely passes: without that, what new connections
  /// may do says little.
  package let replies: RepliesPass
  /// What beside the tables stops some of it, or may.
  package let obstacles: Set<KernelFacts.Obstacle>

  /// - Parameters:
  ///   - tables: all of the host.
  ///   - own: the host's addresses; `nil`: not known, so that nothing is said of where connections in lead.
  ///   - policy: whose names are told; `nil`: the names of sets.
  ///   - now: the moment at which rules with a time are judged.
  /// - Throws: ``NotProven`` when the tables are too intricate to be exact about.
  package init(
    _ tables: [Table], _ direction: Direction, own: [Address]?, names policy: Policy?, links: Links = Links(),
    at now: Timestamp, budget: Budget = Budget()
  ) throws(NotProven) {
    self.direction = direction
    bridges = BridgesApart(tables, direction, links)
    let universe = Universe(budget: budget)
    let passage = direction.passage
    var circumstances = links.named(
      in: Circumstances(
        ownAddresses: own.map { AddressSet($0) }, atSecond: now.seconds, apartFrom: tables.bridgeNames))
    isApartFromOwn = own == nil && direction != .egress && tables.contains(where: \.asksForOwnSources)
    if isApartFromOwn { circumstances.ownSources = AddressSet() }
    let space = try RulesetSpace(tables, passage, circumstances, in: universe, givesUp: true)
    let all = own.map { AddressSet($0).union(links.kept.own) }
    func here(_ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
      let asked = try direction.asked(space, own: all)
      guard let own, direction == .ingress else { return asked }
      // A host also takes what goes to everybody and to the groups that it has joined; no connection of these does.
      let groups = try space.moved(from: passage, to: .whole).restricted(to: .groups(own))
      let connected = try universe.space(
        of: [IPProtocol.tcp, .sctp].map {
          Rectangle(.whole, $0, from: .all, to: .all, .any)
        })
      return try asked.union(groups.subtracting(connected))
    }
    let sure = try here(space.lower)
    var names = policy.map { EndNames($0) } ?? EndNames(setsOf: tables, here: own ?? [])
    if let own, direction == .ingress { names = names.naming(.groups(own), "groups and broadcast") }
    let routed = links.kept.own.subtracting(AddressSet(own ?? []))
    if own != nil, !routed.isEmpty { names = names.naming(routed, "local routes") }
    let loopback = try universe.connections(within: Endpoints(own.map { [$0] } ?? []))
    let told = FlowLines([], names, unshared: AddressSet(), loopback: loopback)
    lines = try told.lines(of: sure)
    possible = try told.lines(of: here(space.upper).subtracting(sure))
    givenUp = GivenUp(space.givenUp)
    masquerading = Set(space.masquerades.map(\.table)).sorted()
    timedSets = tables.flatMap { table in table.sets.filter(\.isTimed).map { "\(table.title) \($0.name)" } }
      .sorted()
    let reading = TranslationLine.Reading(direction, tables, circumstances, universe)
    translations = try TranslationLine.lines(space, reading, told, but: loopback) {
      (space) throws(NotProven) in
      try direction.asked(space, own: all)
    }
    obstacles = space.obstacles
    var later: [Later] = []
    var last = (lower: space.lower, upper: space.upper)
    for moment in tables.moments(after: now) {
      circumstances.time = moment
      let then = try RulesetSpace(tables, passage, circumstances, in: universe, givesUp: true)
      let opens = try told.lines(
        of: here(then.upper.subtracting(last.upper).union(then.lower.subtracting(last.lower))))
      let closes = try told.lines(
        of: here(last.upper.subtracting(then.upper).union(last.lower.subtracting(then.lower))))
      last = (then.lower, then.upper)
      if opens.isEmpty, closes.isEmpty { continue }
      later.append(
        Later(moment: Timestamp(seconds: Int64(moment / 1_000_000_000)), opens: opens, closes: closes))
    }
    self.later = later
    circumstances.time = UInt64(max(0, now.seconds)) * 1_000_000_000
    // It is a question to the rules.
    circumstances.kernel = KernelFacts()
    replies = try RepliesPass(
      tables, passage, circumstances, in: universe, givesUp: true)
    isFiltered = try space.lower != universe.everything(passage)
  }
}

extension AddressSet {
  /// 224.0.0.0/4, 255.255.255.255 and ff00::/8, of the families that a host has addresses of.
  fileprivate static func groups(_ own: [Address]) -> AddressSet {
    let groups = AddressSet.all.subtracting(RulesetSpace.unicast)
    return AddressSet(
      ipv4: own.contains { $0.family == .ipv4 } ? groups.ipv4 : IntervalSet([]),
      ipv6: own.contains { $0.family == .ipv6 } ? groups.ipv6 : IntervalSet([]))
  }
}

extension Table {
  fileprivate var asksForOwnSources: Bool {
    chains.contains { chain in
      chain.rules.contains { rule in
        rule.expressions.contains { expression in
          if case .fib(_, let flags, _) = expression { flags.contains(.source) } else { false }
        }
      }
    }
  }
}

extension NamedSet {
  /// Whether an element that stands there goes by itself.
  fileprivate var isTimed: Bool {
    !elements.isEmpty && (timeout != nil || elements.attributes.values.contains { $0.timeout != nil })
  }
}

extension [Table] {
  /// When rules begin or cease to match by the clock, in nanoseconds since 1970: the next seven, and the last.
  fileprivate func moments(after now: Timestamp) -> [UInt64] {
    let now = UInt64(Swift.max(0, now.seconds)) * 1_000_000_000
    let all = Set(flatMap(\.chains).flatMap(\.rules).flatMap(\.moments)).filter { $0 > now }.sorted()
    return all.count > 8 ? all.prefix(7) + all.suffix(1) : all
  }
}

extension Rule {
  /// The values that the clock is compared with, and what follows them: a range holds its last one.
  fileprivate var moments: [UInt64] {
    var register: Register?
    var result: [UInt64] = []
    for expression in expressions {
      switch expression {
      case .meta(let key, let into): register = key == .timeNanoseconds ? into : nil
      case .compare(let sign, let from, let value) where from == register && value.count == 8:
        // Compared by size, a number stands in network order; equality of nanoseconds is no change to tell.
        if sign == .equal || sign == .notEqual { continue }
        let number = value.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        result.append(sign == .lessOrEqual || sign == .greater ? number &+ 1 : number)
      case .range(_, let from, let low, let high) where from == register && low.count == 8 && high.count == 8:
        result.append(low.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        result.append(high.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } &+ 1)
      default: break
      }
    }
    return result
  }
}
