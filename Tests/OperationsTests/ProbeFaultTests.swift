import Addressing
import AgentProtocol
import Explanation
import Fleet
import Lab
import LabHarness
import Operations
import Policy
import ProbePlan
import RulesetCompiler
import RulesetSpace
import Testing

/// Networks of which one thing is otherwise than the policy says, and some of which nothing is.
@Suite(.needs(.root), .serialized, .timeLimit(.minutes(60))) struct ProbeFaultTests {
  static let inventory = """
    version: 1
    services: {web: tcp/80, ask: udp/53, ping: icmp/echo-request}
    networks: {outside: {prefixes: [203.0.113.0/24]}}
    hosts:
      a: {addresses: [10.1.0.1, "2001:db8:1::1"], groups: [near]}
      b: {addresses: [10.1.0.2, "2001:db8:1::2"], groups: [near]}
      c: {addresses: [10.1.0.3], groups: [near]}
      d: {addresses: [10.2.0.1, "2001:db8:2::1"]}
      gate:
        addresses: [10.1.0.254, 10.2.0.254, "2001:db8:1::fe", "2001:db8:2::fe"]
        forwarding: gateway
        routes: [{between: [near, d]}, {between: [outside, d]}]
    flows:
      a-to-b: {from: a, to: b, service: web, why: test}
      b-to-a: {from: b, to: a, service: ask, why: test}
      a-to-d: {from: a, to: d, service: [web, ask], why: test}
      d-to-near: {from: d, to: near, service: ping, why: test}
      outside-to-d: {from: outside, to: d, service: web, why: test}

    """

  /// Protocols of all kinds, hosts that reject, that only observe, that are DHCP clients, and of one family.
  private static let odd = """
    version: 1
    services:
      assoc: sctp/3868
      tunnel: gre
      secret: esp
      vrrp: {protocol: vrrp, multicast: [224.0.0.18, "ff02::12"]}
      ping: icmp/echo-request
      web: [tcp/80, tcp/443]
      range: udp/9000-9010
    hosts:
      a: {addresses: [10.0.0.1, 10.0.0.11, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, "2001:db8::2"], deny: reject}
      c: {addresses: [10.0.0.3], mode: {ingress: enforce, egress: observe}}
      d: {addresses: [10.0.0.4], dhcp: true, mode: observe}
      e: {addresses: ["2001:db8::5"], forwarding: leave}
    flows:
      one: {from: a, to: b, service: [assoc, range], why: test}
      two: {from: a, to: [b, c], service: tunnel, why: test}
      three: {from: b, to: e, service: secret, why: test}
      four: {from: [a, b], to: [a, b], service: vrrp, why: test}
      five: {from: c, to: a, service: ping, why: test}
      six: {from: [d, e], to: [a, d], service: web, why: test}

    """

  /// A fault, and what of it has to be said.
  struct Fault: Sendable {
    var host: String
    var kinds: Set<String>
    var direction: Direction?
    /// Commands of nft and ip at the host.
    var nft = ""
    var ip = ""
    /// A ruleset in place of the right one.
    var inventory: String?
    /// How the host's agent is started.
    var prefix = ""
    /// What `a` knocks on at another host until the faulty one has cut it off, ahead of all others' rules.
    var knock: String?
    /// The beginning of the rule's place that decides.
    var cause = ""
  }

  /// One of each kind, by turns; which host and which rule it is depends on the seed.
  private static func fault(_ seed: Int) -> Fault {
    let turn = seed / 13
    func pick<Value>(_ values: [Value]) -> Value { values[turn % values.count] }
    func bad(_ chain: String, _ rule: String) -> String {
      "add table inet bad; add chain inet bad c { \(chain); }; add rule inet bad c \(rule);"
    }
    switch seed % 13 {
    case 0:
      // A host that has not got the last change.
      let (host, flow): (String, String) = pick([
        ("b", "a-to-b"), ("d", "a-to-d"), ("a", "b-to-a"), ("c", "d-to-near"), ("gate", "a-to-d"),
      ])
      let older = inventory.split(separator: "\n").filter { !$0.hasPrefix("  \(flow):") }.joined(
        separator: "\n")
      return Fault(host: host, kinds: ["stops"], inventory: older)
    case 1:
      let (host, port): (String, String) = pick([
        ("b", "tcp dport 80"), ("d", "udp dport 53"), ("a", "udp dport 53"), ("d", "tcp dport 80"),
      ])
      return Fault(
        host: host, kinds: ["stops"], direction: .ingress,
        nft: bad(
          "type filter hook \(pick(["input", "prerouting"])) priority \(pick([-200, 10]))", "\(port) drop"),
        cause: "inet bad c 1")
    case 2:
      let (host, port): (String, String) = pick([("b", "80"), ("d", "80"), ("gate", "80")])
      let chain = "type nat hook prerouting priority -100"
      let lead =
        host == "gate"
        ? "ip daddr 10.2.0.1 tcp dport 80 dnat ip to 10.1.0.3" : "tcp dport \(port) redirect to :8081"
      // What is led past a gateway's routes is stopped there.
      return Fault(
        host: host, kinds: host == "gate" ? ["leads", "stops"] : ["leads"], nft: bad(chain, lead),
        cause: "inet bad c 1")
    case 3:
      let (host, rule): (String, String) = pick([
        ("a", "tcp dport 80"), ("b", "udp dport 53"), ("d", "icmp type echo-request"),
        ("a", "ip daddr 10.2.0.1"),
      ])
      return Fault(
        host: host, kinds: ["stops", "holdsAnswer"], direction: .egress,
        nft: "insert rule inet sekisho output oifname != lo \(rule) drop;",
        cause: "inet sekisho output 1")
    case 4:
      let (host, element): (String, String) = pick([
        ("a", "b.v4 { 10.1.0.3 }"), ("a", "d.v4 { 10.1.0.2 }"), ("a", "b.v6 { 2001:db8:1::fe }"),
        ("b", "a.v4 { 10.1.0.3 }"),
      ])
      return Fault(
        host: host, kinds: ["lets"], direction: .egress, nft: "add element inet sekisho \(element);",
        cause: "inet sekisho out.")
    case 5:
      let host = pick(["a", "b", "c", "d"])
      let observing = inventory.split(separator: "\n").map { line in
        line.hasPrefix("  \(host): {addresses") ? line.dropLast() + ", mode: observe}" : line
      }.joined(separator: "\n")
      return Fault(
        host: host, kinds: ["lets"], direction: .egress, inventory: observing, cause: "inet sekisho out")
    case 6:
      let how = pick([
        "exec setpriv --bounding-set=-net_raw --inh-caps=-net_raw", "ulimit -n 12; exec", "lo",
        "echo nonsense; exec",
      ])
      return Fault(
        host: pick(["a", "b", "d", "c"]), kinds: [], ip: how == "lo" ? "link set lo down" : "",
        prefix: how == "lo" ? "" : how)
    case 7:
      let (host, route): (String, String) = pick([("a", "10.2.0.1"), ("d", "10.1.0.3"), ("d", "10.1.0.1")])
      return Fault(host: host, kinds: ["bypasses"], ip: "route del \(route)")
    case 8:
      return Fault(
        host: pick(["a", "b", "c", "d", "gate"]), kinds: ["lets"], direction: .egress,
        nft: "delete table inet sekisho;")
    case 9:
      return Fault(
        host: "gate", kinds: ["lets"], direction: .forward,
        nft:
          "insert rule inet sekisho forward \(pick(["accept", "tcp dport 81 accept", "ip saddr 203.0.113.0/24 accept"]));",
        cause: "inet sekisho forward 1")
    case 10:
      let (host, rule): (String, String) = pick([
        ("d", "tcp sport 80"), ("b", "tcp sport 80"), ("c", "icmp type echo-reply"),
      ])
      return Fault(
        host: host, kinds: ["holdsAnswer"], direction: .egress,
        nft: bad("type filter hook output priority 10", "\(rule) drop"), cause: "inet bad c 1")
    case 11:
      // A host that was cut off for a knock, and has business there.
      let (host, knock): (String, String) = pick([
        ("d", "10.2.0.1"), ("b", "10.1.0.2"), ("d", "2001:db8:2::1"), ("gate", "10.2.0.1"),
      ])
      return Fault(
        host: host, kinds: ["stops"], inventory: wired(host), knock: knock, cause: "inet sekisho ")
    default:
      let rule = pick([
        "tcp dport 80", "ip saddr 10.1.0.1", "ip6 daddr 2001:db8:2::1", "icmp type echo-request",
      ])
      return Fault(
        host: "gate", kinds: ["stops", "holdsAnswer"], direction: .forward,
        nft: bad("type filter hook forward priority \(pick([-10, 10]))", "\(rule) drop"),
        cause: "inet bad c 1")
    }
  }

  /// With a decoy.
  private static func wired(_ host: String) -> String {
    inventory.replacing("services: {", with: "services: {bait: udp/69, ") + """
      tripwires:
        bait: {on: \(host), touch: bait, cut: 1h, why: test}
        scan: {on: \(host), after: 20 closed doors, within: 1 minute, cut: 1h, why: test}

      """
  }

  @Test(arguments: 0..<52) func `a fault is found, said of who has it, and nothing else is`(seed: Int)
    async throws
  {
    let fault = Self.fault(seed)
    try await Self.probing(fault, seed: seed) { policy, run, causes in
      let words = "\(seed) \(fault)"
      if fault.kinds.isEmpty {
        let host = try #require(run.plan.ends.firstIndex { $0.name == fault.host })
        for (probe, judgement) in zip(run.plan.probes, run.judgements) {
          if judgement.stop?.direction == .forward {
            // A gateway was seen to stop it, ahead of whoever cannot be believed.
            #expect(judgement.isProven && probe.from != host, "\(words) \(probe) \(judgement)")
          } else if probe.from == host || probe.to == host {
            #expect(
              judgement.obstacle != nil && judgement.deviations.isEmpty, "\(words) \(probe) \(judgement)")
            #expect(judgement.isOpen == nil && judgement.stop == nil, "\(words) \(probe) \(judgement)")
          } else {
            #expect(judgement.isProven, "\(words) \(probe) \(judgement)")
          }
        }
        return
      }
      var found = 0
      var explained = 0
      for (index, judgement) in run.judgements.enumerated() {
        #expect(judgement.obstacle == nil, "\(words) \(run.plan.probes[index]) \(judgement)")
        for (number, deviation) in judgement.deviations.enumerated() {
          found += 1
          let host = deviation.kind == .bypasses ? "gate" : fault.host
          #expect(
            deviation.host.map { policy[$0].name } == host, "\(words) \(run.plan.probes[index]) \(judgement)")
          #expect(
            fault.kinds.contains(deviation.kind.name), "\(words) \(run.plan.probes[index]) \(judgement)")
          if let direction = fault.direction {
            // What lets everything out lets everything in, too.
            #expect(deviation.direction == direction || fault.kinds == ["lets"], "\(words) \(judgement)")
          }
          guard let cause = causes[ProbeRun.Place(probe: index, deviation: number)] else { continue }
          explained += 1
          let cut = cause.trace.steps.flatMap(\.decisions).flatMap { cause.cut(by: $0.rule) }
          let told = cut.map { one in "\(policy.name(of: one.address)) \(one.tripwires) \(one.isCut)" }
          #expect(told == (fault.knock == nil ? [] : ["a [\"bait\"] true"]), "\(words) \(cause.trace)")
          let rules = cause.trace.steps.flatMap(\.decisions).map {
            "\($0.rule.table) \($0.rule.chain) \($0.rule.index + 1)"
          }
          if fault.cause.isEmpty || deviation.direction != fault.direction && fault.kinds == ["lets"] {
            continue
          }
          #expect(rules.contains { $0.hasPrefix(fault.cause) }, "\(words) \(rules)")
        }
      }
      #expect(found > 0, "\(words)")
      #expect(explained == found || fault.kinds == ["bypasses"], "\(words)")
    }
  }

  /// What passes as somebody else's packet looks like one that was stopped, and to who waits for the first it is gone.
  @Test(arguments: ["a", "gate"]) func `what gets another source is stopped by nobody`(host: String)
    async throws
  {
    let source = host == "a" ? "snat to 10.1.0.99" : "masquerade"
    let fault = Fault(
      host: host, kinds: [],
      nft: """
        delete table inet sekisho; add table ip bad; add chain ip bad c { type nat hook postrouting priority 100; }; \
        add rule ip bad c oifname != lo \(source);
        """)
    try await Self.probing(fault, seed: 1) { policy, run, _ in
      let id = try #require(policy.host(named: host))
      var found: [Bool: Int] = [:]
      for (index, (probe, judgement)) in zip(run.plan.probes, run.judgements).enumerated()
      where probe.connection.family == .ipv4 {
        #expect(judgement.stop?.host != id || judgement.stop?.direction == .ingress, "\(probe) \(judgement)")
        #expect(judgement.deviations.allSatisfy { $0.kind == .lets }, "\(probe) \(judgement)")
        if judgement.obstacle == "at \(host) it became a packet of another source" {
          found[run.explanations[index].passes, default: 0] += 1
        }
      }
      // Both of what is allowed and of what is denied.
      #expect(found.keys.count == 2 && found.values.allSatisfy { $0 > 1 }, "\(found)")
    }
  }

  /// Both at once leave nothing that it is known by but its port.
  @Test func `what gets another source and another destination is stopped by nobody`() async throws {
    let fault = Fault(
      host: "gate", kinds: [],
      nft: """
        delete table inet sekisho; add table ip bad; add chain ip bad c { type nat hook prerouting priority -100; }; \
        add chain ip bad d { type nat hook postrouting priority 100; }; \
        add rule ip bad c ip daddr 10.2.0.1 tcp dport 80 dnat to 10.1.0.3; add rule ip bad d oifname != lo masquerade;
        """)
    try await Self.probing(fault, seed: 1) { policy, run, _ in
      let gate = try #require(policy.host(named: "gate"))
      var found = 0
      for (probe, judgement) in zip(run.plan.probes, run.judgements) where probe.connection.family == .ipv4 {
        #expect(
          judgement.deviations.allSatisfy { $0.host != gate || $0.kind != .stops }, "\(probe) \(judgement)")
        if "\(probe.connection.destination)" == "10.2.0.1",
          judgement.obstacle?.contains("another source") == true,
          case .ports(_, 80) = probe.connection.kind, probe.connection.ipProtocol == .tcp
        {
          found += 1
        }
      }
      #expect(found > 0)
    }
  }

  /// A host keeps what waits for a neighbour longer than senders wait: no rule has stopped it.
  @Test(arguments: [("gate", "10.2.0.1", "d"), ("d", "10.1.0.1", "a")])
  func `what waits for a neighbour is stopped by nobody`(host: String, address: String, end: String)
    async throws
  {
    let fault = Fault(
      host: host, kinds: [], ip: "route replace \(address)/32 via 10.9.9.9 dev eth0 onlink")
    try await Self.probing(fault, seed: 1) { _, run, _ in
      var found: [Bool: Int] = [:]
      for (index, (probe, judgement)) in zip(run.plan.probes, run.judgements).enumerated() {
        #expect(judgement.deviations.isEmpty, "\(probe) \(judgement)")
        if judgement.obstacle == "\(host) found no way to \(end)" {
          #expect(judgement.stop == nil && judgement.isOpen == nil)
          found[run.explanations[index].passes, default: 0] += 1
        }
      }
      #expect(found[true, default: 0] > 0, "\(found)")
      // An answer is waited for only where there is one.
      #expect((found[false, default: 0] > 0) == (host == "gate"), "\(found)")
    }
  }

  @Test(arguments: 52..<58) func `where there is no fault none is found`(seed: Int) async throws {
    let none = Fault(host: "a", kinds: [])
    let inventory = [Self.inventory, Self.odd, Self.wired("d")][seed % 3]
    try await Self.probing(none, in: inventory, seed: seed) { _, run, causes in
      #expect(run.gone.isEmpty && causes.isEmpty)
      for (probe, judgement) in zip(run.plan.probes, run.judgements) {
        #expect(judgement.isProven, "\(probe) \(judgement)")
      }
      #expect(run.judgements.count { $0.isOpen == true } > 10)
    }
  }

  /// Brings the lab up, puts the rulesets in place, makes the fault and probes.
  private static func probing(
    _ fault: Fault, in inventory: String = inventory, seed: Int,
    _ body: (Policy, ProbeRun, [ProbeRun.Place: ProbeCause]) throws -> Void
  ) async throws {
    let policy = try ProbeTests.policy(inventory)
    let program = try ProbeTests.program()
    try await withTemporaryDirectory { directory in
      let agent = "\(directory)/agent"
      let script = """
        #!/bin/sh
        SEKISHO_STATE_DIR=\(directory)/state; export SEKISHO_STATE_DIR
        if [ -n '\(fault.prefix)' ] && ip -o address | grep -q ' \(policy.address(of: fault.host))/'; then
          \(fault.prefix.isEmpty ? "exec" : fault.prefix) \(program) "$@"
        fi
        exec \(program) "$@"

        """
      _ = try await LabHarness.run(["/bin/sh", "-c", "cat > \(agent) && chmod 755 \(agent)"], input: script)
      try await withLab(policy, .root) { lab in
        for host in policy.hosts.filter({ $0.name == fault.host })
          + policy.hosts.filter({ $0.name != fault.host })
        {
          let text = host.name == fault.host ? fault.inventory : nil
          let wanted = try text.map { try ProbeTests.policy($0) } ?? policy
          let policies = HostPolicies(wanted)
          let id = try #require(wanted.host(named: host.name))
          let table = RulesetCompiler(wanted, policies).compile(policies[id])
          let transport = AgentTransport(command: try lab.execPrefix(host.name) + [program, "agent"])
          _ = try await AgentSession.run(transport, needing: [Apply.self], version: "test") { agent, _ in
            try await agent.ask(Apply(table, seen: nil, isLearning: false))
          }
          if host.name == fault.host, let knock = fault.knock {
            try await Self.knock(on: knock, until: fault.host, in: lab)
          }
        }
        if !fault.nft.isEmpty {
          try await lab.load(
            fault.host, fault.nft.replacing("; ", with: ";\n").replacing(";\n}", with: "; }"))
        }
        if !fault.ip.isEmpty {
          let made = try await lab.run(
            fault.host, ["/usr/sbin/ip"] + fault.ip.split(separator: " ").map(String.init))
          try #require(made.status == 0, "\(made.output)")
        }
        let stations = try ProbeStations(
          lab, of: policy, program: agent, patience: Patience(answer: .seconds(1200)))
        let plan = ProbePlan(
          policy, ends: stations.ends, selected: Set(stations.ends.indices), seed: UInt64(seed),
          now: .current())
        let run = await ProbeRun(plan, of: policy, through: stations, now: .current(), rate: 5000)
        try body(policy, run, await run.causes(through: stations))
      }
    }
  }

  /// Sends datagrams from `a` until a host has cut it off.
  private static func knock(on address: String, until host: String, in lab: Lab) async throws {
    let set = "tripwire/cut.\(address.contains(":") ? "v6" : "v4")"
    for _ in 0..<600 {
      _ = try await lab.run("a", ["/bin/bash", "-c", "echo x > /dev/udp/\(address)/69"])
      let listed = try await lab.run(host, ["/usr/sbin/nft", "list", "set", "inet", "sekisho", set])
      if listed.output.contains("elements") { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("\(host) has not cut off a")
  }
}

extension Policy {
  fileprivate func address(of host: String) -> String {
    hosts.first { $0.name == host }?.addresses.first?.description ?? ""
  }

  fileprivate func name(of address: Address) -> String {
    hosts.first { $0.addresses.contains(address) }?.name ?? ""
  }
}

extension ProbeDeviation.Kind {
  fileprivate var name: String {
    switch self {
    case .lets: "lets"
    case .stops: "stops"
    case .leads: "leads"
    case .bypasses: "bypasses"
    case .loses: "loses"
    case .holdsAnswer: "holdsAnswer"
    }
  }
}
