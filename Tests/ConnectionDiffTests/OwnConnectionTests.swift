import Addressing
import ConnectionDiff
import ConnectionSpace
import Diagnostics
import Inventory
import Nftables
import Policy
import PolicyFixtures
import RulesetCompiler
import Testing

/// What a host sends itself passes by its loopback, whatever any flow says: no change is about it.
@Suite struct OwnConnectionTests {
  @Test(arguments: 0..<60)
  func `no line has an end that meets nobody but itself, and none says a thing twice`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let policy = seed % 2 == 0 ? random.withVirtuals(seed: UInt64(seed)) : random.policy
    let old = policy.keepingFlows { $0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let new = policy.keepingFlows { !$0.isMultiple(of: 2) || $0.isMultiple(of: 3) }
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    for diff in try [
      ConnectionDiff(from: old, to: new, at: now),
      ConnectionDiff(of: [HostRulesets](from: old, to: new), compiledFrom: new, at: now),
      ConnectionDiff(of: [HostRulesets](from: old, to: new), compiledFrom: nil, at: now),
    ] {
      for line in diff.everyLine { check(line, Set(policy.hosts.map(\.name)), "seed \(seed)") }
    }
  }

  /// - Parameter hosts: by name; a virtual address is none, and may be carried by several.
  private func check(_ line: ConnectionLine, _ hosts: Set<String>, _ label: String) {
    func meetsAnother(_ host: String, _ end: LineEnd) -> Bool {
      !hosts.contains(host) || !end.outside.isEmpty || end.hosts.contains { $0 != host }
    }
    #expect(line.from.hosts.allSatisfy { meetsAnother($0, line.to) }, "\(label): \(line)")
    #expect(line.to.hosts.allSatisfy { meetsAnother($0, line.from) }, "\(label): \(line)")
    #expect(Set(line.rectangles).count == line.rectangles.count, "\(label): \(line)")
    #expect(Set(line.terms).count == line.terms.count, "\(label): \(line)")
    #expect(Set(line.families).count == line.families.count, "\(label): \(line)")
  }

  /// Everybody to everybody becomes one flow to one host, which it is itself among.
  @Test func `what closes to a host does not close from itself`() throws {
    let base = """
      version: 1
      services: {any: [tcp/1-65535, udp/1-65535], dns: udp/53}
      hosts:
        n-[1..3]: {addresses: ["10.0.1.[1..3]", "fd00::[1..3]"], groups: [nn]}
      flows:

      """
    let old = try Policy.loaded(base + "  flat: {from: all, to: all, service: any, why: x, owner: o}\n")
    let new = try Policy.loaded(base + "  d: {from: n-1, to: n-2, service: dns, why: x, owner: o}\n")
    let now = Timestamp(seconds: 0)
    for diff in try [
      ConnectionDiff(from: old, to: new, at: now),
      ConnectionDiff(of: [HostRulesets](from: old, to: new), compiledFrom: new, at: now),
    ] {
      let asked = diff.closed.filter { $0.terms == [LineTerm(.udp, .ports(PortSet([53...53])))] }
      #expect(asked.contains { $0.from.hosts == ["n-3"] && $0.to.hosts == ["n-2"] }, "\(asked)")
      #expect(asked.allSatisfy { !($0.to.hosts == ["n-2"] && $0.from.hosts.contains("n-2")) }, "\(asked)")
      let back = try ConnectionDiff(from: new, to: old, at: now)
      #expect(back.totals.opened == diff.totals.closed)
    }
  }

  /// What is published for containers is forwarded, and what a host asks itself for is not.
  @Test func `a host that begins or ceases to judge containers forwards nothing to itself`() throws {
    let base = """
      version: 1
      services: {ssh: tcp/22}
      hosts:
        a: {addresses: [10.0.0.1, "fd00::1"]FORWARDING}
        b: {addresses: [10.0.0.2, "fd00::2"]}
      flows:
        m: {from: b, to: a, service: ssh, why: x, owner: o}

      """
    let left = try Policy.loaded(base.replacing("FORWARDING", with: ""))
    let judged = try Policy.loaded(base.replacing("FORWARDING", with: ", forwarding: containers"))
    let objects = """
      {"nftables":[{"table":{"family":"ip","name":"nat"}},
      {"chain":{"family":"ip","table":"nat","name":"in","type":"nat","hook":"prerouting","prio":-100,"policy":"accept"}},
      {"rule":{"family":"ip","table":"nat","chain":"in","expr":[
        {"match":{"op":"==","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}},
        {"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":"docker0"}},
        {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":8080}},
        {"dnat":{"addr":"172.17.0.2","port":80}}]}},
      {"table":{"family":"ip","name":"filter"}},
      {"chain":{"family":"ip","table":"filter","name":"f","type":"filter","hook":"forward","prio":0,"policy":"drop"}},
      {"rule":{"family":"ip","table":"filter","chain":"f","expr":[
        {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"172.17.0.2"}},
        {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},
        {"accept":null}]}}]}
      """
    let staying = try Table.tables(fromJSON: Array(objects.utf8))
    for (old, new) in [(left, judged), (judged, left)] {
      let host = try #require([HostRulesets](from: old, to: new).first)
      let rulesets = HostRulesets(
        name: host.name, addresses: host.addresses, old: host.old, new: host.new, staying: staying, flows: [])
      let diff = try ConnectionDiff(of: [rulesets], compiledFrom: new, at: Timestamp(seconds: 0))
      #expect(diff.containers.map(\.host) == ["a"])
      for line in diff.everyLine { check(line, ["a", "b"], "\(new.hosts[0].forwarding)") }
    }
  }
}

extension ConnectionDiff {
  /// All that is told of connections.
  fileprivate var everyLine: [ConnectionLine] {
    opened + closed + mayOpen + mayClose + halfOpened + halfClosed + forwardOpened + forwardClosed
      + laterOpened + laterClosed + stillPassing
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
