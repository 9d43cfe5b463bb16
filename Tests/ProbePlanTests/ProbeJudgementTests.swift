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
  ) -> [(probe: PlannedProbe, gateways: [HostID], judgement: ProbeJudgement)] {
    let plan = ProbePlan(
      world.policy, ends: world.ends, selected: Set(world.ends.indices),
      budget: ProbePlan.Budget(whole: 1_000_000), seed: 1, now: world.now)
    var explainer = PathExplainer(world.policy, HostPolicies(world.policy))
    return plan.probes.map { probe in
      let explanation = explainer.explain(probe.connection, now: world.now)
      let gateways = explanation.gateways.map(\.host)
      var evidence = world.evidence(of: probe, over: gateways)
      change(&evidence, explanation)
      return (probe, gateways, ProbeJudgement(probe, of: plan, explanation, evidence))
    }
  }

  @Test(arguments: 0..<40)
  func `a network that does what an independent reading of the policy says does not deviate`(number: Int)
    throws
  {
    let policy = number == 0 ? try loaded(sides) : RandomPolicy(seed: UInt64(number)).policy
    let world = World(policy, now: moment)
    for (probe, gateways, judgement) in Self.judged(world) {
      #expect(judgement.isProven, "\(probe) \(judgement)")
      let stop = world.stop(of: probe, over: gateways)
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
        for (probe, gateways, judgement) in Self.judged(world) {
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
    for (probe, _, judgement) in Self.judged(world, { evidence, _ in doubt.change(&evidence) }) {
      #expect(judgement.isOpen != true, "\(probe)")
      if let stop = judgement.stop {
        // A gateway that has a witness was seen to stop it.
        #expect(stop.direction == .forward && !doubt.testDescription.contains("sender"), "\(probe)")
      } else {
        #expect(judgement.obstacle != nil && judgement.deviations.isEmpty, "\(probe) \(judgement)")
      }
    }
  }

  @Test func `a packet that comes and was at no gateway on its way went around it`() throws {
    let world = World(try loaded(sides), now: moment)
    var around = 0
    let all = Self.judged(world) { evidence, explanation in
      guard !explanation.gateways.isEmpty, evidence.hasArrived else { return }
      evidence.came = []
      evidence.went = []
    }
    for (probe, gateways, judgement) in all where judgement.deviations.map(\.kind) == [.bypasses] {
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
    for (probe, _, judgement) in held {
      #expect(judgement.deviations.map(\.kind) == [.holdsAnswer])
      #expect(judgement.doubt == .much)
      guard world.ends[probe.from].name == "a", world.ends[probe.to].name == "d" else { continue }
      #expect(judgement.deviations[0].host.map { policy[$0].name } == loss.host)
    }
  }

  @Test func `a packet that becomes another is said of where it does`() throws {
    let policy = try loaded(sides)
    let world = World(policy, now: moment)
    let led = ProbeEvidence.Led(end: 3, destination: Address(.ipv4, 7), aim: .port(81))
    for (_, _, judgement) in Self.judged(
      world, { evidence, _ in if evidence.hasArrived { evidence.led = led } })
    where !judgement.deviations.isEmpty {
      #expect(judgement.deviations.map(\.kind) == [.leads(Address(.ipv4, 7), .port(81))])
      #expect(judgement.deviations[0].host == HostID(3))
    }
  }
}
