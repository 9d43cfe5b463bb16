internal import Addressing
internal import ConnectionSpace
internal import Nftables
internal import Policy
internal import RulesetShape

/// The connections that a change of rulesets opens and closes.
///
/// Tables that stay are looked at apart: what they let pass is the same on both sides, so that what is not known of
/// them makes uncertain only what they are asked about.
struct RulesetChange {
  let opened: ConnectionSpace
  let closed: ConnectionSpace
  /// What may open or close beside that.
  let mayOpen: ConnectionSpace
  let mayClose: ConnectionSpace
  /// What an end or a gateway allows from now on, or no more, and not everybody on the way.
  let halfOpened: ConnectionSpace
  let halfClosed: ConnectionSpace
  /// What gateways forward from now on, or no more, beside what passes from end to end: on ways that no declared
  /// route leads.
  let forwardOpened: ConnectionSpace
  let forwardClosed: ConnectionSpace
  /// What no flow allows, by modes.
  let modal: ModeEffect
  /// What no flow allows any more, and passes on.
  let stillPassing: ConnectionSpace
  /// What passes on either side, whatever is only observed.
  let passage: FleetPassage

  /// - Parameter left: hosts that filter what passes through on one side only.
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  init(
    from old: [FleetSpace.Member], to new: [FleetSpace.Member], staying: [HostRulesets],
    groups: ConnectionSpace, leaving left: Set<String>, at now: Timestamp
  ) throws(NotProven) {
    let passing = (
      old: try FleetSpace.Parts(old, groups: groups, at: now),
      new: try FleetSpace.Parts(new, groups: groups, at: now)
    )
    let alone = LeftAlone(new.map(\.host))
    let before = try FleetSpace(passing.old, but: alone.old, as: passing.new)
    let after = try FleetSpace(passing.new, but: alone.new, as: passing.old)
    let others =
      staying.isEmpty ? nil : try FleetSpace(staying.map { ($0, $0.staying) }, groups: groups, at: now)
    (opened, mayOpen) = try Self.gained(after, over: before, passing: others)
    var (closed, mayClose) = try Self.gained(before, over: after, passing: others)
    forwardOpened = try ConnectionSpace.forwarded(
      after.upper.forwarded, over: before.upper.forwarded, but: left, in: groups.universe
    ).subtracting(opened).subtracting(mayOpen)
    forwardClosed = try ConnectionSpace.forwarded(
      before.upper.forwarded, over: after.upper.forwarded, but: left, in: groups.universe
    ).subtracting(closed).subtracting(mayClose)
    // What one end leaves alone is open there to whatever the other allows.
    let one = try before.upper.sides.halfOpen(passing: before.upper.whole)
    let other = try after.upper.sides.halfOpen(passing: after.upper.whole)
    halfOpened = try other.subtracting(one).subtracting(before.upper.whole)
    halfClosed = try one.subtracting(other).subtracting(after.upper.whole)

    func whole(
      _ members: [FleetSpace.Member], _ alone: [Direction: AddressSet], _ space: FleetSpace
    ) throws(NotProven) -> ConnectionSpace {
      let isObserving = members.byTables.contains { $0.tables.contains { $0.enforcing != $0 } }
      return isObserving || !alone.isEmpty
        ? try FleetSpace(members, groups: groups, at: now, enforcing: false).upper.whole : space.upper.whole
    }
    func judged(_ whole: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
      if let others { try others.upper.passing(whole) } else { whole }
    }
    let effective = (
      old: try judged(whole(old, alone.old, before)), new: try judged(whole(new, alone.new, after))
    )
    let moving = before.upper.judging.subtracting(after.upper.judging)
      .union(after.upper.judging.subtracting(before.upper.judging))
    modal = try ModeEffect(
      declared: (judged(before.upper.whole), judged(after.upper.whole)), effective: effective,
      except: moving)
    stillPassing = try closed.union(mayClose).intersection(modal.passingAfter)
    closed = try closed.subtracting(stillPassing)
    mayClose = try mayClose.subtracting(stillPassing)
    (self.closed, self.mayClose) = (closed, mayClose)
    passage = try FleetPassage(from: effective.old, to: effective.new)
  }

  private static func gained(
    _ one: FleetSpace, over other: FleetSpace, passing others: FleetSpace?
  ) throws(NotProven) -> (sure: ConnectionSpace, possible: ConnectionSpace) {
    var sure = try one.lower.whole.subtracting(other.upper.whole)
    // What depends on more than the connection on both sides, as the hop limit of neighbour discovery does, is no
    // change of one that anybody could name.
    var possible = try one.upper.whole.subtracting(other.upper.whole)
      .union(one.lower.whole.subtracting(other.lower.whole))
    // Of an address that a network had and no host did.
    let come = one.upper.judging.subtracting(other.upper.judging)
    sure = try sure.union(one.lower.whole.touching(come))
    possible = try possible.union(one.upper.whole.touching(come))
    if let others {
      sure = try others.lower.passing(sure)
      possible = try others.upper.passing(possible)
    }
    return (sure, try possible.subtracting(sure))
  }
}

extension FleetSpace.Bound {
  /// What these hosts let pass of some connections; those between two other ends pass.
  fileprivate func passing(_ some: ConnectionSpace) throws(NotProven) -> ConnectionSpace {
    let others = AddressSet.all.subtracting(judging)
    return try some.intersection(whole).union(some.restricted(from: others, to: others))
  }
}

/// The addresses of hosts of which only one side of a change judges a direction, and leaves it alone on the other: what passes
/// there for that alone is told as a change of modes.
private struct LeftAlone {
  private(set) var old: [Direction: AddressSet] = [:]
  private(set) var new: [Direction: AddressSet] = [:]

  init(_ hosts: [HostRulesets]) {
    for host in hosts {
      guard let old = host.old, let new = host.new else { continue }
      for direction in [Direction.ingress, .egress] {
        guard let left = old.leave(direction), let leaves = new.leave(direction), left != leaves else {
          continue
        }
        let own = AddressSet(host.addresses + host.carried + host.stray)
        if left {
          self.old[direction] = self.old[direction]?.union(own) ?? own
        } else {
          self.new[direction] = self.new[direction]?.union(own) ?? own
        }
      }
    }
  }
}

extension [Table] {
  /// Whether the compiled table among these leaves a direction alone; `nil`: there is none.
  func leave(_ direction: Direction) -> Bool? {
    first(where: \.isSekishos).map { $0.leavesAlone(Side(direction)) }
  }
}
