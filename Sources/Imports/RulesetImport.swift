package import Addressing
package import ConnectionSpace
package import InventoryText
package import Nftables
package import Policy
package import RulesetSpace

/// What a ruleset of any tool lets a host do, as flows: never more than surely passes, whatever else a packet is.
///
/// It is read by its meaning, and not rule by rule: what comes to the host, from whom and at which ports, and what it asks others
/// for. A flow is about all addresses of the host, so that what passes to some of them is left out.
package struct RulesetImport: Sendable {
  /// What could not be expressed, or is not the same.
  package struct Left: Hashable, Sendable {
    /// The rules that are its reason, ascending; none where it is not about one.
    package let rules: [RulePlace]
    package let words: String
    /// What is said of each rule but the first.
    package var again = "left out for the same reason"
  }

  package private(set) var part = InventoryPart()
  package private(set) var left: [Left] = []
  /// Directions that no chain filters.
  private var unfiltered: Set<Passage> = []

  /// - Parameters:
  ///   - tables: all of the host.
  ///   - host: what it is called.
  ///   - own: its addresses, by which others reach it; one at least.
  ///   - policy: an inventory that it is for, whose networks and services are named where they are just the same; a host of that
  ///     name is not written again.
  /// - Throws: ``ConnectionSpace/NotProven`` when the tables are too intricate.
  package init(
    _ tables: [Table], of host: String, own: [Address], beside policy: Policy?
  ) throws(NotProven) {
    let universe = Universe()
    // Nothing is known of the time: what passes for a time only would be a flow for ever.
    let circumstances = Circumstances(ownAddresses: AddressSet(own))
    let families = Set(own.map(\.family))
    var names = ImportedNames(beside: policy, host: host, tables)
    // A host of which nothing at all is judged no inventory has.
    let filtered = [Passage.ingress, .egress].filter { Self.isFiltered($0, tables) }
    for passage in [Passage.ingress, .egress] {
      if !filtered.isEmpty, !filtered.contains(passage) {
        unfiltered.insert(passage)
        continue
      }
      let space = try RulesetSpace(tables, passage, circumstances, in: universe, givesUp: true)
      let side = HostSide(passage, own)
      let sure = try side.here(space.lower)
      let common = try side.common(sure)
      var shares = RuleShares(tables, passage, circumstances)
      let atSome = try side.onLinks(sure).subtracting(common.atEach)
      if !atSome.isEmpty {
        left.append(
          Left(
            rules: try shares.accepting(atSome),
            words: "what passes \(side.word) at some of its addresses only is left out"))
      }
      if passage == .ingress, let groups = try side.groups(space.lower) {
        left.append(
          Left(
            rules: try shares.accepting(groups),
            words: "what comes to multicast groups is left out: services name their groups, by `multicast`"))
      }
      try leave(
        side.onLinks(space.upper.subtracting(space.lower)), side, space.givenUp, &shares, tables,
        circumstances
      )
      let flows = PeersByService(try common.atOne.rectangles(), side, families)
      left += flows.left.map { Left(rules: [], words: $0) }
      if flows.leavesGroups {
        left.append(
          Left(
            rules: try shares.accepting(common.atOne.restricted(to: .multicast)),
            words:
              "what goes \(side.word) to multicast groups is left out: services name their groups, by `multicast`"
          ))
      }
      for flow in flows.all {
        let network = names.network(flow.peers)
        let services = flow.services.map { names.service($0) }
        let (from, to) = passage == .ingress ? (network, host) : (host, network)
        part.flows.append(
          InventoryPart.Flow(
            name: names.flow("\(from)-to-\(to)"), from: [from], to: [to], services: services, why: ""))
      }
      let led = Set(space.translations.map(\.rule)).sorted()
      if !led.isEmpty {
        left.append(
          Left(
            rules: led,
            words:
              "connections that go \(side.word) are led elsewhere by rules, which go on to do so; ports that containers publish need `forwarding: containers`",
            again: "leads connections elsewhere as well"
          ))
      }
      let replies = try RepliesPass(tables, passage, circumstances, in: universe, givesUp: true)
      if replies != .all {
        let did = replies == .notAll ? "they surely did not" : "they may not have"
        left.append(
          Left(rules: [], words: "answers to what a flow allows always pass; \(side.word) \(did)"))
      }
    }
    part.networks = names.networks
    part.services = names.services
    try judgeForwarding(tables, circumstances, universe, policy, host, own)
  }

  /// A host that forwards what it filters would forward all of it with `forwarding: leave`.
  private mutating func judgeForwarding(
    _ tables: [Table], _ circumstances: Circumstances, _ universe: Universe, _ policy: Policy?,
    _ host: String,
    _ own: [Address]
  ) throws(NotProven) {
    let space = try RulesetSpace(tables, .forward, circumstances, in: universe, givesUp: true)
    let everything = try universe.everything(.forward)
    let passesAll = space.lower == everything
    if !passesAll, !space.upper.isEmpty {
      var shares = RuleShares(tables, .forward, circumstances)
      left.append(
        Left(
          rules: try shares.accepting(space.upper),
          words:
            "what passes through the host is left out, so that nothing does: a gateway needs `forwarding: gateway` with its routes, a host of containers `forwarding: containers`"
        ))
    }
    if let known = policy?.hosts.first(where: { $0.name == host }) {
      for passage in [Passage.ingress, .egress] where unfiltered.contains(passage) {
        let (direction, word) =
          passage == .ingress ? (known.modes.ingress, "ingress") : (known.modes.egress, "egress")
        if direction == .leave { continue }
        left.append(
          Left(
            rules: [],
            words: "nothing filters its \(word), which the inventory does: `mode: {\(word): leave}` would not"
          ))
      }
      if !passesAll, !known.forwarding.filtersPassage {
        left.append(
          Left(
            rules: [],
            words:
              "what passes through the host is filtered, and not by the inventory: `forwarding: deny` would"))
      }
      return
    }
    var written = InventoryPart.Host(name: host, addresses: own.sorted())
    written.deniesForwarding = !passesAll
    written.leavesIngress = unfiltered.contains(.ingress)
    written.leavesEgress = unfiltered.contains(.egress)
    part.hosts = [written]
  }

  /// The hooks of a passage at which chains filter it.
  static func hooks(of passage: Passage) -> Set<Hook> {
    switch passage {
    case .ingress: [.ingress, .prerouting, .input]
    case .egress: [.output, .postrouting]
    case .forward, .whole: [.ingress, .prerouting, .forward, .postrouting]
    }
  }

  /// Whether any chain could stop something of it, however it is used.
  private static func isFiltered(_ passage: Passage, _ tables: [Table]) -> Bool {
    tables.contains { table in
      !table.flags.contains(.dormant)
        && table.chains.contains { chain in chain.base.map { hooks(of: passage).contains($0.hook) } ?? false }
    }
  }

  // MARK: What depends on more than the connection

  /// How many connections are followed to the rules that decide about them.
  private static let mostTraces = 100

  /// Says of each rule by which something may pass, or be stopped, that does not surely.
  private mutating func leave(
    _ unsure: ConnectionSpace, _ side: HostSide, _ givenUp: [String], _ shares: inout RuleShares,
    _ tables: [Table],
    _ circumstances: Circumstances
  ) throws(NotProven) {
    for chain in givenUp {
      left.append(Left(rules: [], words: "\(chain) is too intricate; what it decides about is left out"))
    }
    if unsure.isEmpty { return }
    let why = "left out, because it depends on more than the connection: \(side.word)"
    let (doubts, rest) = try shares.doubts(about: unsure, side)
    for doubt in doubts {
      left.append(
        Left(
          rules: [doubt.rule], words: "\(why) \(doubt.first.words)\(doubt.isMore ? ", and others" : "")"))
    }
    // What no rule is about by itself, as where one sets a mark for the next.
    var points: [[RulePlace]: (first: Point, more: Bool)] = [:]
    for rectangle in rest.prefix(Self.mostTraces) {
      guard let point = Point(rectangle) else { continue }
      let trace = try ConnectionTrace(of: point, tables, circumstances)
      let rules = Set(trace.steps.flatMap(\.decisions).filter { !$0.isSure }.map(\.rule)).sorted()
      points[rules] = (points[rules]?.first ?? point, points[rules] != nil)
    }
    for (rules, point) in points.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      left.append(
        Left(rules: rules, words: "\(why) \(point.first.words)\(point.more ? ", and others" : "")"))
    }
    if rest.count > Self.mostTraces {
      left.append(
        Left(
          rules: [],
          words:
            "\(rest.count - Self.mostTraces) more that depend on more than the connection \(side.word) are left out"
        ))
    }
  }
}

/// The rules of a passage, each by itself, in a universe that nothing else needs.
struct RuleShares {
  struct Doubt {
    let rule: RulePlace
    let first: Point
    let isMore: Bool
  }

  private let universe = Universe()
  private let tables: [Table]
  private let passage: Passage
  private let circumstances: Circumstances
  /// Empty where the rules are too intricate to be told one by one; most rulesets leave nothing out, and nobody asks.
  private lazy var all = (try? RuleShare.all(tables, passage, circumstances, in: universe)) ?? []

  init(_ tables: [Table], _ passage: Passage, _ circumstances: Circumstances) {
    (self.tables, self.passage, self.circumstances) = (tables, passage, circumstances)
  }

  /// The rules that accept, or may, something of a space.
  mutating func accepting(_ space: ConnectionSpace) throws(NotProven) -> [RulePlace] {
    let space = try universe.space(of: space.rectangles())
    var rules: [RulePlace] = []
    for share in all where share.verdict == .accept {
      if try !share.possible.intersection(space).isEmpty { rules.append(share.rule) }
    }
    return rules
  }

  /// The rules because of which something does not surely pass, and what is left of that without them.
  mutating func doubts(
    about unsure: ConnectionSpace, _ side: HostSide
  ) throws(NotProven) -> (doubts: [Doubt], rest: [Rectangle]) {
    var doubts: [Doubt] = []
    let whole = try universe.space(of: unsure.rectangles())
    var rest = whole
    for share in all {
      let part = try share.possible.subtracting(share.sure).intersection(whole)
      let rectangles = try part.rectangles().filter { side.isOfUse($0) }
      guard let first = rectangles.lazy.compactMap({ Point($0) }).first else { continue }
      doubts.append(Doubt(rule: share.rule, first: first, isMore: rectangles.count > 1))
      rest = try rest.subtracting(part)
    }
    return (doubts, try rest.rectangles().filter { side.isOfUse($0) })
  }
}

extension Point {
  /// One of the connections of a rectangle.
  init?(_ rectangle: Rectangle) {
    guard let family = rectangle.sources.families.first,
      let source = rectangle.sources.ranges(family).first,
      let destination = rectangle.destinations.ranges(family).first
    else { return nil }
    let kind: UInt16? =
      switch rectangle.kinds {
      case .any: rectangle.ipProtocol.hasPorts ? 1 : 0
      case .ports(let ports): ports.ranges.first?.upperBound
      case .types(let types): types.ranges.first.map { UInt16($0.lowerBound) }
      }
    guard let kind else { return nil }
    self.init(
      rectangle.passage, from: Address(family, source.lowerBound),
      to: Address(family, destination.lowerBound),
      rectangle.ipProtocol, kind: kind)
  }

  fileprivate var words: String {
    "\(ipProtocol)\(ipProtocol.hasPorts ? "/\(kind)" : "") from \(source) to \(destination)"
  }
}
