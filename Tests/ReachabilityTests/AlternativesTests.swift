import Addressing
import ConnectionSpace
import Policy
import PolicySpace
import Reachability
import Testing

/// Two gateways between the same areas: a connection goes by either.
@Suite struct AlternativesTests {
  private static func inventory(_ guards: String, mode: String = "") -> String {
    """
    version: 1
    services: {web: tcp/80}
    hosts:
      gw-1: {addresses: [10.9.0.1], forwarding: gateway, routes: [{between: [left, right]}]}
      gw-2: {addresses: [10.9.0.2], forwarding: gateway, routes: [{between: [left, right]}]\(mode)}
      one: {addresses: [10.1.0.1], groups: [left], mode: observe}
      two: {addresses: [10.2.0.1], groups: [right], mode: observe}
    flows:
      left-to-right: {from: left, to: right, service: web, why: a test}
    guards:
      g: \(guards)
    """
  }

  private static let cases: [(guard: String, mode: String, holds: Bool)] = [
    ("{through: {from: left, to: right, via: gw-1}}", "", false),
    ("{through: {from: left, to: right, via: [gw-1, gw-2]}}", "", true),
    // What no flow allows goes by the one that observes alone.
    ("{through: {from: right, to: left, via: gw-1}}", ", mode: {forward: observe}", false),
    ("{through: {from: right, to: left, via: gw-2}}", ", mode: {forward: observe}", true),
    ("{never: {from: right, to: left, within: 1 hop}}", "", true),
    ("{never: {from: right, to: left, within: 1 hop}}", ", mode: {forward: observe}", false),
  ]

  @Test(arguments: cases) func `guards see both ways`(guard: String, mode: String, holds: Bool) throws {
    let policy = try policy(Self.inventory(`guard`, mode: mode))
    let broken = GuardChecker(policy, at: Timestamp(seconds: 1_800_000_000)).broken()
    #expect(broken.isEmpty == holds, "\(broken.map { policy.text($0) })")
  }

  @Test(arguments: [("", false), (", mode: {forward: observe}", true)])
  func `a space holds what either lets pass`(mode: String, passes: Bool) throws {
    let policy = try policy(Self.inventory("{isolated: gw-1}", mode: mode))
    let space = try PolicySpace(
      policy, HostPolicies(policy), at: Timestamp(seconds: 1_800_000_000), in: Universe(),
      reading: .effective)
    let (one, two) = (Address(.ipv4, 0x0a01_0001), Address(.ipv4, 0x0a02_0001))
    #expect(space.whole.contains(Point(.whole, from: one, to: two, .tcp, kind: 80)))
    #expect(space.whole.contains(Point(.whole, from: two, to: one, .tcp, kind: 80)) == passes)
  }
}
