import ConnectionDiff
import Policy
import PolicyFixtures
import Testing

@Suite struct FlowPartDiffTests {
  @Test(arguments: 0..<30)
  func `copies that become one flow change nothing`(seed: Int) throws {
    let random = RandomPolicy(seed: UInt64(seed))
    let now = Timestamp(seconds: Int64(seed % 5) * 1000)
    for (old, new) in [(random.withCopies, random.policy), (random.policy, random.withCopies)] {
      #expect(try ConnectionDiff(from: old, to: new, at: now).isEmpty)
    }
  }

  /// Without the last part of a flow nothing opens. What closes may have been another flow's at one of its ends.
  @Test(arguments: 0..<30)
  func `a part less closes what it was, in the name of the flow`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    let now = Timestamp(seconds: 0)
    for (index, flow) in policy.flows.enumerated() where flow.parts.count > 1 {
      var flows = policy.flows
      flows[index] = Flow(
        name: flow.name, parts: Array(flow.parts.dropLast()), written: flow.written,
        per: Array(flow.per.dropLast()), services: flow.services, why: flow.why, owner: nil, ticket: nil,
        until: flow.until, location: flow.location)
      let less = Policy(
        hosts: policy.hosts, peers: policy.peers, services: policy.services, flows: flows, guards: [],
        zones: [])
      let diff = try ConnectionDiff(from: policy, to: less, at: now)
      #expect(diff.opened.isEmpty && diff.halfOpened.isEmpty)
      #expect(diff.closed.isEmpty || diff.closed.contains { $0.flow == flow.name })
    }
  }
}
