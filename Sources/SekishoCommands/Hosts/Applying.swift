internal import AgentProtocol
internal import RulesetDiff

/// A host that is about to change, and what was shown of it.
struct Applying: Sendable {
  let target: Target
  let looked: Looked

  /// Applies exactly what was shown. When the answer is lost on the way, the host is asked for it again, in a
  /// conversation of its own.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, which says what happened.
  func apply() async throws -> Applied {
    do {
      return try await target.ask([Apply.self]) { agent in
        try await agent.ask(Apply(target.wanted, seen: looked.seen))
      }
    } catch let failure as AgentFailure where failure.happened == .unknown {
      guard let found = try? await target.ask([Look.self], { try await $0.ask(Look(target.wanted)) }) else {
        throw failure
      }
      if found.comparison.change.isEmpty {
        return Applied(
          operations: looked.comparison.change.objects.count, generation: found.comparison.generation,
          retries: 0)
      }
      throw AgentFailure(
        failure.code, "\(failure.message); asked again, the host does not have the change",
        object: failure.object,
        element: failure.element, errno: failure.errno, remedy: "look again: its agent may still be at work",
        happened: .unknown)
    }
  }
}
