internal import Addressing
package import Policy

/// Which hosts can open a connection to which: exact, and as small as the policy is regular.
///
/// Nodes are roles, of hosts or of addresses outside; links are what flows let pass between them. An intruder goes from
/// host to host through connections that he can open from each. What goes on outside is not known: paths may begin and
/// end there, and never lead through. What is open on every host (neighbour discovery, DHCP) is no connection here.
package struct ReachGraph: Sendable {
  package let policy: Policy
  /// The moment at which flows with an end are judged.
  package let now: Timestamp
  package let barriers: Barriers
  let roles: Roles
  let links: [Link]
  let outside: BitSet
  /// Nodes one of whose hosts can reach another of them.
  let many: BitSet
  private let gateways: Set<HostID>

  /// - Parameters:
  ///   - now: flows that have ended then open nothing.
  ///   - marking: sets of hosts that will be asked for, beside those that flows and guards name.
  ///   - asked: address sets that will be asked for, whether a flow names them or not.
  ///   - quarantine: who is in quarantine.
  package init(
    _ policy: Policy, at now: Timestamp, barriers: Barriers = .enforced, marking: [[HostID]] = [],
    asked: [AskedAddresses] = [], quarantine: [RefusedHost] = []
  ) {
    let marking = marking + quarantine.flatMap { [[$0.refused], $0.by] }
    self.init(policy, at: now, barriers, Roles(policy, marking: marking, asked: asked), quarantine)
  }

  init(
    _ policy: Policy, at now: Timestamp, _ barriers: Barriers, _ roles: Roles,
    _ quarantine: [RefusedHost] = []
  ) {
    self.policy = policy
    self.now = now
    self.barriers = barriers
    self.roles = roles
    var builder = LinkBuilder(policy, roles, at: now, barriers)
    builder.build()
    links = quarantine.reduce(builder.links) { $1.leaving($0, roles, barriers) }
    gateways = Set(
      policy.hosts.indices.filter { if case .gateway = policy.hosts[$0].forwarding { true } else { false } }
        .map { HostID($0) })
    let indices = roles.nodes.indices
    outside = BitSet(count: indices.count, indices.filter { roles.nodes[$0].isOutside })
    many = BitSet(count: indices.count, indices.filter { roles.nodes[$0].isMany })
  }

  /// How many roles there are, those outside included.
  package var nodeCount: Int { roles.nodes.count }

  /// The hosts of each role, in the order of the first of each.
  package var rolesOfHosts: [[HostID]] { roles.nodes.filter { !$0.isOutside }.map(\.hosts) }

  /// Flows without each of which some connections are not allowed, several at once; ascending.
  package var flowsTogether: [[FlowID]] {
    Set(links.map(\.flows).filter { $0.count > 1 }).sorted { $0.lexicographicallyPrecedes($1) }
  }

  // MARK: Nodes

  /// The nodes of hosts; they must not split a role.
  func nodes(of hosts: [HostID]) -> BitSet {
    var result = BitSet(count: nodeCount)
    for host in hosts { result.insert(roles.nodeOfHost[host.index]) }
    return result
  }

  /// The nodes of peers: what is outside, and every host that has one of the addresses.
  func nodes(of peers: PeersID) -> BitSet { roles.nodes(of: roles.members[peers.index]) }

  var allNodes: BitSet { BitSet(count: nodeCount, 0..<nodeCount) }

  // MARK: Neighbours

  /// For each node the nodes that connections of some links lead to.
  func neighbours(_ links: some Sequence<Link>) -> [BitSet] {
    var rows = Array(repeating: BitSet(count: nodeCount), count: nodeCount)
    for link in links {
      link.fromNodes.forEach { rows[$0].formUnion(link.toNodes) }
    }
    for node in rows.indices where !many.contains(node) { rows[node].remove(node) }
    return rows
  }

  /// The links without what has to pass one of some hosts as a gateway; `nil` where none of them is one.
  func links(around hosts: [HostID]) -> [Link]? {
    let passed = gateways.intersection(hosts)
    if passed.isEmpty { return nil }
    let crossings = Crossings(policy, roles) { passed.contains($0) }
    // Where gateways that judge let nothing pass, they are no way around.
    let observed = Crossings(policy, roles) {
      passed.contains($0) || barriers == .declared || policy[$0].modes.forward == .enforce
    }
    var result: [Link] = []
    for link in links {
      var rows: [(row: BitSet, points: BitSet)] = []
      for point in link.sources.members {
        let crossings = link.isForwarded ? crossings : observed
        let row = link.destinations.subtracting(crossings.destinations(from: point))
        if row.isEmpty { continue }
        if let known = rows.firstIndex(where: { $0.row == row }) {
          rows[known].points.insert(point)
        } else {
          rows.append((row, BitSet(count: roles.points.count, [point])))
        }
      }
      result += rows.map {
        Link($0.points, $0.row, link.flows, link.traffic, isForwarded: link.isForwarded, roles)
      }
    }
    return result
  }
}
