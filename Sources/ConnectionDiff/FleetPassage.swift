internal import Addressing
package import ConnectionSpace
internal import RulesetSpace

/// What all hosts of a fleet let pass from end to end, before and after, and whatever they only observe: by that an
/// intruder goes from one to the next.
package struct FleetPassage: Sendable {
  /// As ``ConnectionSpace/Passage/whole``; without neighbour discovery.
  package let old: ConnectionSpace
  package let new: ConnectionSpace

  init(from old: ConnectionSpace, to new: ConnectionSpace) throws(NotProven) {
    let messages = Kinds.types(RulesetSpace.untracked)
    let discovery = try old.universe.space(of: [Rectangle(.whole, .icmpv6, from: .all, to: .all, messages)])
    self.old = try old.subtracting(discovery)
    self.new = try new.subtracting(discovery)
  }
}
