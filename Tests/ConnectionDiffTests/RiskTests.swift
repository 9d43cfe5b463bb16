import Addressing
import ConnectionDiff
import Diagnostics
import Inventory
import Policy
import RulesetCompiler
import Testing

/// What a reviewer is told to look at twice.
@Suite struct RiskTests {
  private static let base = """
    version: 1
    services:
      web: tcp/443
      telnet: tcp/23
      http: tcp/80
      many: tcp/1000-1200
      hello: {protocol: udp, ports: [5353], multicast: [224.0.0.251, "ff02::fb"]}
      news: {protocol: udp, ports: [5000], multicast: [239.1.2.3, "ff05::5"]}
    zones: {vault: {}}
    networks:
      world: {prefixes: [0.0.0.0/0, "::/0"]}
      office: {prefixes: [203.0.113.0/24]}
    hosts:
      a-1: {addresses: [10.0.0.1, "2001:db8::1"], groups: [a]}
      a-2: {addresses: [10.0.0.2, "2001:db8::2"], groups: [a]}
      b-1: {addresses: [10.0.0.3, "2001:db8::3"], zone: vault}

    """

  private static let cases: [(flow: String, risks: [String])] = [
    ("{from: a, to: b-1, service: web, why: t}", []),
    ("{from: office, to: a, service: web, why: t}", ["outside: opens from office, outside the inventory"]),
    ("{from: a, to: office, service: web, why: t}", ["outside: opens to office, outside the inventory"]),
    (
      "{from: [office, a], to: b-1, service: web, why: t}",
      ["outside: opens from office, outside the inventory"]
    ),
    ("{from: world, to: a, service: web, why: t}", ["outside: opens from world, outside the inventory"]),
    // A group is where nobody is managed; one of one link is no way out.
    ("{from: a, to: a, service: hello, why: t}", []),
    (
      "{from: a, to: a, service: news, why: t}",
      [
        "outside: opens to 239.1.2.3, outside the inventory",
        "outside: opens to ff05::5, outside the inventory",
      ]
    ),
    ("{from: a, to: b-1, service: telnet, why: t}", ["insecure: telnet is not encrypted (tcp/23)"]),
    ("{from: b-1, to: a, service: http, why: t}", []),
    ("{from: a, to: b-1, service: http, why: t}", ["insecure: http is not encrypted (tcp/80)"]),
    ("{from: a, to: b-1, service: many, why: t}", ["wide: opens 201 ports (tcp/1000-1200)"]),
    ("{from: a, to: b-1, service: web, why: t, until: 2026-01-03}", ["expiring: ends in 3 days"]),
    ("{from: a, to: b-1, service: web, why: t, until: 2026-02-03}", []),
  ]

  @Test(arguments: cases)
  func `a flow brings these risks and no others`(flow: String, risks: [String]) throws {
    let now = Timestamp(seconds: 1_767_225_600)
    let (old, new) = (try Policy.loaded(Self.base), try Policy.loaded(Self.base + "flows:\n  f: \(flow)\n"))
    let found = try ConnectionDiff(from: old, to: new, at: now).risks
    #expect(found.map { "\($0.kind.rawValue): \($0.message)" } == risks)
    #expect(found.allSatisfy { $0.flow == "f" })
  }

  @Test func `hosts that a guard is about, and hosts that only observe, are named`() throws {
    let now = Timestamp(seconds: 0)
    let guards = "guards: {g: {never: {from: a-1, to: vault, within: 1 hop}}}\n"
    let old = try Policy.loaded(Self.base + guards)
    let new = try Policy.loaded(
      Self.base.replacing("zone: vault}", with: "zone: vault, mode: observe}")
        + guards.replacing("a-1", with: "all")
        .replacing("never: {from: all, to: vault, within: 1 hop}", with: "only: {from: a, to: vault}")
        + "flows: {f: {from: a, to: vault, service: web, why: t}}\n")
    let found = try ConnectionDiff(from: old, to: new, at: now).risks
    #expect(
      found.map(\.message) == [
        "opens into b-1, which the guard g is about", "b-1 only observes its ingress: everything passes",
        "b-1 only observes its egress: everything passes",
      ])
  }

  /// A flow that nobody names: compiled rulesets alone say what opens.
  @Test(arguments: cases)
  func `a risk of what no flow is behind names the ends that it is about`(
    flow: String, risks: [String]
  ) throws {
    let (old, new) = (try Policy.loaded(Self.base), try Policy.loaded(Self.base + "flows:\n  f: \(flow)\n"))
    let tables = [old, new].map(\.compiledTables)
    let hosts = new.hosts.enumerated().map { index, host in
      HostRulesets(
        name: host.name, addresses: host.addresses, old: [tables[0][index]], new: [tables[1][index]],
        flows: [])
    }
    let diff = try ConnectionDiff(
      of: hosts, compiledFrom: nil, at: Timestamp(seconds: 1_767_225_600))
    let ends = diff.opened.flatMap { line in
      [
        " (\(line.from.name) → \(line.to.name))", " (from \(line.from.name))", " (to \(line.to.name))",
      ]
    }
    for risk in diff.risks {
      #expect(risk.flow == nil && ends.contains { risk.message.hasSuffix($0) }, "\(risk)")
    }
  }
}
