internal import Diagnostics
internal import Policy
internal import Reachability

extension GuardProof {
  /// In words.
  func text(_ policy: Policy) -> String {
    switch self {
    case .noWay: "no way leads there, over however many hops"
    case .nearest(let steps): "the nearest way has \(counted(steps.count, "hop")): \(policy.way(steps))"
    case .flows([]): "nobody has a connection there"
    case .flows(let flows):
      "\(counted(flows.count, "flow leads", "flows lead")) there: "
        + listed(flows.map { policy[$0].name }, limit: 8, and: ", and ")
    case .denied: "nothing lets it pass, no flow and no two together"
    case .untouched(let flows): "none of \(counted(flows, "flow")) has it as an end"
    }
  }
}

extension Policy {
  /// The way by which a guard is broken; `nil`: by none.
  func way(_ breach: Breach) -> String? {
    if case .path(let steps) = breach { way(steps) } else { nil }
  }

  /// `web-1 → api-1 (web-to-api) → db-1 (api-to-db)`.
  func way(_ steps: [PathStep]) -> String {
    (steps.first.map { text($0.from) } ?? "")
      + steps.map { step in
        let flows = step.flows.map { self[$0].name }.joined(separator: " with ")
        return " → \(text(step.to)) (\(flows.isEmpty ? "nothing denies it" : flows))"
      }.joined()
  }
}
