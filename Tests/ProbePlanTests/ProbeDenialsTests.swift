import Explanation
import Policy
import ProbePlan
import Testing

/// Whose denials packets have shown.
@Suite struct ProbeDenialsTests {
  private static func denials(
    _ world: World, _ change: (inout ProbeEvidence) -> Void = { _ in }
  ) -> ProbeDenials {
    let plan = ProbePlan(
      world.policy, ends: world.ends, selected: Set(world.ends.indices),
      budget: ProbePlan.Budget(whole: 1_000_000), seed: 1, now: world.now)
    var explainer = PathExplainer(world.policy, HostPolicies(world.policy))
    var denials = ProbeDenials()
    for probe in plan.probes {
      let explanation = explainer.explain(probe.connection, now: world.now)
      var evidence = world.evidence(of: probe, over: explanation.gateways.map(\.host))
      change(&evidence)
      denials.add(ProbeJudgement(probe, of: plan, explanation, evidence), explanation)
    }
    return denials
  }

  @Test func `what a sender stops shows nothing of who is behind it`() throws {
    let policy = try loaded(sides)
    let denials = Self.denials(World(policy, now: moment))
    // Who allows to send allows to receive: nothing that is denied leaves a host that enforces.
    #expect(denials.total(.egress).proven > 100 && denials.total(.egress).unreached == 0)
    #expect(denials.total(.forward).proven == 0 && denials.total(.forward).unreached > 100)
    #expect(denials.total(.ingress).proven == 0 && denials.total(.ingress).unreached > 100)
    // One only observes what comes in.
    #expect(denials.unseen(.ingress).map { policy[$0].name } == ["a", "b", "d", "gate"])
    #expect(denials.unseen(.egress).isEmpty)
    #expect(denials.counts.values.allSatisfy { $0.unproven == 0 })
  }

  @Test func `where a sender only observes, the next one is seen to deny`() throws {
    let observing = sides.replacing(
      "b: {addresses: [10.1.0.2, 10.1.0.22], groups: [near], deny: reject}",
      with: "b: {addresses: [10.1.0.2, 10.1.0.22], groups: [near], mode: {egress: observe}}")
    let policy = try loaded(observing)
    let denials = Self.denials(World(policy, now: moment))
    #expect(denials.total(.forward).proven > 10 && denials.total(.ingress).proven > 10)
    #expect(denials.unseen(.forward).isEmpty)
    // From its own side it comes to a, and from the gateway's to nobody.
    #expect(denials.unseen(.ingress).map { policy[$0].name } == ["b", "d"])
  }

  @Test func `what could not be seen is neither, and what is let pass is not a denial`() throws {
    let policy = try loaded(sides)
    let world = World(policy, now: moment)
    let right = Self.denials(world)
    let blind = Self.denials(world) { $0.senderFault = "blind" }
    for direction in Direction.allCases {
      let (all, none) = (right.total(direction), blind.total(direction))
      #expect(none.proven == 0 && none.unreached == 0)
      #expect(none.unproven == all.proven + all.unreached)
    }
    var open = world
    open.fault = (try #require(policy.host(named: "a")), .egress)
    let faulty = Self.denials(open)
    let end = ProbeJudgement.Stop(host: try #require(policy.host(named: "a")), direction: .egress)
    #expect(faulty.counts[end] == nil)
    #expect(faulty.total(.ingress).proven > 0)
  }
}
