import Addressing
import Inventory
import InventoryFiles
import Policy
import ProbePlan
import Testing

@Suite struct ProbePlanTests {
  private static func plan(
    _ policy: Policy, selected: [String]? = nil, whole: Int = 1_000_000, samples: Int = 300, seed: UInt64 = 1
  ) -> ProbePlan {
    let world = World(policy, now: moment)
    return ProbePlan(
      policy, ends: world.ends,
      selected: Set(
        world.ends.indices.filter { selected?.contains(world.ends[$0].name) ?? true }),
      budget: ProbePlan.Budget(whole: whole, samples: samples), seed: seed, now: moment)
  }

  @Test func `a small fleet is tried as a whole, at the edges of every service and beside them`() throws {
    let policy = try loaded(sides)
    let plan = Self.plan(policy)
    #expect(plan.isWhole && plan.probes.count == plan.population && plan.untried.isEmpty)
    let pairs = Set(plan.probes.map { [$0.from, $0.to] })
    // Each host with each other one; all of them have IPv4.
    #expect(pairs.count == 5 * 4)
    let ends = Set(plan.probes.map { [$0.connection.source, $0.connection.destination] })
    #expect(ends.allSatisfy { $0[0].family == $0[1].family })
    let four = policy.hosts.flatMap(\.addresses).filter { $0.family == .ipv4 }.count
    #expect(ends.count { $0[0].family == .ipv4 } == four * four - (1 + 4 + 1 + 1 + 4))
    let ports = Set(
      plan.probes.compactMap { probe -> Int? in
        guard probe.connection.ipProtocol == .tcp, case .ports(_, let port) = probe.connection.kind else {
          return nil
        }
        return Int(port)
      })
    #expect(ports == [1, 52, 53, 54, 79, 80, 81, 8999, 9000, 9010, 9011])
    #expect(plan.probes.contains { $0.connection.kind == .type(8) && $0.connection.ipProtocol == .icmp })
    #expect(plan.probes.contains { $0.connection.kind == .type(128) })
  }

  /// Connection tracking knows ESP by its ends alone: what comes back is an answer.
  @Test func `what cannot be told from an answer is not tried`() throws {
    let policy = try loaded(sides)
    let tunnels = Self.plan(policy).probes.filter { $0.connection.kind == .plain }
    let pairs = Set(tunnels.map { [policy.hosts[$0.from].name, policy.hosts[$0.to].name] })
    #expect(pairs.contains(["a", "b"]) && !pairs.contains(["b", "a"]) && pairs.contains(["c", "a"]))
  }

  @Test func `the same seed plans the same, and another one something else`() throws {
    let policy = try loaded(sides)
    let one = Self.plan(policy, whole: 0, samples: 100, seed: 7).probes
    #expect(one == Self.plan(policy, whole: 0, samples: 100, seed: 7).probes)
    #expect(one != Self.plan(policy, whole: 0, samples: 100, seed: 8).probes)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `of a large fleet every host, flow and edge is tried, and as many by chance as asked for`(seed: UInt64)
    throws
  {
    let policy = try loaded(sides)
    let plan = Self.plan(policy, whole: 0, samples: 200, seed: seed)
    #expect(!plan.isWhole)
    #expect(Set(plan.probes.map(\.connection)).count == plan.probes.count)
    #expect(plan.probes.allSatisfy { $0.from != $0.to })
    for host in policy.hosts {
      for address in host.addresses {
        #expect(plan.probes.contains { $0.connection.source == address }, "\(address) sends nothing")
        #expect(plan.probes.contains { $0.connection.destination == address }, "\(address) gets nothing")
      }
    }
    // Chance may draw an answer, which is left out.
    #expect((190...200).contains(plan.probes.count { $0.isRandom }))
    let oracle = Oracle(policy)
    for (index, flow) in policy.flows.enumerated() {
      let isTried = plan.probes.contains { probe in
        oracle.judge(probe.connection, at: HostID(probe.from), .egress, now: moment)
          == .allowed(FlowID(index))
          || oracle.judge(probe.connection, at: HostID(probe.to), .ingress, now: moment)
            == .allowed(FlowID(index))
      }
      #expect(isTried, "\(flow.name)")
    }
  }

  @Test func `of some hosts all ways to and from others are tried, and no way among others`() throws {
    let policy = try loaded(sides)
    let plan = Self.plan(policy, selected: ["d"])
    #expect(plan.isWhole)
    let d = try #require(policy.host(named: "d")).index
    #expect(plan.probes.allSatisfy { $0.from == d || $0.to == d })
    #expect(Set(plan.probes.map { [$0.from, $0.to] }).count == 8)
  }

  @Test func `a flow to where no agent is is named`() throws {
    let policy = try loaded(
      sides.replacing(
        "flows:",
        with:
          "networks: {net: {prefixes: [203.0.113.0/24]}}\nflows:\n  out: {from: a, to: net, service: web, why: t}"
      ))
    #expect(Self.plan(policy).untried.map { policy[$0].name } == ["out"])
    #expect(Self.plan(policy, selected: ["b"]).untried.isEmpty)
  }

  /// Of ICMP only what begins something is sent.
  @Test func `a flow of which nothing is tried is named`() throws {
    let policy = try loaded(
      sides.replacing("ping:", with: "lost: icmpv4/address-mask-request, ping:").replacing(
        "flows:",
        with: """
          flows:
            quiet: {from: a, to: b, service: lost, why: t}
            mixed: {from: a, to: b, service: [lost, web], why: t}
          """))
    #expect(Self.plan(policy).untried.map { policy[$0].name } == ["quiet"])
    #expect(Self.plan(policy, selected: ["c"]).untried.isEmpty)
  }

  @Test func `a flow that goes to groups as well is named`() throws {
    let policy = try loaded(
      sides.replacing(
        "ping:", with: "found: {protocol: udp, ports: [5353], multicast: [224.0.0.251], replies: 5353}, ping:"
      ).replacing("flows:", with: "flows:\n  names: {from: a, to: b, service: found, why: t}"))
    let plan = Self.plan(policy)
    #expect(plan.toGroups.map { policy[$0].name } == ["names"] && plan.untried.isEmpty)
    #expect(Self.plan(policy, selected: ["c"]).toGroups.isEmpty)
  }

  @Test func `the fleet of the reference inventory is counted as it is tried`() throws {
    let policy = try #require(try Inventory.load("\(Repository.root)/inventory").policy)
    let plan = Self.plan(policy)
    #expect(plan.isWhole && plan.probes.count > 50_000)
    let sample = Self.plan(policy, whole: 20_000, samples: 4603)
    // Answers are known of what is planned.
    #expect(sample.population >= plan.population && sample.probes.count >= 4603)
    #expect(sample.untried.isEmpty == plan.untried.isEmpty)
  }

  /// What the bound is of is what is counted: no host counts more because few connections are its, and none twice
  /// because both of its ends are asked about.
  @Test(arguments: [
    (16, ["a", "b", "c"], 2.0 / 66), (1, ["a", "b", "c"], 1.0 / 3), (1, ["b", "c"], 1.0 / 3),
  ])
  func `each connection that is counted is chosen by chance as likely as any other`(
    addresses: Int, selected: [String], share: Double
  ) throws {
    let policy = try loaded(
      """
      version: 1
      services: {some: ["tcp/1000", "tcp/2000", "tcp/3000", "tcp/4000", "udp/1000", "udp/2000", "udp/3000"]}
      hosts:
        a: {addresses: [\((1...addresses).map { "10.0.1.\($0)" }.joined(separator: ", "))]}
        b: {addresses: [10.0.0.2]}
        c: {addresses: [10.0.0.3]}
      flows: {f: {from: a, to: b, service: some, why: t}}
      """)
    let random = (1...400 as ClosedRange<UInt64>).flatMap { seed in
      Self.plan(policy, selected: selected, whole: 0, samples: 10, seed: seed).probes.filter(\.isRandom)
    }
    let found = random.count { probe in
      Set([probe.from, probe.to].map { policy.hosts[$0].name }) == ["b", "c"]
    }
    let expected = share * Double(random.count)
    // Four times the deviation of so many draws.
    #expect(random.count > 3000)
    #expect(abs(Double(found) - expected) < 4 * expected.squareRoot(), "\(found), not \(expected)")
  }

  @Test(arguments: [(299, 0.0153), (459, 0.01), (4603, 0.001), (1, 0.99), (2, 0.9)])
  func `a sample without a deviation bounds the share of those that deviate`(samples: Int, share: Double)
    throws
  {
    let confidence = try #require(ProbeConfidence(samples: samples))
    #expect(confidence.share <= share * 1.000001 && confidence.share > share * 0.99)
    #expect(ProbeConfidence(samples: 0) == nil)
  }
}

/// Where the tests' inventories are.
private enum Repository {
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()
}
