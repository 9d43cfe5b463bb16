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
  /// - Parameter union: the hosts that change, and what each gains and loses.
  /// - Throws: ``NoSteps`` where there are any, or it cannot be said.
  static func refuse(
    _ old: CompiledFleet, _ new: CompiledFleet, _ union: FleetUnion, at now: Timestamp
  ) throws(NoSteps) {
    let strays: [Rectangle]
    do throws(NotProven) {
      strays = try Self.strays(old, new, union, at: now).rectangles()
    } catch {
      throw NoSteps(reasons: ["whether anything would pass in between that neither allows is \(error)"])
    }
    if strays.isEmpty { return }
    let naming = StrayNaming(old.policy, new.policy, at: now)
    throw NoSteps(reasons: strays.compactMap(naming.reason))
  }

  static func strays(
    _ old: CompiledFleet, _ new: CompiledFleet, _ union: FleetUnion, at now: Timestamp
  ) throws(NotProven) -> ConnectionSpace {
    let universe = Universe()
    let hosts = ChangingHosts(old.policy, new.policy)
    if try !maySuspect(union, hosts, at: now) { return universe.empty }
    let sides = try ChangingSides(old, new, hosts, at: now, in: universe)
    var opened = universe.empty
    var closed = universe.empty
    for pair in union.pairs.keys.sorted() {
      let (before, after) = try sides.spaces(pair, union.pairs[pair] ?? [])
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
      .subtracting(after.loopback).subtracting(universe.connections(within: hosts.endpoints))
  }

  /// Whether anything may be opened at one place and closed at another. What hosts gain and lose says that of most changes, and is far less
  /// than all that they allow.
  private static func maySuspect(
    _ union: FleetUnion, _ hosts: ChangingHosts, at now: Timestamp
  ) throws(NotProven) -> Bool {
    var terms = union.terms
    var gained: [[Allowance]: [HostID]] = [:]
    var lost: [[Allowance]: [HostID]] = [:]
    for (pair, members) in union.pairs {
      guard let change = union.unions[pair], change.isOfAllowances else { return true }
      for allowance in change.gained + change.lost { terms.use(allowance) }
      if !change.gained.isEmpty { gained[change.gained, default: []] += members }
      if !change.lost.isEmpty { lost[change.lost, default: []] += members }
    }
    let united = terms.policy
    let universe = Universe()
    let spaces = try HostSpaces(
      united, HostPolicies(peers: united.peers, distinct: [], assignment: []), at: now, in: universe)
    func anywhere(_ changes: [[Allowance]: [HostID]]) throws(NotProven) -> ConnectionSpace {
      var result = universe.empty
      for (allowances, members) in changes {
        let share = HostPolicy(
          modes: Modes(.enforce), deny: .drop, forward: .judge, dhcp: false, mayNameItself: false,
          allowances: allowances)
        let members = members.map { hosts.member(ofNew: $0) }
        result = try result.union(
          spaces.space(of: share, at: members.map(\.addresses), carrying: members.map(\.carried)).anywhere)
      }
      return result
    }
    return try !anywhere(gained).intersection(anywhere(lost)).isEmpty
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
