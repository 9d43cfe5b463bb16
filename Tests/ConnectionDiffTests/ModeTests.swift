import Addressing
import ConnectionDiff
import ConnectionSpace
import Diagnostics
import Inventory
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import Testing

/// What a mode does to what no flow allows: observe lets it pass, enforce ends that.
@Suite struct ModeTests {
  @Test(arguments: 0..<8)
  func `from observe to enforce closes what no flow allows, and back opens it`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let observing = policy.withModes(.observe)
    let now = Timestamp(seconds: 0)
    let universe = Universe()
    let declared = try PolicySpace(policy, HostPolicies(policy), at: now, in: universe)
    let effective = try PolicySpace(
      observing, HostPolicies(observing), at: now, in: universe, reading: .effective)
    let expected = try effective.whole.subtracting(declared.whole).subtracting(declared.loopback)
    func sum(_ rectangles: [Rectangle]) throws -> ConnectionSpace { try universe.space(of: rectangles) }
    let stricter = try ConnectionDiff(from: observing, to: policy, at: now)
    #expect(try sum(stricter.enforced) == expected)
    #expect(stricter.totals.enforced == (try expected.pairs(among: declared.endpoints)))
    #expect(stricter.opened.isEmpty && stricter.closed.isEmpty && stricter.released.isEmpty)
    let looser = try ConnectionDiff(from: policy, to: observing, at: now)
    #expect(try sum(looser.released) == expected)
    #expect(looser.opened.isEmpty && looser.closed.isEmpty && looser.enforced.isEmpty)
    // The same of what the tables let pass.
    let rulesets = try ConnectionDiff(of: hosts(from: observing, to: policy), compiledFrom: policy, at: now)
    #expect(rulesets.closed.isEmpty && rulesets.released.isEmpty && !rulesets.enforced.isEmpty)
  }

  @Test(arguments: 0..<4)
  func `a first ruleset that only observes closes nothing`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy.withModes(.observe)
    let hosts = hosts(from: policy, to: policy).map {
      HostRulesets(name: $0.name, addresses: $0.addresses, old: [], new: $0.new, routes: $0.routes, flows: [])
    }
    let diff = try ConnectionDiff(of: hosts, compiledFrom: policy, at: Timestamp(seconds: 0))
    #expect(diff.closed.isEmpty && diff.enforced.isEmpty && diff.totals.closed == 0)
    #expect(diff.lockout == nil)
  }

  private func hosts(from old: Policy, to new: Policy) -> [HostRulesets] {
    let tables = [old, new].map(\.compiledTables)
    return new.hosts.enumerated().map { index, host in
      HostRulesets(
        name: host.name, addresses: host.addresses, old: [tables[0][index]], new: [tables[1][index]],
        routes: nil, flows: [])
    }
  }
}

/// Who can still log in.
@Suite struct LockoutTests {
  /// Modes and flows afterwards, and whom nobody reaches by ssh then, who could be reached before.
  static let changes: [(keepsLogin: Bool, mode: Mode, isGuarded: Bool, locked: [String])] = [
    (true, .enforce, false, []), (false, .enforce, false, ["a"]), (false, .observe, false, []),
    (false, .enforce, true, []),
  ]

  @Test(arguments: changes)
  func `a host that nobody can log in to any more is named`(
    keepsLogin: Bool, mode: Mode, isGuarded: Bool, locked: [String]
  ) throws {
    let old = try Self.policy(keepsLogin: true, .enforce, isGuarded: false)
    let new = try Self.policy(keepsLogin: keepsLogin, mode, isGuarded: isGuarded)
    let diff = try ConnectionDiff(from: old, to: new, at: Timestamp(seconds: 0))
    #expect((diff.lockout?.hosts ?? []) == locked)
    #expect(diff.risks.contains { $0.kind == .lockout } == !locked.isEmpty)
    if let lockout = diff.lockout {
      #expect(lockout.sentence == "nobody can log in to a by ssh (tcp/22) any more")
    }
  }

  private static func policy(keepsLogin: Bool, _ mode: Mode, isGuarded: Bool) throws -> Policy {
    let text = """
      version: 1
      services: {ssh: tcp/22, web: tcp/443}
      hosts:
        a: {addresses: [10.0.0.1], mode: \(mode.rawValue)}
        b: {addresses: [10.0.0.2]}
      flows:
        web: {from: b, to: a, service: web, why: test}
      \(keepsLogin ? "  care: {from: b, to: a, service: ssh, why: test}" : "")
      \(isGuarded ? "guards: {console: {expect: {from: all, to: a, service: ssh, verdict: denied}}}" : "")

      """
    return try #require(
      Inventory.load(Sources(files: [SourceFile(path: "all.yaml", bytes: Array(text.utf8))])).policy)
  }
}

extension Policy {
  fileprivate func withModes(_ mode: Mode) -> Policy {
    Policy(
      hosts: hosts.map { host in
        Host(
          name: host.name, addresses: host.addresses, zone: host.zone, groups: host.groups,
          modes: Modes(mode),
          deny: host.deny, forwarding: host.forwarding, dhcp: host.dhcp, crown: host.crown, ssh: host.ssh,
          location: host.location)
      }, peers: peers, services: services, flows: flows, guards: guards, zones: zones)
  }
}
