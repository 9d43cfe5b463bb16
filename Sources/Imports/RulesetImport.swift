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
  }

  package private(set) var part = InventoryPart()
  package private(set) var left: [Left] = []

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
    for passage in [Passage.ingress, .egress] {
      let space = try RulesetSpace(tables, passage, circumstances, in: universe, givesUp: true)
      let side = HostSide(passage, own)
      let sure = try side.here(space.lower)
      let common = try side.common(sure)
      if try !side.onLinks(sure).isSubset(of: common.atEach) {
        left.append(
          Left(rules: [], words: "what passes \(side.word) at some of its addresses only is left out"))
      }
      if passage == .ingress, try side.letsGroupsIn(space.lower) {
        left.append(
          Left(
            rules: [],
            words: "what comes to multicast groups is left out: services name their groups, by `multicast`"))
      }
      try leave(
        side.onLinks(space.upper.subtracting(space.lower)), side, space.givenUp, tables, circumstances)
      let flows = PeersByService(try common.atOne.rectangles(), side, families)
      left += flows.left.map { Left(rules: [], words: $0) }
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
              "connections \(side.word) are led elsewhere by rules, which go on to do so; ports that containers publish need `forwarding: containers`"
          ))
      }
      if try !RulesetSpace.letsRepliesPass(tables, passage, circumstances, in: universe, givesUp: true) {
        left.append(
          Left(
            rules: [], words: "answers to what a flow allows always pass; \(side.word) they surely did not"))
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
      left.append(
        Left(
          rules: [],
          words:
            "what passes through the host is left out, so that nothing does: a gateway needs `forwarding: gateway` with its routes, a host of containers `forwarding: containers`"
        ))
    }
    if let known = policy?.hosts.first(where: { $0.name == host }) {
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
    part.hosts = [written]
  }

  // MARK: What depends on more than the connection

  /// How many connections are followed to the rules that decide about them.
  private static let mostTraces = 100

  /// Says by which rules something may pass that does not surely.
  private mutating func leave(
    _ unsure: ConnectionSpace, _ side: HostSide, _ givenUp: [String], _ tables: [Table],
    _ circumstances: Circumstances
  ) throws(NotProven) {
    for chain in givenUp {
      left.append(Left(rules: [], words: "\(chain) is too intricate; what it decides about is left out"))
    }
    if unsure.isEmpty { return }
    var points: [[RulePlace]: (first: Point, more: Bool)] = [:]
    let rectangles = try unsure.rectangles().filter { side.isOfUse($0) }
    for rectangle in rectangles.prefix(Self.mostTraces) {
      guard let point = Point(rectangle) else { continue }
      let trace = try ConnectionTrace(of: point, tables, circumstances)
      let rules = Set(trace.steps.flatMap(\.decisions).filter { !$0.isSure }.map(\.rule)).sorted()
      points[rules] = (points[rules]?.first ?? point, points[rules] != nil)
    }
    for (rules, point) in points.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      left.append(
        Left(
          rules: rules,
          words:
            "left out, because it depends on more than the connection: \(side.word) \(point.first.words)\(point.more ? ", and others" : "")"
        ))
    }
    if rectangles.count > Self.mostTraces {
      left.append(
        Left(
          rules: [],
          words:
            "\(rectangles.count - Self.mostTraces) more that depend on more than the connection \(side.word) are left out"
        ))
    }
  }
}

extension Point {
  /// One of the connections of a rectangle.
  fileprivate init?(_ rectangle: Rectangle) {
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
