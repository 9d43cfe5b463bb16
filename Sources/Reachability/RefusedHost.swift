internal import Addressing
package import Policy

/// A host that others refuse whatever flows say: in quarantine.
package struct RefusedHost: Hashable, Sendable {
  package let refused: HostID
  /// Who refuses all addresses of its own, ascending. A virtual address that it carries is another's, too.
  package let by: [HostID]

  package init(_ refused: HostID, by: [HostID]) {
    self.refused = refused
    self.by = by
  }
}

extension RefusedHost {
  /// What is left of links: nothing from the refused to those who refuse it, nor from them to it. Whoever is root on a host
  /// takes its rules away, and then only the other end stops him, which is asked for what comes from it and not for this.
  func leaving(_ links: [Link], _ roles: Roles, _ barriers: Barriers) -> [Link] {
    var refusedPoints = BitSet(count: roles.points.count)
    for point in roles.nodes[roles.nodeOfHost[refused.index]].points where roles.points[point].virtual == nil
    {
      refusedPoints.insert(point)
    }
    var refusers = BitSet(count: roles.points.count)
    for host in by {
      for point in roles.nodes[roles.nodeOfHost[host.index]].points { refusers.insert(point) }
    }
    var result = links.flatMap { $0.without(refusedPoints, refusers, roles) }
    if barriers == .enforced { result = result.flatMap { $0.without(refusers, refusedPoints, roles) } }
    return result
  }
}

extension Link {
  /// The same without what goes from some points to others.
  fileprivate func without(_ from: BitSet, _ to: BitSet, _ roles: Roles) -> [Link] {
    let closed = sources.intersection(from)
    if closed.isEmpty || !destinations.intersects(to) { return [self] }
    return [(sources.subtracting(from), destinations), (closed, destinations.subtracting(to))]
      .filter { !$0.0.isEmpty && !$0.1.isEmpty }
      .map { Link($0.0, $0.1, flows, traffic, isForwarded: isForwarded, roles) }
  }
}
