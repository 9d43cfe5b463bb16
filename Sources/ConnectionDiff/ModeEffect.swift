internal import Addressing
internal import ConnectionSpace

/// What a change of modes does to connections that no flow allows.
struct ModeEffect {
  /// Passed while it was only observed, and is denied from now on.
  let enforced: ConnectionSpace
  /// Passes from now on, because it is only observed.
  let released: ConnectionSpace
  /// Passes afterwards although no flow allows it.
  let passingAfter: ConnectionSpace

  typealias BothSides = (old: ConnectionSpace, new: ConnectionSpace)

  /// - Parameters:
  ///   - declared: what flows allow.
  ///   - effective: what passes, observed or not.
  ///   - moving: addresses of hosts that only one side has, of which other lines tell.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  init(declared: BothSides, effective: BothSides, except moving: AddressSet) throws(NotProven) {
    let before = try effective.old.subtracting(declared.old)
    let after = try effective.new.subtracting(declared.new)
    passingAfter = try after.subtracting(after.touching(moving))
    enforced = try before.subtracting(effective.new).subtracting(before.touching(moving))
    released = try passingAfter.subtracting(effective.old)
  }
}
