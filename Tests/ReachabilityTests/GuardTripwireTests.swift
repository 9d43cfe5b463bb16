import Policy
import Reachability
import Testing

/// Which tripwires are told beside a guard.
@Suite struct GuardTripwireTests {
  /// `at`: the hosts of the tripwire; `from`, `spare`: as it is written; what the guard wants; whether it is told.
  private static let cases: [(on: String, keys: String, verdict: String, isTold: Bool)] = [
    // Who asks may come to be refused, and so may who is asked by who asks.
    ("db", "from: api", "allowed", true), ("api", "from: db", "allowed", true),
    ("db", "from: all", "allowed", true),
    // Nobody of the guard counts there, or is at that host.
    ("db", "from: ops", "allowed", false), ("ops", "from: api", "allowed", false),
    ("db", "from: [api, ops], spare: api", "allowed", false),
    ("db", "from: [api, ops], spare: ops", "allowed", true),
    // What must not be is not made possible by it.
    ("db", "from: api", "denied", false),
  ]

  @Test(arguments: cases)
  func `a tripwire that may refuse who is to be let in is told`(
    on: String, keys: String, verdict: String, isTold: Bool
  ) throws {
    let policy = try policy(
      """
      version: 1
      services: {sql: tcp/5432, ssh: tcp/22, web: tcp/443}
      hosts:
        api-1: {addresses: 10.0.0.1, groups: api}
        db-1: {addresses: 10.0.0.2, groups: db}
        ops: {addresses: 10.0.0.9}
      flows: {f: {from: api, to: db, service: \(verdict == "allowed" ? "sql" : "web"), why: test}}
      guards: {g: {expect: {from: api, to: db, service: sql, verdict: \(verdict)}}}
      tripwires: {t: {on: \(on), \(keys), touch: ssh, cut: 1h, why: test}}
      """)
    #expect(policy.guards[0].statement.tripwires(policy).map(\.name) == (isTold ? ["t"] : []))
  }
}
