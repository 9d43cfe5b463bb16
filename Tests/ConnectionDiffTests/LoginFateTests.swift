import Addressing
import ConnectionDiff
import Diagnostics
import Inventory
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import RulesetShape
import Testing

/// What becomes of a login where all tables of a host judge together.
@Suite struct LoginFateTests {
  private static func other(_ policy: ChainPolicy, _ rules: [[Statement]]) -> Table {
    Table(
      family: .ipv4, name: "filter",
      chains: [
        Chain(
          name: "INPUT", base: BaseChain(hook: .input, policy: policy),
          rules: rules.map { Rule(compiling: $0) })
      ], sets: [])
  }

  private static let stops = other(.drop, [])
  private static let stopsLogins = other(.accept, [[.match(.tcpDport, .port(22)), .drop]])
  private static let stopsOthers = other(.accept, [[.match(.tcpDport, .port(25)), .drop]])

  static let cases: [(source: String, port: UInt16, others: [Table], fate: LoginFate)] = [
    ("10.0.0.2", 22, [], .passes), ("10.0.0.3", 22, [], .unallowed), ("10.0.0.2", 23, [], .unallowed),
    ("192.0.2.7", 22, [], .unallowed), ("10.0.0.2", 22, [stopsOthers], .passes),
    ("10.0.0.2", 22, [stops], .stopped(by: ["ip filter INPUT"])),
    ("10.0.0.2", 22, [stopsLogins], .stopped(by: ["ip filter INPUT"])),
  ]

  @Test(arguments: cases)
  func `a login passes if no table stops it`(
    _ example: (source: String, port: UInt16, others: [Table], fate: LoginFate)
  ) throws {
    let fate = LoginFate(
      from: try Address(parsing: example.source), to: Address(.ipv4, 0x0a00_0001), port: example.port,
      on: try host("a", beside: example.others), at: Timestamp(seconds: 0))
    #expect(fate == example.fate)
  }

  @Test func `those who manage a host need one way to it`() throws {
    let policy = try Self.policy()
    let now = Timestamp(seconds: 1_700_000_000)
    func fate(_ name: String, _ others: [Table]) throws -> LoginFate? {
      LoginFate(managing: try host(name, beside: others), by: policy, at: now)
    }
    #expect(try fate("a", []) == .passes)
    #expect(try fate("a", [Self.stopsOthers]) == .passes)
    #expect(try fate("a", [Self.stopsLogins]) == .stopped(by: ["ip filter"]))
    #expect(try fate("a", [Self.stopsOthers, Self.stops]) == .stopped(by: ["ip filter"]))
    // Nobody is meant to.
    #expect(try fate("b", [Self.stops]) == nil)
    // The flow is over.
    #expect(try fate("c", [Self.stops]) == nil)
  }

  /// What is in force is judged, so what is only observed passes, but for sources that no host believes.
  @Test func `a host's own table stops what its policy does not allow`() throws {
    var counts = (passing: 0, stopped: 0)
    for seed in 0..<12 {
      let found = try judged(seed)
      counts = (counts.passing + found.passing, counts.stopped + found.stopped)
    }
    #expect(counts.passing > 0 && counts.stopped > 0)
  }

  private func judged(_ seed: Int) throws -> (passing: Int, stopped: Int) {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let now = Timestamp(seconds: 1_700_000_000)
    let oracle = Oracle(policy)
    var counts = (passing: 0, stopped: 0)
    for index in policy.hosts.indices {
      let host = policy.hosts[index]
      let rulesets = HostRulesets(
        name: host.name, addresses: host.addresses, old: [], new: [compiler.compile(policies[HostID(index)])],
        flows: [])
      for other in policy.hosts where other.name != host.name {
        for source in other.addresses {
          for destination in host.addresses where destination.family == source.family {
            for port in [UInt16(22), 443, 5432] {
              let fate = LoginFate(from: source, to: destination, port: port, on: rulesets, at: now)
              let connection = Connection(
                from: source, to: destination, .tcp, .ports(source: 40_000, destination: port))
              let isAllowed =
                oracle.judge(connection, at: HostID(index), .ingress, now: now) != .denied
                || host.modes.ingress == .observe
              #expect(fate == (isAllowed ? .passes : .unallowed), "\(connection) at \(host.name)")
              if isAllowed { counts.passing += 1 } else { counts.stopped += 1 }
            }
          }
        }
      }
    }
    return counts
  }

  private func host(_ name: String, beside others: [Table]) throws -> HostRulesets {
    let policy = try Self.policy()
    let policies = HostPolicies(policy)
    let id = try #require(policy.host(named: name))
    return HostRulesets(
      name: name, addresses: policy[id].addresses, old: [],
      new: [RulesetCompiler(policy, policies).compile(policies[id])], staying: others, flows: [])
  }

  private static func policy() throws -> Policy {
    let text = """
      version: 1
      services: {ssh: tcp/22}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
        c: {addresses: [10.0.0.3]}
      flows:
        care: {from: b, to: a, service: ssh, why: test}
        over: {from: b, to: c, service: ssh, why: test, until: 2001-01-01}
      """
    let file = SourceFile(path: "all.yaml", bytes: Array(text.utf8))
    return try #require(Inventory.load(Sources(files: [file])).policy)
  }
}
