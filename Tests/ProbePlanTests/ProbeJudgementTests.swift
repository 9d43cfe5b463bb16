import Addressing
import Attempts
import Explanation
import Policy
import PolicyFixtures
import ProbePlan
import Testing

@Suite struct ProbeJudgementTests {
  /// All that is worth trying of a policy, with what is said of it.
  private static func judged(
    _ world: World, _ change: (inout ProbeEvidence, PathExplanation) -> Void = { _, _ in }
  ) -> [(probe: PlannedProbe, gateways: [HostID], judgement: ProbeJudgement, passes: Bool)] {
    let plan = ProbePlan(
      world.policy, ends: world.ends, selected: Set(world.ends.indices),
      budget: ProbePlan.Budget(whole: 1_000_000), seed: 1, now: world.now)
    var explainer = PathExplainer(world.policy, HostPolicies(world.policy))
    return plan.probes.map { probe in
      let explanation = explainer.explain(probe.connection, now: world.now)
      let gateways = explanation.gateways.map(\.host)
      var evidence = world.evidence(of: probe, over: gateways)
      change(&evidence, explanation)
      let judgement = ProbeJudgement(probe, of: plan, explanation, evidence)
      return (probe, gateways, judgement, explanation.passes)
    }
  }

  @Test(arguments: 0..<40)
  func `a network that does what an independent reading of the policy says does not deviate`(number: Int)
    throws
  {
    let policy = number == 0 ? try loaded(sides) : RandomPolicy(seed: UInt64(number)).policy
    let world = World(policy, now: moment)
    for (probe, gateways, judgement, passes) in Self.judged(world) {
      let stop = world.stop(of: probe, over: gateways)
      if passes != (stop == nil) {
        // It came to a gateway that denies it, and another one allows it.
        #expect(gateways.count > 1 && judgement.obstacle != nil && judgement.stop == nil, "\(probe)")
        continue
      }
      #expect(judgement.isProven, "\(probe) \(judgement)")
      #expect(judgement.isOpen == (stop == nil))
      #expect(judgement.stop?.host == stop?.0 && judgement.stop?.direction == stop?.1, "\(probe)")
    }
  }

  @Test func `every host that does otherwise in a direction is named for what it does, and nobody else`()
    throws
  {
    let policy = try loaded(sides)
    let right = World(policy, now: moment)
    var named = 0
    for host in policy.hosts.indices.map({ HostID($0) }) {
      for direction in Direction.allCases {
        var world = right
        world.fault = (host, direction)
        for (probe, gateways, judgement, _) in Self.judged(world) {
          // A packet that gets there meets the fault; what is behind it does nothing wrong.
          let hops =
            [(HostID(probe.from), Direction.egress)] + gateways.prefix(1).map { ($0, Direction.forward) }
            + [(HostID(probe.to), .ingress)]
          let before = hops.prefix { $0 != (host, direction) }
          let meets =
            before.count < hops.count
            && before.allSatisfy { world.passes(probe.connection, $0.0, $0.1) }
          let kind: ProbeDeviation.Kind =
            right.passes(probe.connection, host, direction) ? .stops : .lets
          let expected =
            meets ? [ProbeDeviation(kind: kind, host: host, direction: direction)] : []
          #expect(judgement.deviations == expected, "\(probe)")
          named += expected.count
        }
      }
    }
    #expect(named > 500)
  }

  struct Doubt: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (inout ProbeEvidence) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout ProbeEvidence) -> Void) {
      testDescription = description
      self.change = change
    }
  }

  static let doubts = [
    Doubt("the prober cannot send") { $0.outcome = .failed("no descriptors") },
    Doubt("there are no such sockets") { $0.outcome = .unsupported("no sockets") },
    Doubt("the sender does not see itself") { $0.senderFault = "blind" },
    Doubt("nobody knows what the receiver saw, and it is down") {
      $0.receiverFault = "down"
      $0.hasArrived = false
      $0.isDelivered = false
      if $0.outcome != .egressDenied { $0.outcome = .silent }
    },
    Doubt("there is no route") {
      $0 = ProbeEvidence(.unreachable(by: nil))
    },
  ]

  @Test(arguments: doubts)
  func `what could not be seen is never a denial beyond where it was seen to end`(doubt: Doubt) throws {
    let world = World(try loaded(sides), now: moment)
    for (probe, _, judgement, _) in Self.judged(world, { evidence, _ in doubt.change(&evidence) }) {
      #expect(judgement.isOpen == nil && judgement.stop == nil, "\(probe)")
      #expect(judgement.obstacle != nil && judgement.deviations.isEmpty, "\(probe) \(judgement)")
    }
  }

  static let contradictions = [
    Doubt("the sender got an answer") { $0.outcome = .open },
    Doubt("the receiver saw it come") { $0.hasArrived = true },
    Doubt("the receiver took it") { $0.isDelivered = true },
  ]

  @Test(arguments: contradictions)
  func `a stop is not proven where somebody has seen what goes past it`(contradiction: Doubt) throws {
    let world = World(try loaded(sides), now: moment)
    let right = Self.judged(world)
    var stops = 0
    let all = Self.judged(world) { evidence, _ in contradiction.change(&evidence) }
    for ((probe, _, judgement, passes), before) in zip(all, right) {
      guard let stop = before.judgement.stop else { continue }
      #expect(!passes)
      stops += 1
      if contradiction.testDescription.contains("come"), stop.direction == .ingress { continue }
      // Another host may have stopped it behind the one that did not.
      #expect(judgement.stop != stop, "\(probe) \(judgement)")
      #expect(!judgement.isProven, "\(probe) \(judgement)")
    }
    #expect(stops > 100)
  }

  @Test func `what a gateway saw come has left its sender, whoever did not see it leave`() throws {
    let world = World(try loaded(sides), now: moment)
    var found = 0
    for (probe, gateways, judgement, _) in Self.judged(
      world,
      { evidence, explanation in
        if let gateway = explanation.gateways.first { evidence.came = [gateway.host] }
        evidence.hasLeft = false
      })
    where !gateways.isEmpty {
      #expect(judgement.stop?.direction != .egress, "\(probe)")
      if !world.passes(probe.connection, HostID(probe.from), .egress) {
        #expect(judgement.deviations.first?.kind == .lets && judgement.deviations.first?.direction == .egress)
        found += 1
      }
    }
    #expect(found > 100)
  }

  static let dead = [
    Doubt("the gateway's kernel has given up") { $0.outcome = .unreachable(by: Address(.ipv4, 1)) },
    Doubt("the gateway waits for the neighbour") { $0.wayless = $0.came },
    Doubt("the receiver is down") { $0.receiverFault = "found no way to it, being down" },
  ]

  /// A gateway asks for a neighbour that does not answer: what it keeps for that long no rule has stopped.
  @Test(arguments: dead) func `a gateway that finds no way stops nothing`(end: Doubt) throws {
    let world = World(try loaded(sides), now: moment)
    var found = 0
    for (probe, _, judgement, _) in Self.judged(
      world,
      { evidence, explanation in
        guard let gateway = explanation.gateways.first?.host, evidence.came == [gateway] else { return }
        evidence.went = []
        evidence.hasArrived = false
        evidence.isDelivered = false
        evidence.outcome = .silent
        end.change(&evidence)
      })
    where judgement.obstacle != nil {
      #expect(judgement.obstacle?.contains("found no way to") == true)
      #expect(judgement.deviations.isEmpty && judgement.stop == nil && judgement.isOpen == nil, "\(probe)")
      found += 1
    }
    #expect(found > 10)
  }

  /// Gateways are alternatives: what one of them has passed on was stopped by none.
  @Test func `a gateway does not stop what another one has passed on`() throws {
    let two = sides.replacing(
      "flows:",
      with: """
          gate2:
            addresses: [10.1.0.253, 10.2.0.253, "2001:db8:1::fd", "2001:db8:2::fd"]
            forwarding: gateway
            routes: [{between: [near, far]}]
        flows:
        """)
    let world = World(try loaded(two), now: moment)
    var found = 0
    for (probe, gateways, judgement, passes) in Self.judged(
      world,
      { evidence, explanation in
        guard explanation.gateways.count == 2, evidence.hasLeft else { return }
        evidence.came = Set(explanation.gateways.map(\.host))
        evidence.went = [explanation.gateways[1].host]
        evidence.hasArrived = false
        evidence.isDelivered = false
        evidence.outcome = .silent
      })
    where gateways.count == 2 && judgement.stop?.direction != .egress {
      #expect(judgement.stop == nil && judgement.deviations.allSatisfy { $0.kind != .stops }, "\(probe)")
      #expect(judgement.deviations.map(\.kind) == (passes ? [.loses] : [.lets]), "\(probe) \(judgement)")
      found += 1
    }
    #expect(found > 10)
  }

  @Test func `a packet that became another's is no stop of who made it so`() throws {
    let world = World(try loaded(sides), now: moment)
    var found = 0
    for (probe, gateways, judgement, _) in Self.judged(
      world,
      { evidence, explanation in
        guard let gateway = explanation.gateways.first?.host, evidence.came == [gateway] else { return }
        evidence.went = []
        evidence.hasArrived = false
        evidence.isDelivered = false
        evidence.outcome = .silent
        evidence.disguise = gateway.index
      })
    where judgement.obstacle != nil {
      #expect(
        judgement.obstacle == "at \(world.ends[gateways[0].index].name) it became a packet of another source")
      #expect(judgement.deviations.isEmpty && judgement.stop == nil && judgement.isOpen == nil, "\(probe)")
      found += 1
    }
    #expect(found > 10)
  }

  @Test func `a packet that comes and was at no gateway on its way went around it`() throws {
    let world = World(try loaded(sides), now: moment)
    var around = 0
    let all = Self.judged(world) { evidence, explanation in
      guard !explanation.gateways.isEmpty, evidence.hasArrived else { return }
      evidence.came = []
      evidence.went = []
    }
    for (probe, gateways, judgement, _) in all where judgement.deviations.map(\.kind) == [.bypasses] {
      #expect(judgement.deviations[0].host == gateways[0], "\(probe)")
      around += 1
    }
    #expect(around > 0)
    #expect(all.allSatisfy { $0.judgement.isProven || $0.judgement.deviations.map(\.kind) == [.bypasses] })
  }

  struct Loss: Sendable {
    let left: Bool
    let back: Bool
    let host: String?
  }

  @Test(arguments: [
    Loss(left: false, back: false, host: "d"), Loss(left: true, back: true, host: "a"),
    Loss(left: true, back: false, host: nil),
  ])
  func `an answer that does not come back is said of who holds it`(loss: Loss) throws {
    let policy = try loaded(sides)
    let world = World(policy, now: moment)
    let all = Self.judged(world) { evidence, _ in
      guard evidence.isDelivered else { return }
      evidence.outcome = .silent
      evidence.hasAnswerLeft = loss.left
      evidence.hasAnswerArrived = loss.back
    }
    let held = all.filter { !$0.judgement.deviations.isEmpty }
    #expect(!held.isEmpty)
    for (probe, _, judgement, _) in held {
      #expect(judgement.deviations.map(\.kind) == [.holdsAnswer])
      #expect(judgement.doubt == .much)
      guard world.ends[probe.from].name == "a", world.ends[probe.to].name == "d" else { continue }
      #expect(judgement.deviations[0].host.map { policy[$0].name } == loss.host)
    }
  }

  @Test func `an answer that finds no way is held by nobody`() throws {
    let world = World(try loaded(sides), now: moment)
    var found: Set<Int> = []
    for (probe, _, judgement, _) in Self.judged(
      world,
      { evidence, explanation in
        guard evidence.isDelivered else { return }
        evidence.outcome = .silent
        if let gateway = explanation.gateways.first?.host {
          evidence.hasAnswerLeft = true
          evidence.answerCame = [gateway]
          evidence.answerWayless = [gateway.index]
        } else if let receiver = explanation.arrivals.first?.host {
          evidence.answerWayless = [receiver.index]
        }
      })
    where judgement.stop == nil && probe.connection.kind != .plain {
      guard judgement.obstacle != nil else {
        // An ICMP timestamp is not waited for.
        #expect(judgement.isOpen == true && judgement.isProven, "\(probe) \(judgement)")
        continue
      }
      #expect(judgement.deviations.isEmpty && judgement.isOpen == nil, "\(probe) \(judgement)")
      #expect(judgement.obstacle?.hasSuffix("found no way to \(world.ends[probe.from].name)") == true)
      found.insert(probe.to)
    }
    #expect(found.count > 2)
  }

  @Test func `a packet that becomes another is said of where it does`() throws {
    let policy = try loaded(sides)
    let world = World(policy, now: moment)
    let led = ProbeEvidence.Led(end: 3, destination: Address(.ipv4, 7), aim: .port(81))
    for (_, _, judgement, _) in Self.judged(
      world, { evidence, _ in if evidence.hasArrived { evidence.led = led } })
    where !judgement.deviations.isEmpty {
      #expect(judgement.deviations.map(\.kind) == [.leads(Address(.ipv4, 7), .port(81))])
      #expect(judgement.deviations[0].host == HostID(3))
    }
  }
}
