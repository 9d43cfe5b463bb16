import Addressing
import Diagnostics
import Fleet
import Inventory
import Lab
import LabHarness
import Operations
import Policy
import ProbePlan
import Testing

/// Real packets between namespaces against a policy.
@Suite(.needsNamespaces, .timeLimit(.minutes(60))) struct ProbeTests {
  static let inventory = """
    version: 1
    services: {web: tcp/80, ask: udp/53, ping: icmp/echo-request}
    hosts:
      a: {addresses: [10.0.0.1, "2001:db8::1"]}
      b: {addresses: [10.0.0.2, "2001:db8::2"]}
    flows:
      all: {from: [a, b], to: [a, b], service: [web, ask, ping], why: test}
    """

  static func policy(_ text: String) throws -> Policy {
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
    return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
  }

  static func program() throws -> String { try supportProgram().replacing("/lab-support", with: "/sekisho") }

  /// Beside a thousand other tests an answer may wait long for somebody to take it.
  private static let patience = Patience(answer: .seconds(1200))

  /// Tries connections from a to b.
  private func judge(
    _ lab: Lab, _ policy: Policy, _ kinds: [(IPProtocol, Connection.Kind)], program: String? = nil,
    patience: Patience = Self.patience
  ) async throws -> ProbeRun {
    let stations = try ProbeStations(
      lab, of: policy, program: program ?? Self.program(), patience: patience)
    let probes = kinds.map { ipProtocol, kind in
      let family: AddressFamily = ipProtocol == .icmpv6 ? .ipv6 : .ipv4
      let (a, b) = (0, 1)
      let source = stations.ends[a].addresses.first { $0.family == family } ?? Address(.ipv4, 0)
      let destination = stations.ends[b].addresses.first { $0.family == family } ?? Address(.ipv4, 0)
      return PlannedProbe(from: a, to: b, Connection(from: source, to: destination, ipProtocol, kind))
    }
    return await ProbeRun(
      ProbePlan(probes, ends: stations.ends), of: policy, through: stations, now: .current(), rate: 1000)
  }

  @Test func `packets of a lab pass and are stopped as the kernel has it`() async throws {
    let policy = try Self.policy(Self.inventory)
    try await withLab(policy, Rights.available[0]) { lab in
      try await lab.load(
        "b",
        "table inet t { chain c { type filter hook input priority 0; th dport { 80, 54 } drop; }; chain o { type filter hook output priority 0; udp sport 53 drop; icmp type destination-unreachable drop; }; }"
      )
      let run = try await judge(
        lab, policy,
        [
          (.tcp, .ports(source: 61_001, destination: 80)), (.udp, .ports(source: 61_001, destination: 53)),
          (.icmp, .type(8)), (.icmpv6, .type(128)), (.tcp, .ports(source: 61_001, destination: 81)),
          (.udp, .ports(source: 61_001, destination: 54)),
        ])
      #expect(run.gone.isEmpty)
      #expect(run.judgements.map(\.isOpen) == [false, false, true, true, true, false])
      let (a, b) = (HostID(0), HostID(1))
      #expect(
        run.judgements.map(\.deviations) == [
          [ProbeDeviation(kind: .stops, host: b, direction: .ingress)],
          [ProbeDeviation(kind: .holdsAnswer, host: b, direction: .egress)],
          [], [],
          // Nothing is filtered at a, and what is denied gets to b.
          [
            ProbeDeviation(kind: .lets, host: a, direction: .egress),
            ProbeDeviation(kind: .lets, host: b, direction: .ingress),
          ],
          [ProbeDeviation(kind: .lets, host: a, direction: .egress)],
        ])
      #expect(run.judgements.last?.stop?.host == b)
    }
  }

  /// A port that is listened to stays with who has it, and one that is not stays free.
  @Test func `no port is taken, and who listens is not needed`() async throws {
    let policy = try Self.policy(Self.inventory)
    try await withLab(policy, Rights.available[0]) { lab in
      let listening = try lab.execPrefix("b") + [try supportProgram(), "listen", "udp=53", "tcp=80"]
      let (finished, run) = try await whileRunning(listening, after: "listening") {
        try await judge(
          lab, policy,
          [
            (.tcp, .ports(source: 61_001, destination: 80)), (.udp, .ports(source: 61_001, destination: 53)),
          ])
      }
      #expect(run.judgements.allSatisfy { $0.isProven && $0.isOpen == true })
      #expect(!finished.output.contains("unheard"))
      #expect(finished.output.contains("tcp 80 10.0.0.1 1") && finished.output.contains("udp 53 10.0.0.1 1"))
    }
  }

  @Test(arguments: ["link set lo down", "address flush dev eth0", "link set eth0 down"])
  func `a host whose own packets are not seen proves nothing`(fault: String) async throws {
    let policy = try Self.policy(Self.inventory)
    try await withLab(policy, Rights.available[0]) { lab in
      for broken in ["a", "b"] {
        _ = try await lab.run(broken, ["/usr/sbin/ip"] + fault.split(separator: " ").map(String.init))
        let run = try await judge(
          lab, policy,
          [
            (.tcp, .ports(source: 61_001, destination: 81)), (.udp, .ports(source: 61_001, destination: 82)),
          ])
        #expect(
          run.judgements.allSatisfy { $0.stop == nil && $0.isOpen != true }, "\(broken) \(run.judgements)")
        #expect(
          run.judgements.allSatisfy { $0.obstacle != nil || !$0.deviations.isEmpty },
          "\(broken) \(run.judgements)")
        if broken == "a" { try await heal(lab) }
      }
    }
  }

  private func heal(_ lab: Lab) async throws {
    for command in [
      "link set lo up", "link set eth0 up", "address replace 10.0.0.1/32 dev eth0",
      "address replace 2001:db8::1/128 dev eth0 nodad", "route replace 10.0.0.2/32 dev eth0",
    ] {
      _ = try await lab.run("a", ["/usr/sbin/ip"] + command.split(separator: " ").map(String.init))
    }
  }

  /// An agent that hangs is waited for as long as was asked for, and the others' packets are judged all the same.
  @Test func `a host that hangs is named, and what others have shown is told`() async throws {
    let three = Self.inventory.replacing("flows:", with: "  c: {addresses: [10.0.0.3]}\nflows:")
    let policy = try Self.policy(three)
    try await withTemporaryDirectory { directory in
      let hanging = "\(directory)/agent"
      let script =
        "#!/bin/sh\nif ip -o address | grep -q 10.0.0.3; then exec sleep 600; fi\nexec \(try Self.program()) \"$@\"\n"
      _ = try await LabHarness.run(
        ["/bin/sh", "-c", "cat > \(hanging) && chmod 755 \(hanging)"], input: script)
      try await withLab(policy, Rights.available[0]) { lab in
        let stations = try ProbeStations(
          lab, of: policy, program: hanging, patience: Patience(answer: .seconds(20)))
        let plan = ProbePlan(
          policy, ends: stations.ends, selected: [0, 1, 2], seed: 1, now: .current())
        let run = await ProbeRun(plan, of: policy, through: stations, now: .current(), rate: 1000)
        #expect(run.gone.map(\.end) == [2])
        for (index, (probe, judgement)) in zip(plan.probes, run.judgements).enumerated() {
          // Nobody knows what the one that hangs has sent, so that no record counts as its.
          #expect((run.sent[index] > 0) == (probe.from != 2), "\(probe)")
          if probe.from == 2 || probe.to == 2 {
            #expect(!judgement.isProven && judgement.stop?.host != HostID(2))
          } else {
            #expect(judgement.isOpen == true, "\(probe) \(judgement)")
          }
        }
      }
    }
  }

  /// Of a large fleet not all are asked at the same time.
  @Test func `in many rounds the same comes out as in one, and who is missing is missing in all`()
    async throws
  {
    let five = Self.inventory.replacing(
      "flows:",
      with: """
          c: {addresses: [10.0.0.3]}
          d: {addresses: [10.0.0.4]}
          e: {addresses: [10.0.0.5]}
        flows:
        """)
    let policy = try Self.policy(five)
    try await withLab(policy, Rights.available[0]) { lab in
      try await lab.load(
        "c", "table ip t { chain c { type filter hook input priority 0; udp dport 53 drop; }; }")
      _ = try await lab.run("e", ["/usr/sbin/ip", "link", "set", "lo", "down"])
      let stations = try ProbeStations(lab, of: policy, program: Self.program())
      let plan = ProbePlan(policy, ends: stations.ends, selected: Set(0..<5), seed: 1, now: .current())
      var outcomes: [[ProbeJudgement]] = []
      for width in [2, 3, 96] {
        let run = await ProbeRun(
          plan, of: policy, through: stations, now: .current(), rate: 5000, width: width)
        outcomes.append(run.judgements)
      }
      for index in plan.probes.indices {
        let each = outcomes.map { $0[index] }
        #expect(each.allSatisfy { $0.isOpen == each[0].isOpen && $0.deviations == each[0].deviations })
        let isOfMissing = plan.probes[index].from == 4 || plan.probes[index].to == 4
        #expect(each.allSatisfy { ($0.obstacle != nil) == isOfMissing }, "\(plan.probes[index]) \(each)")
      }
    }
  }
}
