internal import Addressing
internal import Policy

/// Flows to links.
///
/// A connection is possible when every managed end and a gateway on its way, if there are any, lets it pass. Almost always one flow
/// does so everywhere. Where a network holds addresses of hosts, one flow may open the way out and another the way in;
/// both are then needed.
struct LinkBuilder {
  private let policy: Policy
  private let roles: Roles
  private let now: Timestamp
  /// Points whose way out, and whose way in, is judged.
  private let judgedOut: BitSet
  private let judgedIn: BitSet
  private let crossed: Crossings
  private let crossedJudged: Crossings
  private(set) var links: [Link] = []

  /// What one part of a flow lets pass in one family, as requests or as answers to multicast requests.
  private struct Opening {
    let flow: FlowID
    let part: FlowPart
    let isReply: Bool
    let traffic: Traffic
    /// Points of the addresses at each end, and of the hosts with an allowance. Almost always those are the hosts among the
    /// addresses; a host that is named also has it at a virtual address, which is then none of the addresses.
    let from: BitSet
    let to: BitSet
    let fromHosts: BitSet
    let toHosts: BitSet

    /// Hosts with an allowance at addresses that the flow does not name.
    var unnamedFrom: BitSet { fromHosts.subtracting(from) }
    var unnamedTo: BitSet { toHosts.subtracting(to) }
  }

  init(_ policy: Policy, _ roles: Roles, at now: Timestamp, _ barriers: Barriers) {
    self.policy = policy
    self.roles = roles
    self.now = now
    let isJudged = { (host: Host, direction: Direction) in
      switch (barriers, direction) {
      case (.declared, _): true
      case (.enforcedByOthers, .egress): false
      default: host.modes[direction] == .enforce
      }
    }
    var judgedOut = BitSet(count: roles.points.count)
    var judgedIn = BitSet(count: roles.points.count)
    for node in roles.nodes where !node.isOutside {
      let host = policy[node.hosts[0]]
      for point in node.points {
        if isJudged(host, .egress) { judgedOut.insert(point) }
        if isJudged(host, .ingress) { judgedIn.insert(point) }
      }
    }
    self.judgedOut = judgedOut
    self.judgedIn = judgedIn
    crossed = Crossings(policy, roles) { _ in true }
    crossedJudged = Crossings(policy, roles) { isJudged(policy[$0], .forward) }
  }

  mutating func build() {
    var openings: [Opening] = []
    for index in policy.flows.indices { openings += self.openings(of: FlowID(index)) }
    for opening in openings { addAlone(opening, openings) }
    addPairs(openings)
    addUnjudged()
  }

  private func openings(of id: FlowID) -> [Opening] {
    let flow = policy[id]
    if let until = flow.until, now >= until { return [] }
    let services = flow.services.map { policy[$0] }
    return flow.parts.flatMap { openings(of: id, $0, services) }
  }

  private func openings(of id: FlowID, _ part: FlowPart, _ services: [Service]) -> [Opening] {
    let (from, to) = (part.from.index, part.to.index)
    var result: [Opening] = []
    for family in AddressFamily.allCases {
      guard let points = roles.families[family] else { continue }
      let requests = Traffic(requestsOf: services, family)
      let sources = roles.members[from].intersection(points)
      let destinations = roles.members[to].intersection(points)
      if sources.isEmpty || destinations.isEmpty { continue }
      let sourceHosts = roles.hostMembers[from].intersection(points)
      let destinationHosts = roles.hostMembers[to].intersection(points)
      if !requests.isEmpty {
        result.append(
          Opening(
            flow: id, part: part, isReply: false, traffic: requests, from: sources, to: destinations,
            fromHosts: sourceHosts, toHosts: destinationHosts))
      }
      let replies = Traffic(repliesOf: services, family)
      if !replies.isEmpty {
        result.append(
          Opening(
            flow: id, part: part, isReply: true, traffic: replies, from: destinations, to: sources,
            fromHosts: destinationHosts, toHosts: sourceHosts))
      }
    }
    return result
  }

  // MARK: One flow

  private mutating func addAlone(_ opening: Opening, _ all: [Opening]) {
    let unjudgedFrom = opening.from.subtracting(judgedOut)
    let unjudgedTo = opening.to.subtracting(judgedIn)
    let sources = opening.fromHosts.intersection(opening.from).union(unjudgedFrom)
    let destinations = opening.toHosts.intersection(opening.to).union(unjudgedTo)
    if opening.isReply {
      addReply(sources, destinations, [opening.flow], opening.traffic, all)
    } else {
      add(sources, destinations, [opening.flow], opening.traffic, isForwarded: true)
    }
    addAround(unjudgedFrom, opening.unnamedTo, [opening.flow], opening.traffic)
    addAround(opening.unnamedFrom, unjudgedTo, [opening.flow], opening.traffic)
  }

  /// Where no gateway that judges is on the way: none forwards it by these flows.
  private mutating func addAround(
    _ sources: BitSet, _ destinations: BitSet, _ flows: [FlowID], _ traffic: Traffic
  ) {
    if sources.isEmpty || destinations.isEmpty { return }
    if crossedJudged.isEmpty { return add(sources, destinations, flows, traffic, isForwarded: false) }
    for point in sources.members {
      add(
        BitSet(count: roles.points.count, [point]),
        destinations.subtracting(crossedJudged.destinations(from: point)), flows, traffic, isForwarded: false)
    }
  }

  // MARK: Two flows

  private mutating func addPairs(_ openings: [Opening]) {
    // Only to a host that the first flow knows as an address of a network, and from one that the second does; or where one
    // of them lets a host speak from a virtual address, or listen there, that it does not name.
    let out = openings.filter {
      $0.to.subtracting($0.toHosts).intersects(judgedIn) || !$0.unnamedFrom.isEmpty
    }
    let into = openings.filter {
      $0.from.subtracting($0.fromHosts).intersects(judgedOut) || !$0.unnamedTo.isEmpty
    }
    for first in out {
      for second in into
      where second.flow != first.flow || second.part != first.part || second.isReply != first.isReply {
        let destinations = first.to.intersection(second.toHosts).intersection(judgedIn)
        if destinations.isEmpty { continue }
        let sources = second.from.intersection(first.fromHosts).intersection(judgedOut)
        if sources.isEmpty { continue }
        let traffic = first.traffic.intersection(second.traffic)
        if traffic.isEmpty { continue }
        let flows = Set([first.flow, second.flow]).sorted()
        func add(_ sources: BitSet, _ destinations: BitSet) {
          if first.isReply, second.isReply {
            addReply(sources, destinations, flows, traffic, openings)
          } else {
            self.add(sources, destinations, flows, traffic, isForwarded: true)
          }
        }
        // What one of the two lets pass alone is told already.
        let named = sources.intersection(first.from)
        let elsewhere = destinations.subtracting(first.toHosts)
        add(named.subtracting(second.fromHosts), elsewhere)
        add(named, elsewhere.subtracting(second.to))
        let unnamed = sources.subtracting(first.from)
        add(unnamed.subtracting(second.fromHosts), destinations.intersection(second.to))
        addAround(unnamed, destinations.subtracting(second.to), flows, traffic)
      }
    }
  }

  // MARK: Answers to multicast requests

  /// A gateway forwards requests alone, so answers pass it only where another flow asks for the same.
  private mutating func addReply(
    _ sources: BitSet, _ destinations: BitSet, _ flows: [FlowID], _ traffic: Traffic, _ all: [Opening]
  ) {
    if destinations.isEmpty { return }
    if crossedJudged.isEmpty { return add(sources, destinations, flows, traffic, isForwarded: false) }
    for point in sources.members {
      let source = BitSet(count: roles.points.count, [point])
      let crossing = crossedJudged.destinations(from: point)
      add(source, destinations.subtracting(crossing), flows, traffic, isForwarded: false)
      let through = destinations.intersection(crossing)
      if through.isEmpty { continue }
      for other in all where !other.isReply && other.from.contains(point) {
        let both = traffic.intersection(other.traffic)
        if both.isEmpty { continue }
        add(
          source, through.intersection(other.to), Set(flows + [other.flow]).sorted(), both, isForwarded: true)
      }
    }
  }

  // MARK: No flow

  /// Between ends that are not judged, where a gateway that does not judge either is on the way, or none.
  private mutating func addUnjudged() {
    let sources = roles.all.subtracting(judgedOut)
    let destinations = roles.all.subtracting(judgedIn)
    for family in AddressFamily.allCases {
      guard let points = roles.families[family] else { continue }
      var rows: [BitSet: BitSet] = [:]
      var order: [BitSet] = []
      for point in sources.intersection(points).members {
        let row = destinations.intersection(points).subtracting(crossedJudged.destinations(from: point))
        if row.isEmpty { continue }
        if rows[row] == nil { order.append(row) }
        rows[row, default: BitSet(count: roles.points.count)].insert(point)
      }
      for row in order {
        if let points = rows[row] { add(points, row, [], .everything(family), isForwarded: false) }
      }
    }
  }

  // MARK: All of them

  /// Of what passes between two addresses outside, Sekisho sees what crosses a gateway.
  private mutating func add(
    _ sources: BitSet, _ destinations: BitSet, _ flows: [FlowID], _ traffic: Traffic, isForwarded: Bool
  ) {
    if sources.isEmpty || destinations.isEmpty { return }
    let strangers = sources.subtracting(roles.managed)
    let foreign = destinations.subtracting(roles.managed)
    if strangers.isEmpty || foreign.isEmpty {
      append(sources, destinations, flows, traffic, isForwarded)
      return
    }
    append(sources.intersection(roles.managed), destinations, flows, traffic, isForwarded)
    append(strangers, destinations.intersection(roles.managed), flows, traffic, isForwarded)
    if crossed.isEmpty { return }
    for point in strangers.members {
      append(
        BitSet(count: roles.points.count, [point]),
        foreign.intersection(crossed.destinations(from: point)), flows, traffic, isForwarded)
    }
  }

  private mutating func append(
    _ sources: BitSet, _ destinations: BitSet, _ flows: [FlowID], _ traffic: Traffic, _ isForwarded: Bool
  ) {
    if sources.isEmpty || destinations.isEmpty { return }
    links.append(Link(sources, destinations, flows, traffic, isForwarded: isForwarded, roles))
  }
}

extension Roles {
  var all: BitSet { BitSet(count: points.count, points.indices) }
}
