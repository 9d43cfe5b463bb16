internal import AgentProtocol

/// Directions of a host of which nothing is told that is recorded.
struct SilentDirections: Sendable {
  /// Those whose rules are not what was compiled.
  private let strange: [DirectionStatus.Direction]
  /// Those that have no rules.
  private let left: [DirectionStatus.Direction]

  init(_ directions: [(hook: DirectionStatus.Direction, mode: DirectionStatus.Mode)]) {
    strange = directions.filter { $0.mode == .unknown }.map(\.hook)
    left = directions.filter { $0.mode == .leave }.map(\.hook)
  }

  /// Why there is nothing to tell of a host, or of some of its directions.
  ///
  /// - Parameters:
  ///   - mode: that of the directions that are meant.
  ///   - isMeant: whether the host has any of those.
  func words(of host: String, _ mode: DirectionStatus.Mode, isMeant: Bool) -> [String] {
    let nothing =
      isMeant || !strange.isEmpty
      ? []
      : [
        mode == .enforce
          ? "\(host) denies nothing, it only observes: `sekisho observed` lists what it would deny"
          : "\(host) observes nothing, it enforces: `sekisho denied` lists what it has denied"
      ]
    return nothing
      + left.map {
        "\(host), \($0.rawValue): left alone, so that everything passes and nothing is recorded"
      }
      + strange.map { "\(host), \($0.rawValue): the rules are not what was compiled, nothing is known" }
  }
}
