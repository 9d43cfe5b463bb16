internal import Addressing
package import Policy

/// One connection of a path.
package struct PathStep: Hashable, Sendable {
  package let from: Position
  package let to: Position
  /// The flows that let it pass together, almost always one; none where nobody on the way enforces.
  package let flows: [FlowID]
  /// Ends that let it pass because they do not enforce, or because the intruder is root there.
  package let unguarded: [HostID]

  package init(from: Position, to: Position, flows: [FlowID], unguarded: [HostID]) {
    self.from = from
    self.to = to
    self.flows = flows
    self.unguarded = unguarded
  }
}

extension ReachGraph {
  /// A path over nodes as one over hosts, each step by a link of the ones given for it.
  ///
  /// - Parameters:
  ///   - end: the host of the last node; `nil`: any.
  ///   - links: those of one step, by its place.
  func steps(_ nodes: [Int], endingAt end: HostID? = nil, _ links: (Int) -> [Link]) -> [PathStep] {
    var positions: [Position] = end.map { [.host($0)] } ?? []
    for node in end == nil ? nodes : nodes.dropLast() { positions.append(position(of: node, not: positions)) }
    if end != nil { positions.append(positions.removeFirst()) }
    return nodes.indices.dropLast().compactMap { index in
      guard let link = best(links(index), nodes[index], nodes[index + 1]) else { return nil }
      return step(from: positions[index], to: positions[index + 1], link)
    }
  }

  func step(from: Position, to: Position, _ link: Link) -> PathStep {
    var unguarded: [HostID] = []
    if case .host(let host) = from, isOpen(.egress, host), !names(link, host, \.from, to, \.to) {
      unguarded.append(host)
    }
    if case .host(let host) = to, isOpen(.ingress, host), !names(link, host, \.to, from, \.from) {
      unguarded.append(host)
    }
    return PathStep(from: from, to: to, flows: link.flows, unguarded: unguarded)
  }

  private func isOpen(_ direction: Direction, _ host: HostID) -> Bool {
    switch barriers {
    case .declared: false
    case .enforced: policy[host].modes[direction] != .enforce
    case .enforcedByOthers: direction == .egress || policy[host].modes[direction] != .enforce
    }
  }

  /// Whether a flow of the link names a host, or a virtual address that it carries, where it has several parts in one that
  /// names the other end, too.
  private func names(
    _ link: Link, _ host: HostID, _ end: KeyPath<FlowPart, PeersID>, _ other: Position,
    _ otherEnd: KeyPath<FlowPart, PeersID>
  ) -> Bool {
    func isNamed(_ host: HostID, _ id: PeersID) -> Bool {
      let peers = policy[id]
      return peers.hosts.contains(host) || peers.virtuals.contains { policy[$0].carriers.contains(host) }
    }
    return link.flows.contains { id in
      let parts = policy[id].parts
      return parts.contains { part in
        guard isNamed(host, part[keyPath: end]) else { return false }
        guard parts.count > 1, case .host(let other) = other else { return true }
        return isNamed(other, part[keyPath: otherEnd])
      }
    }
  }

  /// The link between two nodes that needs the fewest flows; one of ICMP alone, which hardly gives a foothold, last.
  func best(_ links: [Link], _ from: Int, _ to: Int) -> Link? {
    var best: Link?
    for link in links where link.fromNodes.contains(from) && link.toNodes.contains(to) {
      if let known = best, (known.flows.count, known.isMessages) <= (link.flows.count, link.isMessages) {
        continue
      }
      best = link
      if (link.flows.count, link.isMessages) <= (1, 0) { break }
    }
    return best
  }

  /// One of a node, another than those of a path so far.
  func position(of index: Int, not taken: [Position] = []) -> Position {
    let node = roles.nodes[index]
    if let outside = node.outside { return outside }
    let free = node.hosts.first { !taken.contains(.host($0)) }
    return .host(free ?? node.hosts[0])
  }
}
