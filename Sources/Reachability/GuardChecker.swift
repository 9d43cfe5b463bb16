internal import Addressing
package import Policy

/// Judges the guards of a policy.
///
/// A direction that only observes, or is left alone, lets everything pass, so it stops nobody. What a guard wants allowed has to be allowed by
/// flows, so that it is still when the host enforces.
package struct GuardChecker: Sendable {
  let policy: Policy
  let graph: ReachGraph
  /// Where everything is allowed by flows alone; the same where every host enforces.
  let declared: ReachGraph
  private let observes: Bool
  /// Of ``graph``, as all guards on paths need them.
  let neighbours: [BitSet]

  /// - Parameter now: flows that have ended then open nothing.
  package init(_ policy: Policy, at now: Timestamp) {
    let roles = Roles(policy, marking: [])
    let graph = ReachGraph(policy, at: now, .enforced, roles)
    let observes = policy.hosts.contains { $0.modes != Modes(.enforce) }
    self.init(
      graph, declared: observes ? ReachGraph(policy, at: now, .declared, roles) : graph, observes: observes)
  }

  private init(_ graph: ReachGraph, declared: ReachGraph, observes: Bool) {
    policy = graph.policy
    self.graph = graph
    self.declared = declared
    self.observes = observes
    neighbours = graph.neighbours(graph.links)
  }

  /// The guards that do not hold, in their order.
  package func broken() -> [BrokenGuard] {
    var found: [(index: Int, finding: Finding)] = []
    for index in policy.guards.indices {
      if let finding = check(policy.guards[index].statement) { found.append((index, finding)) }
    }
    if found.isEmpty { return [] }
    let enforced = observes ? GuardChecker(declared, declared: declared, observes: false) : self
    return found.map { index, finding in
      BrokenGuard(
        index: index, breach: finding.breach, remedy: finding.remedy,
        holdsWhenEnforced: observes && enforced.check(policy.guards[index].statement) == nil)
    }
  }

  typealias Finding = (breach: Breach, remedy: Remedy)

  private func check(_ statement: GuardStatement) -> Finding? {
    switch statement {
    case .never(let from, let to, let service, let hops):
      return never(from: from, to: to, service, within: hops)
    case .only(let from, let to, let service):
      return forbidden(only(from: from, to: to, service))
    case .expect(let from, let to, let service, let allowed):
      if allowed { return missing(from: from, to: to, policy[service]) }
      return forbidden(Forbidden(from: graph.nodes(of: from), to: graph.nodes(of: to), service: service))
    case .isolated(let peers): return isolated(peers)
    case .through(let from, let to, let via): return through(from: from, to: to, via: via)
    }
  }

  // MARK: Single connections

  /// Connections from some nodes to others that must not be.
  private struct Forbidden {
    let from: BitSet
    let to: BitSet
    let service: ServiceID?
  }

  private func only(from: PeersID?, to: PeersID?, _ service: ServiceID?) -> Forbidden {
    let all = graph.allNodes
    switch (from, to) {
    case (let from?, let to):
      return Forbidden(
        from: all.subtracting(graph.nodes(of: from)), to: to.map { graph.nodes(of: $0) } ?? all,
        service: service)
    case (nil, let to?):
      return Forbidden(from: all, to: all.subtracting(graph.nodes(of: to)), service: service)
    case (nil, nil):
      // The language has no such statement.
      return Forbidden(from: BitSet(count: graph.nodeCount), to: all, service: service)
    }
  }

  private func forbidden(_ what: Forbidden) -> Finding? {
    var witness: [PathStep]?
    var needs: Set<[FlowID]> = []
    let service = what.service.map { policy[$0] }
    for link in graph.links {
      guard let (from, to) = pair(link, what.from, what.to),
        service.map(link.traffic.holdsSome) ?? true
      else { continue }
      needs.insert(link.flows)
      if let known = witness, known[0].flows.count <= link.flows.count { continue }
      let start = graph.position(of: from)
      witness = [graph.step(from: start, to: graph.position(of: to, not: [start]), link)]
    }
    guard let witness else { return nil }
    let removal = RemovalSearch.smallest(meeting: Array(needs))
    return (.path(witness), removal.map { .remove($0) } ?? .enforce)
  }

  /// Two different hosts, or addresses outside, that a link joins.
  func pair(_ link: Link, _ from: BitSet, _ to: BitSet) -> (from: Int, to: Int)? {
    if !link.fromNodes.intersects(from) || !link.toNodes.intersects(to) { return nil }
    let targets = link.toNodes.intersection(to)
    for node in link.fromNodes.intersection(from).members {
      var others = targets
      if !graph.many.contains(node) { others.remove(node) }
      if let target = others.first { return (node, target) }
    }
    return nil
  }

  // MARK: Paths

  private func never(from: PeersID, to: PeersID, _ service: ServiceID?, within hops: Int) -> Finding? {
    let (sources, targets) = (graph.nodes(of: from), graph.nodes(of: to))
    if hops == 1 { return forbidden(Forbidden(from: sources, to: targets, service: service)) }
    let links = graph.links
    let wanted = service.map { policy[$0] }
    let paths = Paths(
      graph: graph, links: links,
      arriving: wanted.map { wanted in links.filter { $0.traffic.holdsSome(of: wanted) } }, sources: sources,
      targets: targets, closed: graph.outside, hops: hops)
    return finding(paths, known: neighbours)
  }

  private func through(from: PeersID, to: PeersID, via: PeersID) -> Finding? {
    let passed = graph.nodes(of: via)
    let around = graph.links(around: policy[via].hosts + policy.carriers(of: policy[via]))
    let paths = Paths(
      graph: graph, links: around ?? graph.links, arriving: nil,
      sources: graph.nodes(of: from).subtracting(passed),
      targets: graph.nodes(of: to).subtracting(passed), closed: graph.outside.union(passed), hops: .max)
    return finding(paths, known: around == nil ? neighbours : nil)
  }

  private func finding(_ paths: Paths, known: [BitSet]?) -> Finding? {
    guard let steps = paths.shortest(known: known) else { return nil }
    return (.path(steps), paths.removal().map { .remove($0) } ?? .enforce)
  }

  // MARK: Isolation

  private func isolated(_ peers: PeersID) -> Finding? {
    for host in policy[peers].hosts + policy.carriers(of: policy[peers]) where observes {
      for direction in [Direction.ingress, .egress] where policy[host].modes[direction] != .enforce {
        return (.unenforced(host, direction), .enforce)
      }
    }
    let own = graph.roles.members[peers.index]
    let ownHosts = graph.roles.hostMembers[peers.index]
    // Addresses outside; those of hosts in a network are no more than the network's.
    let strangers = own.subtracting(graph.roles.managed)
    var first: Breach?
    var touching: Set<FlowID> = []
    for index in policy.flows.indices {
      let flow = policy.flows[index]
      if let until = flow.until, graph.now >= until { continue }
      for (end, other) in flow.parts.flatMap({ [($0.from, $0.to), ($0.to, $0.from)] }) {
        let touched = graph.roles.hostMembers[end.index].intersection(ownHosts)
          .union(graph.roles.members[end.index].intersection(strangers))
        guard let node = node(of: touched, besides: policy[other]) else { continue }
        touching.insert(FlowID(index))
        if first == nil { first = .touched(graph.position(of: node), by: FlowID(index)) }
      }
    }
    return first.map { ($0, .remove(Removal(flows: touching.sorted(), isSmallest: true))) }
  }

  /// A node of some points, unless the other end of a flow is nothing but that one host: such a flow opens nothing.
  private func node(of points: BitSet, besides other: Peers) -> Int? {
    for node in graph.roles.nodes(of: points).members {
      let hosts = graph.roles.nodes[node].hosts
      if hosts.count == 1, other.isOnly(hosts[0]) { continue }
      return node
    }
    return nil
  }
}
