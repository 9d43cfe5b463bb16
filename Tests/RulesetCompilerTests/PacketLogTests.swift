import Addressing
import Diagnostics
import Inventory
import Nftables
import Policy
import RulesetCompiler
import RulesetShape
import Testing

/// Copies of packets that nothing allows name the host that they are of.
@Suite struct PacketLogTests {
  private static let long = "a" + String(repeating: "b", count: 62)

  private static func policy(_ settings: String) throws -> Policy {
    let inventory = """
      version: 1
      settings: {\(settings)}
      services: {web: tcp/80, many: tcp/8000-8010, both: [tcp/8005-8020, "udp/53"]}
      hosts:
        web-[1..3]: {addresses: ["10.0.0.[1..3]"], groups: web}
        \(long): {addresses: [10.0.0.9], forwarding: deny}
      flows:
        f: {from: \(long), to: web, service: [web, many, both], why: a test}
      """
    let loaded = Inventory.load([SourceFile(path: "all.yaml", bytes: Array(inventory.utf8))])
    return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
  }

  private static func prefixes(_ table: Table) -> [String] {
    table.chains.flatMap(\.rules).flatMap(\.expressions).compactMap {
      if case .log(let log) = $0 { log.prefix } else { nil }
    }
  }

  private static func tables(_ policy: Policy) -> [(name: String, table: Table)] {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    return policy.hosts.indices.map {
      (policy.hosts[$0].name, compiler.compile(policies[HostID($0)]))
    }
  }

  @Test(arguments: ["enforce", "observe"])
  func `the prefix names host, direction and reason, and fits the kernel`(mode: String) throws {
    let policy = try Self.policy("log: {group: 7}, mode: \(mode)")
    let reason = mode == "enforce" ? "denied" : "observed"
    for (name, table) in Self.tables(policy) {
      let ways = name == Self.long ? ["in", "forward", "out"] : ["in", "out"]
      #expect(
        Set(Self.prefixes(table)) == Set(ways.map { "sekisho \(name) \($0) \(reason) " }), "\(name)")
      #expect(Self.prefixes(table).count == ways.count)
      #expect(Self.prefixes(table).allSatisfy { $0.utf8.count <= 127 })
    }
  }

  @Test
  func `hosts with equal policies have one table without it, and what passes is the same policy with it`()
    throws
  {
    let (logged, plain) = (try Self.policy("log: {group: 7}"), try Self.policy("mode: enforce"))
    #expect(HostPolicies(logged).distinct.count == 4 && HostPolicies(plain).distinct.count == 2)
    let unlogged = HostPolicies(logged).unlogged
    #expect(
      unlogged.distinct == HostPolicies(plain).distinct
        && unlogged.assignment == HostPolicies(plain).assignment)
    for ((_, with), (_, without)) in zip(Self.tables(logged), Self.tables(plain)) {
      #expect(Self.prefixes(without) == [])
      let stripped = with.chains.map { chain in
        Chain(
          name: chain.name, base: chain.base,
          rules: chain.rules.filter { rule in
            !rule.expressions.contains { if case .log = $0 { true } else { false } }
          })
      }
      #expect(stripped == without.chains && with.sets == without.sets)
    }
  }

  /// Where ports overlap a chain of its own jumps to both services.
  @Test func `a table says which ports lead to which service`() throws {
    let table = try #require(try Self.tables(Self.policy("mode: enforce")).last).table
    let ports = table.flowPorts
    #expect(Set(ports.keys.map(\.text)) == ["in.many", "in.both"])
    let many = try #require(ports["in.many"]?.first)
    #expect(many.flow == "f" && many.side == .input && many.allowed == [.tcp: PortSet([8000...8010])])
    #expect(ports["in.both"]?.first?.allowed == [.tcp: PortSet([8005...8020])])
  }
}
