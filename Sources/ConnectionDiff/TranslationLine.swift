package import Addressing
package import ConnectionSpace
package import Nftables
package import Policy
internal import RulesetShape
package import RulesetSpace

/// Connections that a rule leads to another destination than the client asks for, for people.
package struct TranslationLine: Hashable, Sendable {
  /// Ingress is what asks for the host itself, by the destination that the client names.
  package let direction: Direction
  /// What is asked for.
  package let line: ConnectionLine
  /// `172.17.0.2:80`, `port 80 of this host`.
  package let target: String
  package let rule: RulePlace
  package let way: TranslatedConnections.Way
  /// Whether the rule surely leads all of it there, as far as ``links`` go.
  package let isSure: Bool
  /// By which links packets have to come, where that alone makes it sure.
  package let links: Links
  package let passing: Passing
  /// Whether Sekisho's table is there and has no chain where the packets are led.
  package let isUnfiltered: Bool

  /// Links by name.
  package enum Links: Hashable, Sendable {
    case any
    case only([String])
    case allBut([String])
  }

  /// What becomes of packets that were led elsewhere.
  package enum Passing: String, Hashable, Sendable {
    case all
    case some
    case perhaps
    case none
  }

  /// Whether the same is led to the same by a rule of the same table, wherever the rule stands there.
  func tellsTheSame(as other: Self) -> Bool {
    direction == other.direction && line == other.line && words == other.words
  }

  /// What is to be said behind the connections: `is led to 172.17.0.2:80 by table ip nat and passes through`.
  package var words: String {
    let leads = isSure ? "is led to" : "may be led to"
    let place =
      switch way {
      case .here: "in"
      case .onward: "through"
      case .either: "in or through"
      }
    let fate =
      switch passing {
      case .all: "and passes \(place)"
      case .some: "and passes \(place), some of it"
      case .perhaps: "and may pass \(place)"
      case .none: "and does not pass"
      }
    let way =
      switch links {
      case .any: ""
      case .only(let names): " if it comes by \(names.joined(separator: " or "))"
      case .allBut(let names): " unless it comes by \(names.joined(separator: " or "))"
      }
    let unfiltered = isUnfiltered ? "; Sekisho does not filter that here" : ""
    return "\(leads) \(target) by table \(rule.table)\(way) \(fate)\(unfiltered)"
  }
}

extension TranslationLine {
  /// What a host's tables lead elsewhere, in every direction, and chains that were too intricate to be exact about, as of
  /// ``AllowedConnections/givenUp``; nothing is looked at where no rule leads anything.
  ///
  /// - Parameters:
  ///   - tables: all of the host.
  ///   - own: the host's addresses.
  ///   - policy: whose names are told; `nil`: the host is called `name`.
  ///   - exits: which links of the host lead where, as far as it is known.
  ///   - now: the moment at which rules with a time are judged.
  /// - Throws: ``NotProven`` when the tables are too intricate to be exact about.
  package static func all(
    of tables: [Table], own: [Address], name: String, names policy: Policy?,
    exits: [(link: String, destinations: AddressSet)] = [], at now: Timestamp, budget: Budget = Budget()
  ) throws(NotProven) -> (lines: [Self], givenUp: GivenUp) {
    if !tables.contains(where: \.leadsElsewhere) { return ([], GivenUp([])) }
    let universe = Universe(budget: budget)
    let circumstances = AllowedConnections.Links(exits: exits).named(
      in: Circumstances(
        ownAddresses: AddressSet(own), atSecond: now.seconds, apartFrom: tables.bridgeNames))
    let names =
      policy.map { EndNames($0) }
      ?? EndNames([EndNames.Host(name: name, addresses: own)], names: [:], networks: [])
    let loopback = try universe.connections(within: Endpoints([own]))
    let told = FlowLines([], names, unshared: AddressSet(), loopback: loopback)
    var result: [Self] = []
    var givenUp: Set<String> = []
    for direction in Direction.allCases {
      let reading = Reading(direction, tables, circumstances, universe)
      let space = try reading.space()
      givenUp.formUnion(space.givenUp)
      result += try lines(space, reading, told, but: loopback) { (space) throws(NotProven) in
        try direction.asked(space, own: AddressSet(own))
      }
    }
    return (result, GivenUp(givenUp.sorted()))
  }

  /// How a host's tables are read in one direction.
  struct Reading {
    let direction: Direction
    let tables: [Table]
    private let circumstances: Circumstances
    private let universe: Universe

    init(_ direction: Direction, _ tables: [Table], _ circumstances: Circumstances, _ universe: Universe) {
      self.direction = direction
      self.tables = tables
      self.circumstances = circumstances
      self.universe = universe
    }

    func space() throws(NotProven) -> RulesetSpace { try space(circumstances) }

    private func space(_ circumstances: Circumstances) throws(NotProven) -> RulesetSpace {
      try RulesetSpace(tables, direction.passage, circumstances, in: universe, givesUp: true)
    }

    /// What is read of packets by each link, where rules of a table name a few: first of those by any other, whatever
    /// rules of other tables call them.
    func spaces(byLinksOf table: String) throws(NotProven) -> [(link: String?, space: RulesetSpace)] {
      guard direction != .egress, circumstances.input == nil,
        let names = tables.first(where: { $0.title == table })?.inputLinks, (1...6).contains(names.count)
      else { return [] }
      var others = circumstances
      others.notBy = IntervalSet(names.map(\.linkNumber).map { $0...$0 })
      var result: [(link: String?, space: RulesetSpace)] = [(nil, try space(others))]
      for name in names {
        var known = circumstances
        known.input = Circumstances.Link(name: name)
        result.append((name, try space(known)))
      }
      return result
    }
  }

  /// What a space is found to lead elsewhere.
  ///
  /// - Parameters:
  ///   - loopback: what the host sends itself, which means nothing.
  ///   - here: restricts a space to what belongs to the direction.
  static func lines(
    _ space: RulesetSpace, _ reading: Reading, _ told: FlowLines, but loopback: ConnectionSpace,
    here: (ConnectionSpace) throws(NotProven) -> ConnectionSpace
  ) throws(NotProven) -> [Self] {
    let isUnfiltered =
      reading.tables.contains(where: \.isSekishos)
      && !reading.tables.contains { $0.isSekishos && $0.base(.forward) != nil }
    var byLink: [String: [(link: String?, space: RulesetSpace)]] = [:]
    var result: [Self] = []
    for translated in space.translations {
      let all = try here(translated.connections)
      if try all.isSubset(of: loopback) { continue }
      var (isSure, links) = (try here(translated.sure) == all, Links.any)
      var (lower, upper) = (try here(translated.lower), try here(translated.upper))
      if !isSure {
        let table = translated.rule.table
        if byLink[table] == nil { byLink[table] = try reading.spaces(byLinksOf: table) }
        if let known = try translated.sure(of: all, in: byLink[table] ?? [], here) {
          (isSure, links, lower, upper) = (true, known.links, known.lower, known.upper)
        }
      }
      let passing: Passing =
        lower == all ? .all : !lower.isEmpty ? .some : upper.isEmpty ? .none : .perhaps
      for line in try told.lines(of: all) {
        result.append(
          Self(
            direction: reading.direction, line: line, target: translated.target.words,
            rule: translated.rule, way: translated.way, isSure: isSure, links: links, passing: passing,
            isUnfiltered: isUnfiltered && translated.way != .here && passing != .none
              && translated.target.destination != .socket))
      }
    }
    return result
  }
}

extension TranslatedConnections {
  /// By which links packets have to come so that all of some connections are surely led, what then passes by every one
  /// of them, and what may by one or another; `nil`: to know the link is not enough.
  fileprivate func sure(
    of all: ConnectionSpace, in spaces: [(link: String?, space: RulesetSpace)],
    _ here: (ConnectionSpace) throws(NotProven) -> ConnectionSpace
  ) throws(NotProven) -> (links: TranslationLine.Links, lower: ConnectionSpace, upper: ConnectionSpace)? {
    // A chain that was given up may lead them wherever it likes.
    if spaces.contains(where: { !$0.space.givenUp.isEmpty }) { return nil }
    var (leading, others): ([String?], [String]) = ([], [])
    var (lower, upper) = (all, all.universe.empty)
    for (link, space) in spaces {
      let same = space.translations.first { $0.rule == rule && $0.target == target && $0.way == way }
      guard let same else {
        if let link { others.append(link) }
        continue
      }
      if try here(same.sure) != all { return nil }
      leading.append(link)
      lower = try lower.intersection(here(same.lower))
      upper = try upper.union(here(same.upper))
    }
    if leading.isEmpty { return nil }
    let links: TranslationLine.Links =
      !leading.contains(nil) ? .only(leading.compactMap(\.self)) : others.isEmpty ? .any : .allBut(others)
    return (links, lower, upper)
  }
}

extension Direction {
  /// Where a host's rulesets judge it.
  var passage: Passage {
    switch self {
    case .ingress: .ingress
    case .egress: .egress
    case .forward: .forward
    }
  }

  /// What of a space belongs to the direction of a host, as ``ConnectionSpace/Passage/whole``.
  ///
  /// - Parameter own: the host's addresses; `nil`: not known, and all belongs to it.
  func asked(_ space: ConnectionSpace, own: AddressSet?) throws(NotProven) -> ConnectionSpace {
    let judged = space.moved(from: passage, to: .whole)
    guard let own else { return judged }
    return switch self {
    case .ingress: try judged.restricted(to: own)
    case .egress: try judged.restricted(from: own)
    // What asks for the host itself goes in, whatever becomes of it there.
    case .forward: try judged.restricted(to: AddressSet.all.subtracting(own))
    }
  }
}

extension Table {
  /// The links by which its rules ask whether packets come, ascending; `nil` where one asks in a way that names none.
  fileprivate var inputLinks: [String]? {
    var names: Set<String> = []
    for rule in chains.flatMap(\.rules) {
      var register: Register?
      for expression in rule.expressions {
        switch expression {
        case .meta(.inputInterfaceName, let into): register = into
        case .meta(.inputInterface, _): return nil
        case .compare(let sign, let from, let value) where from == register:
          // A name that does not end in NUL is the beginning of one.
          guard sign == .equal || sign == .notEqual, value.last == 0,
            let name = String(validating: value.prefix { $0 != 0 }, as: UTF8.self)
          else { return nil }
          names.insert(name)
        case .lookup(_, let from, _, _) where from == register: return nil
        // Whatever it loads may be in the same place.
        default: register = nil
        }
      }
    }
    return names.sorted()
  }

  /// Whether a rule of it translates a destination.
  var leadsElsewhere: Bool {
    chains.contains { $0.rules.contains { $0.expressions.contains(where: \.leadsElsewhere) } }
  }
}

extension String {
  /// The name of a link as a number of 16 bytes, NULs behind it.
  fileprivate var linkNumber: UInt128 {
    let bytes = utf8.prefix(15)
    return bytes.reduce(0) { $0 << 8 | UInt128($1) } << UInt128((16 - bytes.count) * 8)
  }
}

extension Expression {
  fileprivate var leadsElsewhere: Bool {
    switch meaning {
    case .translates(let translation): translation?.leadsElsewhere ?? true
    case .steps(let steps): steps.contains(where: \.leadsElsewhere)
    default: false
    }
  }
}

extension Translation {
  fileprivate var leadsElsewhere: Bool {
    switch kind {
    case .destination, .redirect, .socket: true
    case .source, .masquerade: false
    }
  }
}

extension TranslatedConnections.Target {
  /// The address, the port, or both, as people write them.
  package var words: String {
    let port: String? =
      switch ports {
      case .asked: nil
      case .among(let range):
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
      case .unknown: "some port"
      }
    switch destination {
    case .asked where ports == .unknown: return "another port"
    case .asked: return port.map { "port \($0)" } ?? "where it was asked for"
    case .own: return port.map { "port \($0) of this host" } ?? "this host"
    case .socket: return "a socket of this host"
    case .unknown: return port.map { "some address, port \($0)" } ?? "some address"
    case .among(let addresses):
      let name = addresses.families.flatMap { family in
        addresses.ranges(family).map { range -> String in
          let first = Address(family, range.lowerBound)
          if range.lowerBound == range.upperBound {
            return family == .ipv6 && port != nil ? "[\(first)]" : "\(first)"
          }
          return "\(first)-\(Address(family, range.upperBound))"
        }
      }.joined(separator: ", ")
      return port.map { "\(name):\($0)" } ?? name
    }
  }
}
