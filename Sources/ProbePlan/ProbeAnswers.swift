internal import Explanation
internal import Policy

/// Connections that are answers to others, which they cannot be told from: of protocols without ports, such as ESP,
/// connection tracking knows the two ends alone, so that what comes back from where something was sent is allowed.
struct ProbeAnswers {
  private let now: Timestamp
  private var explainer: PathExplainer

  init(_ policy: Policy, _ now: Timestamp) {
    self.now = now
    explainer = PathExplainer(policy, HostPolicies(policy))
  }

  mutating func contains(_ connection: Connection) -> Bool {
    guard connection.kind == .plain else { return false }
    let back = Connection(
      from: connection.destination, to: connection.source, connection.ipProtocol, .plain)
    return !explainer.explain(connection, now: now).passes && explainer.explain(back, now: now).passes
  }
}
