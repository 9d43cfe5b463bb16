import Addressing
import Diagnostics
import Explanation
import Inventory
import Policy
import Testing

/// Two gateways between the same areas.
@Suite struct AlternativesTests {
  /// - Parameter keys: of the second gateway, beside its routes.
  private static func policy(_ keys: String = "", routes: String = "{between: [left, right]}") throws
    -> Policy
  {
    let text = """
      version: 1
      services: {web: tcp/80}
      networks: {left: {prefixes: [10.1.0.0/16]}, right: {prefixes: [10.2.0.0/16]}, far: {prefixes: [10.3.0.0/16]}}
      hosts:
        gw-1: {addresses: [10.9.0.1], forwarding: gateway, routes: [{between: [left, right]}]}
        gw-2: {addresses: [10.9.0.2], forwarding: gateway, routes: [\(routes)]\(keys)}
      flows:
        left-to-right: {from: left, to: right, service: web, why: a test}
      """
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
    return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
  }

  private static func explanation(_ policy: Policy, port: UInt16) throws -> PathExplanation {
    var explainer = PathExplainer(policy, HostPolicies(policy))
    let connection = Connection(
      from: try Address(parsing: "10.1.0.7"), to: try Address(parsing: "10.2.0.7"), .tcp,
      .ports(source: 40_000, destination: port))
    let now = Timestamp(seconds: 1_800_000_000)
    let explanation = explainer.explain(connection, now: now)
    #expect(explainer.allows(connection, now: now) == explanation.isAllowed)
    return explanation
  }

  @Test func `each says what it would do`() throws {
    let policy = try Self.policy()
    let open = try Self.explanation(policy, port: 80)
    #expect(open.hops.map { policy[$0.host].name } == ["gw-1", "gw-2"])
    #expect(open.isAllowed && open.hops.allSatisfy { $0.isAllowed && open.isOneOfSeveral($0) })
    let closed = try Self.explanation(policy, port: 81)
    #expect(!closed.isAllowed && !closed.passes && closed.hops.count == 2)
  }

  @Test func `packets pass where one of them only observes`() throws {
    let explanation = try Self.explanation(try Self.policy(", mode: {forward: observe}"), port: 81)
    #expect(explanation.hops.map(\.passes) == [false, true])
    #expect(!explanation.isAllowed && explanation.passes)
  }

  @Test func `one without a route between the ends is none of them`() throws {
    let policy = try Self.policy(routes: "{between: [left, far]}")
    let explanation = try Self.explanation(policy, port: 80)
    #expect(explanation.hops.map { policy[$0.host].name } == ["gw-1"])
    #expect(explanation.isAllowed && !explanation.isOneOfSeveral(explanation.hops[0]))
  }
}
