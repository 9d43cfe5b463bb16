internal import Diagnostics
internal import Policy
internal import Reachability

/// Paths of an intruder as JSON.
struct PathJSON {
  let policy: Policy
  let sources: Sources

  /// One connection.
  struct Hop: Encodable {
    struct By: Encodable {
      let flow: String
      let services: [String]
      let at: String
    }
    let from: String
    let to: String
    /// All of them are needed.
    let flows: [By]
    /// Ends that let it pass because they only observe, or leave that direction alone.
    let observing: [String]
  }

  func hops(_ steps: [PathStep]) -> [Hop] {
    steps.map { step in
      Hop(
        from: policy.text(step.from), to: policy.text(step.to),
        flows: step.flows.map { id in
          let flow = policy[id]
          return Hop.By(
            flow: flow.name, services: flow.services.map { policy[$0].name },
            at: "\(sources.shownPath(flow.location.file)):\(flow.location.line)")
        }, observing: step.unguarded.map { policy[$0].name })
    }
  }
}

extension Policy {
  /// The name of a host or a network; an address that is in no network is called so.
  func text(_ position: Position) -> String {
    switch position {
    case .host(let host): self[host].name
    case .outside(_, let network): network ?? "an address outside"
    }
  }
}
