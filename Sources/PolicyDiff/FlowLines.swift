internal import Addressing
internal import ConnectionSpace
internal import Policy

/// Says a space of connections in lines, flow by flow.
///
/// Whatever a policy allows, one of its flows allows alone: a line names the flow, and every connection is in
/// a line. One that two flows allow is in a line of each.
struct FlowLines {
  private let policy: Policy
  private let names: EndNames
  private let now: Timestamp
  /// The addresses of hosts that only this policy has.
  private let unshared: AddressSet
  private let loopback: ConnectionSpace

  /// - Parameters:
  ///   - unshared: hosts of the policy that the other one does not have, by name.
  ///   - loopback: what hosts send themselves, which belongs to no change.
  init(_ policy: Policy, at now: Timestamp, unshared: Set<String>, loopback: ConnectionSpace) {
    self.policy = policy
    self.now = now
    self.loopback = loopback
    names = EndNames(policy)
    self.unshared = AddressSet(policy.hosts.filter { unshared.contains($0.name) }.flatMap(\.addresses))
  }

  /// The lines of a space whose connections are all judged from end to end.
  ///
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  func lines(of space: ConnectionSpace) throws(NotProven) -> [ConnectionLine] {
    if space.isEmpty { return [] }
    var lines: [ConnectionLine] = []
    var unexplained = space
    let protocols = Set(space.sections.map(\.ipProtocol))
    let touched = try ends(of: space)
    for flow in policy.flows {
      if let until = flow.until, now >= until { continue }
      for service in flow.services.map({ policy[$0] }) {
        for asked in Self.asked(flow, service, policy)
        where protocols.contains(asked.ipProtocol) && asked.touches(touched) {
          let whole = try space.universe.space(of: [asked])
          let part = try space.intersection(whole)
          if part.isEmpty { continue }
          unexplained = try unexplained.subtracting(whole)
          lines += try split(part, within: whole, flow, service)
        }
      }
    }
    // No connection is left out for want of a flow.
    if !unexplained.isEmpty { lines += try split(unexplained, within: unexplained, nil, nil) }
    return Self.merged(lines)
  }

  /// What a flow allows with a service: requests, and answers to requests that go to a group.
  private static func asked(_ flow: Flow, _ service: Service, _ policy: Policy) -> [Rectangle] {
    let (from, to) = (policy[flow.from].addresses, policy[flow.to].addresses)
    return service.terms.flatMap { term in
      let kinds: Kinds =
        switch term.match {
        case .any: .any
        case .ports(let ports): .ports(ports)
        case .types(let types): .types(types)
        }
      var result = [Rectangle(.whole, term.ipProtocol, from: from, to: to.union(service.multicast), kinds)]
      if let replies = service.replies, case .ports = term.match {
        result.append(Rectangle(.whole, term.ipProtocol, from: to, to: from, .ports(replies)))
      }
      return result
    }
  }

  /// All sources and all destinations of a space.
  private func ends(of space: ConnectionSpace) throws(NotProven) -> (from: AddressSet, to: AddressSet) {
    var (from, to) = (AddressSet(), AddressSet())
    for rectangle in try space.rectangles() {
      from = from.union(rectangle.sources)
      to = to.union(rectangle.destinations)
    }
    return (from, to)
  }

  private func split(
    _ part: ConnectionSpace, within whole: ConnectionSpace, _ flow: Flow?, _ service: Service?
  ) throws(NotProven) -> [ConnectionLine] {
    let others = AddressSet.all.subtracting(unshared)
    let shared = unshared.isEmpty ? part : try part.restricted(from: others, to: others)
    let membership = unshared.isEmpty ? part.universe.empty : try part.subtracting(shared)
    return try lines(shared, within: whole, flow, service, isMembership: false)
      + lines(membership, within: whole, flow, service, isMembership: true)
  }

  private func lines(
    _ part: ConnectionSpace, within whole: ConnectionSpace, _ flow: Flow?, _ service: Service?,
    isMembership: Bool
  ) throws(NotProven) -> [ConnectionLine] {
    if part.isEmpty { return [] }
    var pieces = try part.pieces(atMost: 3)
    if pieces.count > 1 || pieces.contains(where: { !$0.except.isEmpty }) {
      // A group that talks to itself is full of holes where its members meet themselves. Filled with those
      // it is one rectangle again.
      let ends = try ends(of: part)
      let own = try loopback.intersection(whole).restricted(from: ends.from, to: ends.to)
      let filled = try part.union(own).pieces(atMost: 3)
      if Self.isPlainer(filled, pieces) { pieces = filled }
    }
    var result: [ConnectionLine] = []
    for piece in pieces {
      guard let family = piece.rectangle.sources.families.first else { continue }
      let from = names.end(piece.rectangle.sources, family)
      let to = names.end(piece.rectangle.destinations, family)
      let scope: LineScope =
        isMembership ? .membership : from.outside.isEmpty && to.outside.isEmpty ? .hosts : .outside
      result.append(
        ConnectionLine(
          from: from, to: to, service: service?.name,
          terms: [LineTerm(piece.rectangle.ipProtocol, piece.rectangle.kinds)], families: [family],
          flow: flow?.name, location: flow?.location, scope: scope,
          exceptions: piece.except.isEmpty ? 0 : try piece.except.rectangles().count))
    }
    return result
  }

  /// Whether pieces have fewer exceptions, or are fewer.
  private static func isPlainer(_ one: [Piece], _ other: [Piece]) -> Bool {
    func exceptions(_ pieces: [Piece]) -> Int { pieces.count { !$0.except.isEmpty } }
    return (exceptions(one), one.count) < (exceptions(other), other.count)
  }

  // MARK: - One line for what differs in family or protocol alone

  private struct Ends: Hashable {
    let from: String
    let fromHosts: [String]
    let to: String
    let toHosts: [String]
    let flow: String?
    let service: String?
    let scope: LineScope
    let exceptions: Int

    init(_ line: ConnectionLine) {
      (from, fromHosts) = (line.from.name, line.from.hosts)
      (to, toHosts) = (line.to.name, line.to.hosts)
      (flow, service, scope, exceptions) = (line.flow, line.service, line.scope, line.exceptions)
    }
  }

  private static func merged(_ lines: [ConnectionLine]) -> [ConnectionLine] {
    let families = joined(lines, by: { $0.terms.map(\.description) }) { a, b in
      (a.terms, a.families + b.families)
    }
    return joined(families, by: Self.families) { a, b in
      (a.terms + b.terms, Set(a.families + b.families).sorted { $0.rawValue < $1.rawValue })
    }
  }

  /// ICMP is of one family each: what it is of follows from the protocol.
  private static func families(_ line: ConnectionLine) -> [String] {
    let isICMP = line.terms.allSatisfy { [.icmp, .icmpv6].contains($0.ipProtocol) }
    return isICMP ? [] : line.families.map { "\($0)" }
  }

  /// Joins lines with the same ends and the same key.
  private static func joined(
    _ lines: [ConnectionLine], by key: (ConnectionLine) -> [String],
    with join: (ConnectionLine, ConnectionLine) -> ([LineTerm], [AddressFamily])
  ) -> [ConnectionLine] {
    struct Key: Hashable {
      let ends: Ends
      let other: [String]
    }
    var places: [Key: Int] = [:]
    var result: [ConnectionLine] = []
    for line in lines {
      let key = Key(ends: Ends(line), other: key(line))
      guard let place = places[key] else {
        places[key] = result.count
        result.append(line)
        continue
      }
      let known = result[place]
      let (terms, families) = join(known, line)
      result[place] = ConnectionLine(
        from: known.from.joined(line.from), to: known.to.joined(line.to), service: known.service,
        terms: terms.sorted(), families: families, flow: known.flow, location: known.location,
        scope: known.scope, exceptions: known.exceptions)
    }
    return result
  }
}

extension LineEnd {
  fileprivate func joined(_ other: Self) -> Self {
    Self(
      name: name, hosts: hosts, outside: outside.union(other.outside),
      families: families.union(other.families))
  }
}

extension Rectangle {
  /// Whether it can have anything in common with a space of these ends.
  fileprivate func touches(_ ends: (from: AddressSet, to: AddressSet)) -> Bool {
    !sources.intersection(ends.from).isEmpty && !destinations.intersection(ends.to).isEmpty
  }
}
