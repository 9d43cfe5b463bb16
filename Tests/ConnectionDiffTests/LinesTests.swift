import Addressing
import ConnectionDiff
import ConnectionSpace
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import Testing

/// Lines against the naive evaluator: every connection between hosts that opens is in a line, and no line
/// speaks of one that does not.
@Suite struct LinesTests {
  @Test(arguments: 0..<60)
  func `lines say what opens and closes between hosts, and nothing else`(seed: Int) throws {
    let old = RandomPolicy(seed: UInt64(seed)).policy
    let new = RandomPolicy(seed: UInt64(seed + 1)).policy
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    let diff = try ConnectionDiff(from: old, to: new, at: now)
    try compare(diff.opened, of: new, against: old, now, "seed \(seed), opened")
    try compare(diff.closed, of: old, against: new, now, "seed \(seed), closed")
    let same = try ConnectionDiff(from: new, to: new, at: now)
    #expect(same.isEmpty && same.totals == .init(opened: 0, closed: 0, openedOutside: 0, closedOutside: 0))
  }

  @Test(arguments: 0..<60)
  func `lines about compiled rulesets say the same`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    // Half of them has virtual addresses.
    let policy = seed % 2 == 0 ? random.withVirtuals(seed: UInt64(seed)) : random.policy
    let old = policy.keepingFlows { $0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let new = policy.keepingFlows { !$0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    let diff = try ConnectionDiff(of: [HostRulesets](from: old, to: new), compiledFrom: new, at: now)
    try compare(
      diff.opened, possible: diff.mayOpen, of: new, against: old, now, "seed \(seed), opened")
    try compare(
      diff.closed, possible: diff.mayClose, of: old, against: new, now, "seed \(seed), closed")
    let told = try ConnectionDiff(from: old, to: new, at: now)
    #expect(diff.totals.opened <= told.totals.opened && diff.totals.closed <= told.totals.closed)
    // Only answers to multicast requests depend on more than the connection, and what DHCP clients take: a wide flow from a
    // virtual address may meet that.
    let hasClients = !policy.virtuals.isEmpty && policy.hosts.contains(where: \.dhcp)
    if !hasClients, policy.services.allSatisfy({ $0.replies == nil }) {
      #expect(diff.totals == told.totals && diff.mayOpen.isEmpty && diff.mayClose.isEmpty, "seed \(seed)")
    }
    #expect(try ConnectionDiff(of: [HostRulesets](from: new, to: new), compiledFrom: new, at: now).isEmpty)
  }

  private func compare(
    _ lines: [ConnectionLine], possible: [ConnectionLine] = [], of policy: Policy, against other: Policy,
    _ now: Timestamp, _ label: String
  ) throws {
    for source in policy.hosts {
      for destination in policy.hosts where source.name != destination.name {
        for service in policy.services {
          for term in service.terms {
            guard case .ports(let ports) = term.match, let port = ports.ranges.first?.lowerBound else {
              continue
            }
            for family in AddressFamily.allCases {
              let ends = (address(source, family), address(destination, family))
              guard let from = ends.0, let to = ends.1 else { continue }
              let connection = Connection(
                from: from, to: to, term.ipProtocol, .ports(source: 40_000, destination: port))
              let isNew =
                allows(connection, policy, beside: other, now)
                && !allows(connection, other, beside: policy, now)
              let covers = { (line: ConnectionLine) in
                line.from.hosts.contains(source.name) && line.to.hosts.contains(destination.name)
                  && line.families.contains(family)
                  && line.terms.contains { $0.ipProtocol == term.ipProtocol && $0.kinds.contains(port) }
              }
              let covering = lines.filter(covers)
              if isNew {
                #expect(
                  !covering.isEmpty || possible.contains(where: covers),
                  "\(label): \(connection) is in no line")
              }
              // What a host sends itself may be in a line of a group with itself, and of a host's many addresses
              // a line may name some.
              let exact = covering.filter { line in
                !line.from.name.contains("(") && !line.to.name.contains("(")
                  && !line.exceptions.contains { $0.contains(connection, port) }
              }
              if !exact.isEmpty, !isSelf(connection, other), !becomesManaged(connection, other) {
                #expect(isNew, "\(label): \(connection) does not change, but \(exact[0]) says so")
              }
            }
          }
        }
      }
    }
  }

  /// A person adds up what is told; a program adds up rectangles.
  @Test(arguments: 0..<60)
  func `what is told of outside and inside adds up to the difference`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    // Half of them has virtual addresses.
    let policy = seed % 2 == 0 ? random.withVirtuals(seed: UInt64(seed)) : random.policy
    let old = policy.keepingFlows { $0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let new = policy.keepingFlows { !$0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    let universe = Universe()
    let spaces = try [old, new].map { try PolicySpace($0, HostPolicies($0), at: now, in: universe) }
    let change = try PolicyChange(from: spaces[0], to: spaces[1], \.whole)
    let diff = try ConnectionDiff(from: old, to: new, at: now)
    for (lines, space) in [(diff.opened, change.opened), (diff.closed, change.closed)] {
      var told = universe.empty
      for line in lines {
        told = try told.union(
          universe.space(of: line.rectangles).subtracting(universe.space(of: line.exceptions)))
        let named = line.toldParts.flatMap(\.rectangles)
        let parts = line.isInPart ? line.rectangles : line.exceptions
        #expect(Set(named).isSubset(of: parts))
        #expect(named.count + line.untoldParts == parts.count)
      }
      #expect(try told.subtracting(spaces[0].loopback) == space, "seed \(seed)")
    }
  }

  private func address(_ host: Host, _ family: AddressFamily) -> Address? {
    host.addresses.first { $0.family == family }
  }

  /// Whether an end is no host's in the other policy: it has its connections as a host only in this one.
  private func becomesManaged(_ connection: Connection, _ policy: Policy) -> Bool {
    [connection.source, connection.destination].contains { address in
      !policy.hosts.contains { $0.addresses.contains(address) }
    }
  }

  /// Whether both ends are one host in the other policy.
  private func isSelf(_ connection: Connection, _ policy: Policy) -> Bool {
    policy.hosts.contains {
      $0.addresses.contains(connection.source) && $0.addresses.contains(connection.destination)
    }
  }

  /// Whether everyone on the way says yes, as the oracle reads the policy, from some source port: answers to
  /// multicast requests come from the ports of their service.
  ///
  /// - Parameter other: says as well what routes gateways have: a network does not change with a declaration.
  private func allows(
    _ connection: Connection, _ policy: Policy, beside other: Policy, _ now: Timestamp
  ) -> Bool {
    guard case .ports(_, let destination) = connection.kind else { return false }
    return ([40_000] + RandomPolicy.ports).contains { source in
      isAllowed(
        Connection(
          from: connection.source, to: connection.destination, connection.ipProtocol,
          .ports(source: source, destination: destination)), policy, other, now)
    }
  }

  private func isAllowed(
    _ connection: Connection, _ policy: Policy, _ other: Policy, _ now: Timestamp
  ) -> Bool {
    let oracle = Oracle(policy)
    let index = { (address: Address) in policy.hosts.firstIndex { $0.addresses.contains(address) } }
    let (source, destination) = (index(connection.source), index(connection.destination))
    if source == nil && destination == nil { return false }
    if let source, source == destination { return true }
    func says(_ host: Int, _ direction: Direction) -> Bool {
      oracle.judge(connection, at: HostID(host), direction, now: now) != .denied
    }
    if let source, !says(source, .egress) { return false }
    if let destination, !says(destination, .ingress) { return false }
    let crossed = policy.hosts.indices.filter { number in
      if number == source || number == destination { return false }
      return [policy, other].contains { side in
        side.areas(ofHost: policy.hosts[number].name)?.contains {
          $0.joins(connection.source, connection.destination)
        } == true
      }
    }
    return crossed.isEmpty
      || crossed.contains { !policy.hosts[$0].forwarding.filtersPassage || says($0, .forward) }
  }
}

extension Policy {
  fileprivate func keepingFlows(_ isKept: (Int) -> Bool) -> Policy {
    Policy(
      hosts: hosts, peers: peers, services: services,
      flows: flows.enumerated().filter { isKept($0.offset) }.map(\.element), guards: guards, zones: zones,
      virtuals: virtuals)
  }
}

extension Kinds {
  fileprivate func contains(_ port: UInt16) -> Bool {
    switch self {
    case .any: true
    case .ports(let ports): ports.contains(port)
    case .types: false
    }
  }
}

extension Rectangle {
  fileprivate func contains(_ connection: Connection, _ port: UInt16) -> Bool {
    ipProtocol == connection.ipProtocol && kinds.contains(port) && sources.contains(connection.source)
      && destinations.contains(connection.destination)
  }
}
