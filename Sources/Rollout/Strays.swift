internal import Addressing
internal import ConnectionSpace
internal import Policy
internal import PolicySpace

/// What would pass while hosts change, and neither policy allows.
///
/// One end may have opened by what the old policy allows there and the other by what the new one does. A flow between hosts opens
/// both of its ends, so that this takes ends that flows open apart: networks that hold addresses of hosts, directions
/// that only observe, virtual addresses, routes of gateways.
enum Strays {
  /// - Parameter pairs: the hosts that change.
  /// - Throws: ``NoSteps`` where there are any, or it cannot be said.
  static func refuse(
    _ old: CompiledFleet, _ new: CompiledFleet, _ pairs: [FleetUnion.Pair: [HostID]], at now: Timestamp
  ) throws(NoSteps) {
    let strays: [Rectangle]
    do throws(NotProven) {
      strays = try Self.strays(old, new, pairs, at: now).rectangles()
    } catch {
      throw NoSteps(reasons: ["whether anything would pass in between that neither allows is \(error)"])
    }
    if strays.isEmpty { return }
    let naming = StrayNaming(old.policy, new.policy, at: now)
    throw NoSteps(reasons: strays.compactMap(naming.reason))
  }

  static func strays(
    _ old: CompiledFleet, _ new: CompiledFleet, _ pairs: [FleetUnion.Pair: [HostID]], at now: Timestamp
  ) throws(NotProven) -> ConnectionSpace {
    let universe = Universe()
    let sides = try ChangingSides(old, new, at: now, in: universe)
    var opened = universe.empty
    var closed = universe.empty
    for pair in pairs.keys.sorted() {
      let (before, after) = try sides.spaces(pair, pairs[pair] ?? [])
      opened = try opened.union(after.subtracting(before))
      closed = try closed.union(before.subtracting(after))
    }
    // What strays is closed at one place and opened at another.
    let suspected = try opened.anywhere.intersection(closed.anywhere)
    if suspected.isEmpty { return suspected }
    func areas(_ policy: Policy) -> [String: [AreaPair]] {
      var result: [String: [AreaPair]] = [:]
      for host in policy.hosts { result[host.name] = policy.areas(of: host) }
      return result
    }
    let before = try PolicySpace(
      old.policy, old.policies, at: now, in: universe, reading: .effective, joined: areas(new.policy))
    let after = try PolicySpace(
      new.policy, new.policies, at: now, in: universe, reading: .effective, joined: areas(old.policy))
    let between = try sides.between(before, after).intersection(suspected)
    return try between.subtracting(before.whole).subtracting(after.whole).subtracting(before.loopback)
      .subtracting(after.loopback)
  }
}

/// What hosts allow at each end by either policy, as packets see it.
private struct ChangingSides {
  private let old: CompiledFleet
  private let new: CompiledFleet
  private let spaces: (old: HostSpaces, new: HostSpaces)
  private let universe: Universe
  private let carried: (old: [[Address]], new: [[Address]])

  init(_ old: CompiledFleet, _ new: CompiledFleet, at now: Timestamp, in universe: Universe)
    throws(NotProven)
  {
    (self.old, self.new, self.universe) = (old, new, universe)
    spaces = (
      try HostSpaces(old.policy, old.policies, at: now, in: universe),
      try HostSpaces(new.policy, new.policies, at: now, in: universe)
    )
    carried = (old.policy.carried, new.policy.carried)
  }

  /// A host with the addresses that it has by either policy.
  private struct Member {
    let addresses: [Address]
    let carried: [Address]
    let areas: [AreaPair]?
    /// Whether the policies say other addresses.
    let hasMoved: Bool
  }

  private func member(_ host: HostID?, _ other: HostID?) -> Member {
    let hosts = (host.map { old.policy[$0] }, other.map { new.policy[$0] })
    let own = [hosts.0?.addresses, hosts.1?.addresses].compactMap { $0 }
    let virtual = [host.map { carried.old[$0.index] }, other.map { carried.new[$0.index] }].compactMap { $0 }
    let areas = [hosts.0.flatMap(old.policy.areas), hosts.1.flatMap(new.policy.areas)].compactMap { $0 }
    return Member(
      addresses: Set(own.joined()).sorted(), carried: Set(virtual.joined()).sorted(),
      areas: areas.isEmpty ? nil : Array(areas.joined()),
      hasMoved: Set(own).count > 1 || Set(virtual).count > 1)
  }

  /// What hosts of one pair allow before and behind; everything before, where they have no rules then.
  func spaces(_ pair: FleetUnion.Pair, _ hosts: [HostID]) throws(NotProven) -> (
    ConnectionSpace, ConnectionSpace
  ) {
    let members = hosts.map { member(old.policy.host(named: new.policy[$0].name), $0) }
    let after = try space(spaces.new, new.policies.distinct[pair.new], members)
    guard let number = pair.old else { return (try everything(members), after) }
    return (try space(spaces.old, old.policies.distinct[number], members), after)
  }

  /// As packets see it: what a direction only observes passes.
  private func space(
    _ spaces: HostSpaces, _ share: HostPolicy, _ members: [Member]
  ) throws(NotProven) -> ConnectionSpace {
    let declared = try spaces.space(
      of: share, at: members.map(\.addresses), carrying: members.map(\.carried))
    let all = try everything(members)
    var result = try declared.restricted { $0.passage != .forward }
      .union(crossing(members, declared.restricted { $0.passage == .forward }))
    for direction in [Direction.ingress, .egress] where share.modes[direction] != .enforce {
      let passage: Passage = direction == .ingress ? .ingress : .egress
      result = try result.union(all.restricted { $0.passage == passage })
    }
    if share.forward != .judge || share.modes.forward != .enforce {
      result = try result.union(all.restricted { $0.passage == .forward })
    }
    return result
  }

  private func everything(_ members: [Member]) throws(NotProven) -> ConnectionSpace {
    let own = AddressSet(members.flatMap { $0.addresses + $0.carried })
    return try universe.everything(.ingress).restricted(to: own)
      .union(universe.everything(.egress).restricted(from: own))
      .union(crossing(members, universe.everything(.forward)))
  }

  /// What of a space goes from one side of a route to the other.
  private func crossing(_ members: [Member], _ space: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
    var result = universe.empty
    for area in Set(members.flatMap { $0.areas ?? [] }) {
      result = try result.union(space.restricted(from: area.one, to: area.other))
        .union(space.restricted(from: area.other, to: area.one))
    }
    return result
  }

  /// What passes from end to end where every host allows all that either policy allows there. Those that only the new
  /// policy has stop nothing yet.
  func between(_ before: PolicySpace, _ after: PolicySpace) throws(NotProven) -> ConnectionSpace {
    var sides = try before.sides.union(after.sides)
    var gateways: [Gateway] = []
    var unruled: [Address] = []
    for (number, host) in old.policy.hosts.enumerated() {
      let other = new.policy.host(named: host.name)
      let member = member(HostID(number), other)
      guard member.hasMoved || member.areas != nil else { continue }
      var own = try space(spaces.old, old.policies[HostID(number)], [member])
      if let other { own = try own.union(space(spaces.new, new.policies[other], [member])) }
      sides = try sides.union(own.restricted { $0.passage != .forward })
      guard let areas = member.areas else { continue }
      gateways.append(
        Gateway(
          addresses: AddressSet(host.addresses), joining: areas,
          forwarded: own.restricted { $0.passage == .forward }))
    }
    for host in new.policy.hosts where old.policy.host(named: host.name) == nil {
      unruled += host.addresses
    }
    let judging = old.policy.managed.union(new.policy.managed.subtracting(AddressSet(unruled)))
    return try sides.endToEnd(judging: judging, through: gateways)
  }
}

extension ConnectionSpace {
  /// All of it, whichever hosts it is about.
  fileprivate var anywhere: ConnectionSpace {
    get throws(NotProven) {
      var result = universe.empty
      for passage in [Passage.ingress, .egress, .forward] {
        result = try result.union(restricted { $0.passage == passage }.moved(from: passage, to: .whole))
      }
      return result
    }
  }
}

/// Which flows open a connection at which end.
private struct StrayNaming {
  private let sides: [(name: String, policy: Policy, owners: [Address: HostID], oracle: Oracle)]
  private let now: Timestamp

  init(_ old: Policy, _ new: Policy, at now: Timestamp) {
    sides = [("old", old), ("new", new)].map { ($0, $1, $1.owners, Oracle($1)) }
    self.now = now
  }

  /// A sentence about one of the connections.
  func reason(_ rectangle: Rectangle) -> String? {
    let family = AddressFamily.allCases.first {
      !rectangle.sources.isEmpty($0) && !rectangle.destinations.isEmpty($0)
    }
    guard let family, let from = rectangle.sources.ranges(family).first,
      let to = rectangle.destinations.ranges(family).first
    else { return nil }
    let kind: Connection.Kind
    var service = "\(rectangle.ipProtocol)"
    switch rectangle.kinds {
    case .any: kind = rectangle.ipProtocol.hasPorts ? .ports(source: 1024, destination: 1) : .plain
    case .ports(let ports):
      guard let first = ports.ranges.first?.lowerBound else { return nil }
      kind = .ports(source: 1024, destination: first)
      service += "/\(first)"
    case .types(let types):
      guard let first = types.ranges.first?.lowerBound else { return nil }
      kind = .type(first)
      service += "/\(first)"
    }
    let connection = Connection(
      from: Address(family, from.lowerBound), to: Address(family, to.lowerBound), rectangle.ipProtocol, kind)
    let ends = [
      ("the way out", connection.source, Direction.egress),
      ("the way in", connection.destination, Direction.ingress),
    ]
    let reasons = ends.compactMap { words, address, direction in
      opener(connection, at: address, direction).map { "\(words) \($0)" }
    }
    return
      "\(name(connection.source)) could ask \(name(connection.destination)) for \(service) while hosts change, "
      + "and neither policy allows it"
      + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
  }

  private func name(_ address: Address) -> String {
    sides.lazy.compactMap { side in side.owners[address].map { side.policy[$0].name } }.first ?? "\(address)"
  }

  /// What opens an end; `nil`: no managed host is there.
  private func opener(_ connection: Connection, at address: Address, _ direction: Direction) -> String? {
    for side in sides {
      guard let host = side.owners[address] else { continue }
      if side.policy[host].modes[direction] != .enforce { return "not enforced in the \(side.name) one" }
      if case .allowed(let flow) = side.oracle.judge(connection, at: host, direction, now: now) {
        return "open by `\(side.policy[flow].name)` of the \(side.name) one"
      }
    }
    return nil
  }
}
