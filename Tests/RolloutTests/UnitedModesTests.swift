import Diagnostics
import Inventory
import Policy
import Testing

@testable import Rollout

/// What one side leaves alone may be what the other side needs: no step may have both.
@Suite struct UnitedModesTests {
  private static let judged = "forwarding: containers"
  private static let open = "forwarding: deny, mode: {egress: leave}"

  private func policy(_ host: String) throws -> Policy {
    let text = """
      version: 1
      settings: {containers: {egress: enforce}}
      services: {web: tcp/443, old: tcp/80}
      hosts:
        a: {addresses: [10.0.0.1], \(host)}
        b: {addresses: [10.0.0.2]}
      flows:
        f: {from: b, to: a, service: \(host == Self.judged || host.hasSuffix("ingress: leave}") ? "web" : "old"), why: a test}
      """
    let loaded = Inventory.load([SourceFile(path: "i.yaml", bytes: Array(text.utf8))])
    return try #require(loaded.policy, "\(loaded.report)")
  }

  @Test(arguments: [
    (judged, open), (open, judged), ("mode: {ingress: leave}", "mode: {egress: leave}"),
    (judged, "forwarding: deny, mode: {ingress: leave}"),
  ])
  func `directions that are left alone are not united into a host that judges too little`(
    before: String, after: String
  ) throws {
    let old = CompiledFleet(compiling: try policy(before))
    let new = CompiledFleet(compiling: try policy(after))
    let refusal = #expect(throws: NoSteps.self) { try Rollout(from: old, to: new, at: Timestamp(seconds: 0)) }
    #expect(refusal?.reasons.contains { $0.contains("both together would judge nothing") } == true)
  }
}
