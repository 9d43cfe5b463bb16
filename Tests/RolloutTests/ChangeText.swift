import Diagnostics
import Inventory
import Policy

@testable import Rollout

/// A change of an inventory of few lines, in which host `a` is what is looked at.
struct ChangeText {
  struct Wrong: Error { let report: String }

  /// What else is said of `a`, and the flows; both sides have all else in common.
  var host = ("", "")
  var flows = ("", "")
  /// Sections beside, before and behind.
  var sections = ("", "")

  /// Some time in 2027.
  static let now = Timestamp(seconds: 1_800_000_000)

  private static func policy(_ host: String, _ flows: String, _ sections: String) throws -> Policy {
    let text = """
      version: 1
      settings: {containers: {egress: enforce}}
      services:
        web: tcp/443
        few: tcp/80
        more: tcp/80-90
        mdns: {protocol: udp, ports: [5353], multicast: [224.0.0.251], replies: 5353}
      hosts:
        a: {addresses: [10.0.0.1]\(host.isEmpty ? "" : ", ")\(host)}
        b: {addresses: [10.0.0.2]}
        c: {addresses: [10.0.0.3]}
      \(sections)
      flows:
        base: {from: b, to: c, service: web, why: a test}
        \(flows.split(separator: "\n").joined(separator: "\n  "))
      """
    let loaded = Inventory.load([SourceFile(path: "i.yaml", bytes: Array(text.utf8))])
    guard let policy = loaded.policy else { throw Wrong(report: loaded.report.text(loaded.sources)) }
    return policy
  }

  var policies: (old: Policy, new: Policy) {
    get throws {
      (
        try Self.policy(host.0, flows.0, sections.0), try Self.policy(host.1, flows.1, sections.1)
      )
    }
  }

  /// The other way.
  var reversed: Self {
    Self(host: (host.1, host.0), flows: (flows.1, flows.0), sections: (sections.1, sections.0))
  }

  private func rollout() throws -> Rollout {
    let (old, new) = try policies
    return try Rollout(
      from: CompiledFleet(compiling: old), to: CompiledFleet(compiling: new), at: Self.now)
  }

  /// The steps of `a`: `+` opens, `-` closes, `=` does neither.
  func steps() throws -> String {
    try rollout().steps.compactMap { step -> String? in
      guard let change = step.changes.first(where: { $0.host == "a" }) else { return nil }
      // A step in which others open may be the one in which its rules are written anew.
      return change.part == .other ? "=" : step.opens ? "+" : "-"
    }.joined()
  }

  func reasons() throws -> [String] {
    do { _ = try rollout() } catch let error as NoSteps { return error.reasons }
    return []
  }

  /// What of the invariant does not hold.
  func faults() throws -> [String] {
    let (old, new) = try policies
    return try FleetInvariant.faults(old, new, at: Self.now, seed: 1) ?? ["no steps"]
  }

  /// Whether `a` has in between what an inventory gives it that has the flows of both sides.
  func isInBetween(_ flows: String, host: String, sections: String) throws -> Bool {
    let between = try rollout().steps.first?.changes.first { $0.host == "a" }?.wanted
    let both = CompiledFleet(compiling: try Self.policy(host, flows, sections))
    guard let place = both.policy.host(named: "a") else { return false }
    return between == both.tables[both.policies.assignment[place.index]]
  }
}
