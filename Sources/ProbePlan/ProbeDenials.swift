package import Explanation
package import Policy

/// What each host denies in each direction, by whether packets have shown it.
///
/// A packet that one end stops does not come to the next: that a connection is closed says nothing of what the others
/// on its way would do.
package struct ProbeDenials: Sendable {
  /// Connections that a host has to deny in a direction.
  package struct Count: Hashable, Sendable {
    /// It was seen to stop them.
    package fileprivate(set) var proven = 0
    /// They were stopped ahead of it, or went another way.
    package fileprivate(set) var unreached = 0
    /// It is not known how far they came.
    package fileprivate(set) var unproven = 0
  }

  /// Without what a host lets pass, which is a deviation.
  package private(set) var counts: [ProbeJudgement.Stop: Count] = [:]

  package init() {}

  package mutating func add(_ judgement: ProbeJudgement, _ explanation: PathExplanation) {
    for hop in explanation.hops where !hop.passes {
      let end = ProbeJudgement.Stop(host: hop.host, direction: hop.direction)
      if judgement.deviations.contains(where: {
        $0.kind == .lets && $0.host == hop.host && $0.direction == hop.direction
      }) {
        continue
      }
      if judgement.stop == end {
        counts[end, default: Count()].proven += 1
      } else if judgement.isOpen == nil {
        counts[end, default: Count()].unproven += 1
      } else {
        counts[end, default: Count()].unreached += 1
      }
    }
  }

  /// All hosts together, in one direction.
  package func total(_ direction: Direction) -> Count {
    counts.reduce(into: Count()) { total, entry in
      guard entry.key.direction == direction else { return }
      total.proven += entry.value.proven
      total.unreached += entry.value.unreached
      total.unproven += entry.value.unproven
    }
  }

  /// Hosts that have something to deny in a direction, none of which was seen to be denied.
  package func unseen(_ direction: Direction) -> [HostID] {
    counts.filter { $0.key.direction == direction && $0.value.proven == 0 }.map(\.key.host).sorted()
  }
}
