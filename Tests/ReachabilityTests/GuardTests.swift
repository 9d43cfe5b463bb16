import Policy
import Reachability
import Testing

/// Guards of each kind, holding and broken.
@Suite struct GuardTests {
  static let cases: [(guard: String, flows: [String], broken: String?)] = [
    // never
    ("never: {from: web, to: keys, within: 1 hop}", ["web>api", "api>keys"], nil),
    (
      "never: {from: web, to: keys, within: 2 hops}", ["web>api", "api>keys"],
      "web-1 -web-api-> api-1 -api-keys-> keys-1; remove api-keys"
    ),
    (
      "never: {from: web, to: keys, within: 2 hops}", ["web>api", "api>keys", "web>db", "db>keys"],
      "web-1 -web-api-> api-1 -api-keys-> keys-1; remove api-keys, db-keys"
    ),
    (
      "never: {from: web, to: keys, within: 3 hops}", ["web>api", "web>db", "api>db", "db>keys"],
      "web-1 -web-db-> db-1 -db-keys-> keys-1; remove db-keys"
    ),
    // The service is that of the connection that arrives.
    ("never: {from: web, to: keys, service: ssh, within: 2 hops}", ["web>api/ssh", "api>keys"], nil),
    (
      "never: {from: web, to: keys, service: ssh, within: 2 hops}", ["web>api", "api>keys/ssh"],
      "web-1 -web-api-> api-1 -api-keys-> keys-1; remove api-keys"
    ),
    // Nobody goes on from a network, which may begin a path and end it.
    ("never: {from: web, to: keys, within: 9 hops}", ["web>office", "office>keys"], nil),
    (
      "never: {from: office, to: keys, within: 1 hop}", ["office>keys"],
      "office -office-keys-> keys-1; remove office-keys"
    ),
    ("never: {from: db, to: db, within: 9 hops}", ["db>api", "api>web"], nil),
    (
      "never: {from: db, to: db, within: 2 hops}", ["db>api", "api>db"],
      "db-1 -db-api-> api-1 -api-db-> db-2; remove api-db"
    ),
    ("never: {from: keys, to: keys, within: 2 hops}", ["keys>api", "api>keys"], nil),
    // only
    ("only: {from: api, to: db}", ["api>db", "web>api"], nil),
    ("only: {from: api, to: db}", ["api>db", "web>db"], "web-1 -web-db-> db-1; remove web-db"),
    ("only: {from: web, service: ssh}", ["web>db/ssh", "api>db"], nil),
    ("only: {from: web, service: ssh}", ["api>db/ssh"], "api-1 -api-db-> db-1; remove api-db"),
    ("only: {to: db, service: ssh}", ["web>db/ssh", "web>api"], nil),
    ("only: {to: db, service: ssh}", ["web>api/ssh"], "web-1 -web-api-> api-1; remove web-api"),
    ("only: {from: web, to: office}", ["web>office"], nil),
    ("only: {from: web, to: office}", ["db>office"], "db-1 -db-office-> office; remove db-office"),
    // expect
    ("expect: {from: web, to: db, service: ssh, verdict: allowed}", ["web>db/ssh"], nil),
    ("expect: {from: web, to: db, service: ssh, verdict: allowed}", ["web>db"], "web-1 misses db-1; allow"),
    (
      "expect: {from: web, to: db, service: both, verdict: allowed}", ["web>db/ssh"],
      "web-1 misses db-1; allow"
    ),
    ("expect: {from: db, to: db, service: ssh, verdict: allowed}", ["db>db/ssh"], nil),
    ("expect: {from: watcher, to: db, service: ssh, verdict: allowed}", [], "watcher misses db-1; allow"),
    ("expect: {from: web, to: db, service: both, verdict: denied}", ["db>web/ssh"], nil),
    (
      "expect: {from: web, to: db, service: both, verdict: denied}", ["web>db/ssh"],
      "web-1 -web-db-> db-1; remove web-db"
    ),
    // isolated
    ("isolated: keys", ["web>api"], nil),
    ("isolated: keys", ["web>keys", "keys>api"], "keys-1 is touched by keys-api; remove keys-api, web-keys"),
    ("isolated: office", ["office>api"], "office is touched by office-api; remove office-api"),
    ("isolated: watcher", [], "watcher observes ingress; enforce"),
    // through
    ("through: {from: web, to: keys, via: api}", ["web>api", "api>keys", "web>db"], nil),
    (
      "through: {from: web, to: keys, via: api}", ["web>api", "api>keys", "web>db", "db>keys"],
      "web-1 -web-db-> db-1 -db-keys-> keys-1; remove web-db"
    ),
    ("through: {from: left, to: right, via: gate}", ["left>right"], nil),
    ("through: {from: [left, right], to: right, via: gate}", ["left>right"], nil),
    (
      "through: {from: left, to: right, via: api}", ["left>right"],
      "left -left-right-> right; remove left-right"
    ),
    // Of several gateways only the one that is named will do.
    (
      "through: {from: left, to: far, via: gate}", ["left>far"], "left -left-far-> far; remove left-far"
    ),
    ("through: {from: left, to: far, via: second}", ["left>far"], nil),
    ("through: {from: left, to: far, via: [gate, second]}", ["left>far"], nil),
    ("through: {from: left, to: right, via: [gate, second]}", ["left>right"], nil),
    (
      "through: {from: left, to: [right, far], via: gate}", ["left>right", "left>far"],
      "left -left-far-> far; remove left-far"
    ),
    (
      "through: {from: left, to: [right, far], via: second}", ["left>right", "left>far"],
      "left -left-right-> right; remove left-right"
    ),
    // Who observes stops nobody; what the other end denies stays denied.
    ("never: {from: watcher, to: keys, within: 1 hop}", [], nil),
    ("never: {from: web, to: watcher, within: 1 hop}", [], nil),
    ("never: {from: office, to: watcher, within: 1 hop}", [], "office --> watcher; enforce"),
    (
      "never: {from: office, to: keys, within: 2 hops}", ["watcher>keys"],
      "office --> watcher -watcher-keys-> keys-1; remove watcher-keys"
    ),
  ]

  @Test(arguments: cases)
  func `a guard breaks for one reason`(guard: String, flows: [String], broken: String?) throws {
    let isWatched = (flows + [`guard`]).contains { $0.contains("watcher") }
    var text = Self.inventory.replacing("MODE", with: isWatched ? "observe" : "enforce")
    for flow in flows {
      let parts = flow.split(separator: "/")
      let ends = parts[0].split(separator: ">")
      text +=
        "  \(ends[0])-\(ends[1]): {from: \(ends[0]), to: \(ends[1]), service: \(parts.count > 1 ? parts[1] : "other"), why: test}\n"
    }
    text += "guards:\n  g: {\(`guard`)}\n"
    let policy = try policy(text)
    let found = GuardChecker(policy, at: Timestamp(seconds: 0)).broken()
    #expect(found.map(policy.text) == (broken.map { [$0] } ?? []))
  }

  private static let inventory = """
    version: 1
    services: {ssh: tcp/22, other: [tcp/8000-8100, udp/53], both: tcp/21-22}
    networks: {office: {prefixes: [198.51.100.0/24]}}
    hosts:
      web-[1..2]: {addresses: ["10.0.1.[1..2]"], groups: [web]}
      api-[1..2]: {addresses: ["10.0.2.[1..2]"], groups: [api]}
      db-[1..2]: {addresses: ["10.0.3.[1..2]"], groups: [db]}
      keys-1: {addresses: [10.0.4.1], groups: [keys]}
      left: {addresses: [10.0.5.1]}
      right: {addresses: [10.0.6.1]}
      watcher: {addresses: [10.0.8.1], mode: MODE}
      gate: {addresses: [10.0.7.1], forwarding: gateway, routes: [{between: [left, right]}]}
      far: {addresses: [10.0.9.1]}
      second: {addresses: [10.0.10.1], forwarding: gateway, routes: [{between: [left, far]}]}
    flows:
      unused: {from: gate, to: gate, service: ssh, why: a section is not empty}

    """

  // MARK: The reference inventory

  static let breaking: [(flow: String, guard: String)] = [
    ("{from: web, to: keys, service: key-store, why: test}", "an-intruder-on-web-gets-no-key"),
    ("{from: web, to: db, service: postgres, why: test}", "a-web-server-has-no-database"),
    ("{from: log, to: cold, service: syslog, why: test}", "cold-stays-cold"),
    ("{from: api, to: internet, service: https, why: test}", "one-way-out"),
    ("{from: internet, to: web, service: web, why: test}", "one-way-in"),
    ("{from: worker, to: keys, service: key-store, why: test}", "only-signers-ask-for-keys"),
    ("{from: worker, to: keys, service: key-store, why: test}", "signing-passes-the-signer"),
    ("{from: monitor, to: db, service: ssh, why: test}", "shells-start-at-the-bastion"),
    ("{from: bastion, to: signer, service: ssh, why: test}", "no-shell-comes-to-keys-or-terminals"),
    ("{from: api, to: worker, service: api, why: test}", "the-keys-stay-out-of-reach"),
  ]

  @Test func `the guards of the reference inventory hold`() throws {
    let policy = try reference()
    #expect(policy.guards.count == 11)
    #expect(GuardChecker(policy, at: Timestamp(seconds: 1_790_000_000)).broken().map(policy.text) == [])
  }

  @Test(arguments: breaking)
  func `a flow breaks a guard of the reference inventory`(flow: String, guard: String) throws {
    let policy = try reference(and: "flows:\n  more: \(flow)\n")
    let broken = GuardChecker(policy, at: Timestamp(seconds: 1_790_000_000)).broken()
    #expect(broken.map { policy.guards[$0.index].name }.contains(`guard`))
    for found in broken {
      guard case .remove(let removal) = found.remedy else { continue }
      #expect(removal.flows.map { policy[$0].name } == ["more"] && removal.isSmallest)
    }
  }

  @Test func `the guard that wants a flow breaks without it`() throws {
    let policy = try reference()
    let without = Policy(
      hosts: policy.hosts, peers: policy.peers, services: policy.services,
      flows: policy.flows.filter { $0.name != "api-to-db" }, guards: policy.guards, zones: policy.zones)
    let broken = GuardChecker(without, at: Timestamp(seconds: 1_790_000_000)).broken()
    #expect(broken.map(without.text) == ["api-1 misses db-1; allow"])
  }

  @Test func `a flow that has ended breaks nothing`() throws {
    let policy = try reference(
      and: "flows:\n  more: {from: web, to: db, service: postgres, why: test, until: 2026-01-01}\n")
    #expect(GuardChecker(policy, at: Timestamp(seconds: 1_767_312_000)).broken().isEmpty)
    #expect(!GuardChecker(policy, at: Timestamp(seconds: 1_767_311_999)).broken().isEmpty)
  }
}
