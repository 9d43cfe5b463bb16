public import ConnectionSpace

/// What a change of the policy means, without what hosts send themselves.
public struct PolicyChange: Sendable {
  /// What becomes possible.
  public let opened: ConnectionSpace
  /// What stops being possible.
  public let closed: ConnectionSpace

  /// Whether the change means nothing: renames, regrouping, another order.
  public var isEmpty: Bool { opened.isEmpty && closed.isEmpty }

  /// - Parameters:
  ///   - old: what was allowed.
  ///   - new: what is, in the same universe.
  ///   - part: ``PolicySpace/sides`` for what each host opens and closes, ``PolicySpace/whole`` for what becomes
  ///     possible from end to end.
  /// - Throws: ``ConnectionSpace/NotProven`` when the universe's budget is spent.
  public init(from old: PolicySpace, to new: PolicySpace, _ part: KeyPath<PolicySpace, ConnectionSpace>)
    throws(NotProven)
  {
    opened = try Self.gained(new[keyPath: part], new.loopback, over: old[keyPath: part], old.loopback)
    closed = try Self.gained(old[keyPath: part], old.loopback, over: new[keyPath: part], new.loopback)
  }

  /// What one allows between different hosts and the other does not.
  private static func gained(
    _ one: ConnectionSpace, _ loopback: ConnectionSpace, over other: ConnectionSpace,
    _ otherLoopback: ConnectionSpace
  ) throws(NotProven) -> ConnectionSpace {
    var gained = try one.subtracting(other)
    // What one host sent itself before may now be what two hosts send each other.
    if loopback != otherLoopback {
      gained = try gained.union(one.intersection(otherLoopback.subtracting(loopback)))
    }
    return try gained.subtracting(loopback)
  }
}
