import Diagnostics
import Inventory
import Policy
import Rollout
import Testing

/// What a change of one host opens and closes: one step where it does one of the two, and two where it does both.
@Suite struct KindsOfChangeTests {
  /// Of host `a`, before and behind, with the steps that lead there: `+` opens, `-` closes.
  private static let cases: [(before: String, after: String, steps: String)] = [
    ("mode: {ingress: observe}", "", "-"), ("", "mode: {ingress: observe}", "+"),
    ("mode: {egress: observe}", "", "-"), ("", "mode: {egress: observe}", "+"),
    ("mode: {egress: leave}", "mode: {egress: observe}", "="),
    ("dhcp: true", "", "-"), ("", "dhcp: true", "+"),
    ("forwarding: leave", "forwarding: deny", "-"), ("forwarding: deny", "forwarding: leave", "+"),
    ("forwarding: deny, mode: {forward: observe}", "forwarding: deny", "-"),
    ("forwarding: deny", "forwarding: deny, mode: {forward: observe}", "+"),
    ("forwarding: containers, containers: {egress: leave}", "forwarding: containers", "-"),
    ("forwarding: containers", "forwarding: containers, containers: {egress: leave}", "+"),
    ("forwarding: containers, mode: {ingress: observe}", "forwarding: containers", "-"),
    ("forwarding: containers", "forwarding: deny", "-"), ("forwarding: deny", "forwarding: containers", "+"),
  ]

  private func policy(_ host: String, asks: Bool = false, isAsked: Bool = false) throws -> Policy {
    let text = """
      version: 1
      settings: {containers: {egress: enforce}}
      services: {web: tcp/443, ask: udp/53}
      hosts:
        a: {addresses: [10.0.0.1]\(host.isEmpty ? "" : ", ")\(host)}
        b: {addresses: [10.0.0.2]}
      flows:
        f: {from: b, to: a, service: web, why: a test}
        \(asks ? "asks: {from: a, to: b, service: ask, why: a test}" : "")
        \(isAsked ? "asked: {from: b, to: a, service: ask, why: a test}" : "")
      """
    let loaded = Inventory.load([SourceFile(path: "i.yaml", bytes: Array(text.utf8))])
    return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
  }

  /// Of host `a`: what is another flow's is another host's, too.
  private func steps(_ old: Policy, _ new: Policy) throws -> String {
    let rollout = try Rollout(
      from: CompiledFleet(compiling: old), to: CompiledFleet(compiling: new), at: Timestamp(seconds: 0))
    return rollout.steps.filter { $0.changes.contains { $0.host == "a" } }
      .map { $0.opens ? "+" : $0.closes ? "-" : "=" }.joined()
  }

  @Test(arguments: cases)
  func `what is said of a host opens or closes`(before: String, after: String, steps: String) throws {
    #expect(try self.steps(policy(before), policy(after)) == steps)
  }

  /// A flow of the direction that stays as it is, which comes where the host closes, and goes where it opens.
  @Test(arguments: cases.filter { $0.steps != "=" })
  func `with a flow that does the other, all opens ahead of what closes`(
    before: String, after: String, steps: String
  ) throws {
    let asks = !"\(before) \(after)".contains("egress")
    func policy(_ host: String, _ hasFlow: Bool) throws -> Policy {
      try self.policy(host, asks: hasFlow && asks, isAsked: hasFlow && !asks)
    }
    let closes = steps == "-"
    #expect(try self.steps(policy(before, !closes), policy(after, closes)) == "+-")
  }
}
