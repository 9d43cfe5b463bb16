import Diagnostics
internal import Policy

// Directions that are left alone: `leave` as a mode.

/// The modes of a whole host, and of what passes through one: words of which each has rules.
enum RuledMode: String, CaseIterable {
  case enforce, observe

  var mode: Mode {
    switch self {
    case .enforce: .enforce
    case .observe: .observe
    }
  }
}

extension InventoryLoader {
  /// A mode that cannot be `leave`.
  ///
  /// - Parameters:
  ///   - what: the key.
  ///   - reason: why it cannot.
  ///   - help: what to write instead.
  mutating func ruledMode(_ node: NodeID, _ what: String, ifLeft reason: String, help: String) -> Mode? {
    if tree.isScalar(node), tree.string(node) == Mode.leave.rawValue {
      error(node, reason, help: help)
      return nil
    }
    return word(node, what, RuledMode.self)?.mode
  }
}

extension PolicyBuilder {
  /// Refuses to leave alone what is all that a host judges, or what something else of it rests on.
  mutating func checkModes() {
    // The settings are one place for all hosts, and a range is one for its own.
    var reported: Set<NodeID> = []
    for (id, index) in hosts.enumerated() {
      let body = loader.draft.hosts[index].body
      let mode = body.mode.or(loader.draft.mode)
      guard mode.ingress == .leave || mode.egress == .leave, let node = mode.node, !reported.contains(node),
        let (message, help) = obstacle(to: mode, of: name(HostID(id)), body.forwarding)
      else { continue }
      reported.insert(node)
      loader.error(node, message, help: help)
    }
  }

  private func obstacle(
    to mode: ModeDraft, of host: String, _ forwarding: ForwardingDraft
  ) -> (message: String, help: String)? {
    if case .containers(let draft) = forwarding {
      if mode.ingress == .leave {
        return (
          "what `\(host)` publishes for its containers is judged as what asks for the host, and its ingress is left alone",
          "enforce or observe its ingress, or write `forwarding: leave`"
        )
      }
      if mode.egress == .leave, draft.settled(loader.draft.containers).judgesEgress {
        return (
          "what the containers of `\(host)` ask for is judged as what the host asks for, and its egress is left alone",
          "enforce or observe its egress, or write `containers: {egress: leave}`"
        )
      }
    }
    guard mode.ingress == .leave, mode.egress == .leave else { return nil }
    switch forwarding {
    case .deny, .gateway: return nil
    case .leave, .containers:
      return (
        "nothing of `\(host)` would be judged: its ingress and its egress are left alone, and it filters nothing that passes through",
        "enforce or observe one of them, as in `mode: {ingress: enforce, egress: leave}`"
      )
    }
  }
}
