import Addressing
import ConnectionDiff
import ConnectionSpace
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import RulesetSpace
import Testing

/// What it does to connections that a host leaves a direction alone, or no more.
@Suite struct LeftDirectionTests {
  private static let now = Timestamp(seconds: 0)

  @Test(arguments: 0..<8)
  func `what passes for a direction that is left alone adds up, and what ends by enforcing it`(seed: Int)
    throws
  {
    let policy = Self.exact(RandomPolicy(seed: UInt64(seed)).policy)
    let left = policy.leavingSome(seed: UInt64(seed))
    guard left != policy else { return }
    let universe = Universe()
    let spaces = try [policy, left].map { try PolicySpace($0, HostPolicies($0), at: Self.now, in: universe) }
    let difference = try spaces[1].whole.subtracting(spaces[0].whole).subtracting(spaces[0].loopback)
    let expected = try Self.pairs(difference, among: spaces[0].endpoints)
    #expect(try spaces[0].whole.isSubset(of: spaces[1].whole))

    let looser = try ConnectionDiff(of: Self.hosts(from: policy, to: left), compiledFrom: left, at: Self.now)
    #expect(looser.closed.isEmpty && looser.mayClose.isEmpty && looser.enforced.isEmpty)
    #expect(looser.stillPassing.isEmpty && looser.halfClosed.isEmpty)
    #expect(expected.contains(looser.totals.opened + looser.totals.released))
    let stricter = try ConnectionDiff(
      of: Self.hosts(from: left, to: policy), compiledFrom: policy, at: Self.now)
    #expect(stricter.opened.isEmpty && stricter.mayOpen.isEmpty && stricter.released.isEmpty)
    #expect(expected.contains(stricter.totals.closed + stricter.totals.enforced))
    for (diff, old, mode) in [(looser, Mode.enforce, Mode.leave), (stricter, .leave, .enforce)] {
      #expect(Set(diff.modes.map { "\($0.host) \($0.direction)" }) == Set(left.leftDirections))
      #expect(diff.modes.allSatisfy { $0.old == old && $0.mode == mode })
    }

    // The same of policies, whose flows are known at both ends.
    let told = try ConnectionDiff(from: policy, to: left, at: Self.now)
    #expect(told.opened.isEmpty && told.closed.isEmpty && told.modes == looser.modes)
    #expect(try universe.space(of: told.released) == difference)
    let back = try ConnectionDiff(from: left, to: policy, at: Self.now)
    #expect(back.opened.isEmpty && back.closed.isEmpty)
    #expect(try universe.space(of: back.enforced) == difference)
    #expect(back.modes == stricter.modes)
  }

  @Test(arguments: 0..<8)
  func `what passes whatever flows say is no change of flows`(seed: Int) throws {
    let all = Self.exact(RandomPolicy(seed: UInt64(seed)).policy)
    let some = all.with(flows: all.flows.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element))
    let (old, new) = (some.leavingSome(seed: UInt64(seed)), all.leavingSome(seed: UInt64(seed)))
    let universe = Universe()
    let spaces = try [old, new].map { try PolicySpace($0, HostPolicies($0), at: Self.now, in: universe) }
    let opened = try spaces[1].whole.subtracting(spaces[0].whole).subtracting(spaces[0].loopback)
    let diff = try ConnectionDiff(of: Self.hosts(from: old, to: new), compiledFrom: new, at: Self.now)
    #expect(diff.modes.isEmpty && diff.released.isEmpty && diff.enforced.isEmpty && diff.closed.isEmpty)
    #expect(try Self.pairs(opened, among: spaces[0].endpoints).contains(diff.totals.opened))
    let back = try ConnectionDiff(of: Self.hosts(from: new, to: old), compiledFrom: old, at: Self.now)
    #expect(back.opened.isEmpty && back.totals.closed == diff.totals.opened)
    #expect(try ConnectionDiff(of: Self.hosts(from: new, to: new), compiledFrom: new, at: Self.now).isEmpty)
  }

  /// A flow that comes with the change of a mode is told of the end that judges it.
  @Test func `what a flow opens at its other end is told beside what is left alone`() throws {
    let all = Self.exact(RandomPolicy(seed: 5).policy)
    for index in all.hosts.indices where all.hosts[index].forwarding == .leave {
      let bare = all.with(flows: [])
      var hosts = all.hosts
      hosts[index] = hosts[index].with(modes: Modes(ingress: .enforce, egress: .leave, forward: .enforce))
      let left = all.with(hosts: hosts)
      let diff = try ConnectionDiff(of: Self.hosts(from: bare, to: left), compiledFrom: left, at: Self.now)
      let declared = try ConnectionDiff(of: Self.hosts(from: bare, to: all), compiledFrom: all, at: Self.now)
      #expect(diff.totals.opened >= declared.totals.opened)
      let universe = Universe()
      let spaces = try [bare, left].map { try PolicySpace($0, HostPolicies($0), at: Self.now, in: universe) }
      let whole = try spaces[1].whole.subtracting(spaces[0].whole).subtracting(spaces[0].loopback)
      let expected = try Self.pairs(whole, among: spaces[0].endpoints)
      #expect(expected.contains(diff.totals.opened + diff.totals.released))
    }
  }

  /// Without what depends on more than the connection: answers to multicast requests, and what DHCP clients take.
  private static func exact(_ policy: Policy) -> Policy {
    let here = policy.hosts[0].location
    return Policy(
      hosts: policy.hosts.map { host in
        Host(
          name: host.name, addresses: host.addresses, zone: nil, groups: [], modes: host.modes,
          deny: host.deny,
          forwarding: host.forwarding, dhcp: false, crown: false, ssh: nil, location: here)
      }, peers: policy.peers,
      services: policy.services.map {
        Service(name: $0.name, terms: $0.terms, multicast: AddressSet(), location: here)
      }, flows: policy.flows, guards: [], zones: [])
  }

  private static func hosts(from old: Policy, to new: Policy) -> [HostRulesets] {
    let tables = [old, new].map(\.compiledTables)
    return new.hosts.enumerated().map { index, host in
      HostRulesets(
        name: host.name, addresses: host.addresses, old: [tables[0][index]], new: [tables[1][index]],
        routes: new.areas(of: host), flows: [])
    }
  }

  /// How many connections there are in a space, without neighbour discovery and with it: that depends on its hop limit where there
  /// are rules.
  private static func pairs(_ space: ConnectionSpace, among endpoints: Endpoints) throws -> ClosedRange<Int> {
    let discovery = try space.universe.space(of: [
      Rectangle(.whole, .icmpv6, from: .all, to: .all, .types(RulesetSpace.untracked))
    ])
    return try space.subtracting(discovery).pairs(among: endpoints)...space.pairs(among: endpoints)
  }
}

extension Policy {
  fileprivate func with(flows: [Flow]) -> Policy {
    Policy(hosts: hosts, peers: peers, services: services, flows: flows, guards: guards, zones: zones)
  }

  fileprivate var leftDirections: [String] {
    hosts.flatMap { host in
      [Direction.ingress, .egress].filter { host.modes[$0] == .leave }.map { "\(host.name) \($0)" }
    }
  }
}
