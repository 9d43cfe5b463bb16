internal import Addressing
internal import ConnectionSpace

extension ConnectionSpace {
  /// What one end allows of these ends and does not pass from end to end.
  func halfOpen(passing whole: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
    try moved(from: .ingress, to: .whole).union(moved(from: .egress, to: .whole)).subtracting(whole)
  }

  /// What gateways forward on one side and not on the other; those that filter on one side only are told apart.
  static func forwarded(
    _ one: [String: ConnectionSpace], over other: [String: ConnectionSpace], but left: Set<String>,
    in universe: Universe
  ) throws(NotProven) -> ConnectionSpace {
    var gained = universe.empty
    for (name, space) in one where !left.contains(name) {
      gained = try gained.union(space.subtracting(other[name] ?? universe.empty))
    }
    return gained
  }

  /// How many rectangles have an end that is no managed host's.
  func rectangles(outside managed: AddressSet) throws(NotProven) -> Int {
    let outside = AddressSet.all.subtracting(managed)
    return try restricted(from: outside).union(restricted(to: outside)).rectangles().count
  }
}
