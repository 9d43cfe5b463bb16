internal import Addressing
public import ConnectionSpace
internal import Nftables
public import Policy
internal import RulesetSpace

/// What all hosts of a fleet let pass from end to end, whatever they only observe: by that an intruder goes from
/// one to the next.
public struct FleetPassage: Sendable {
  /// As ``ConnectionSpace/Passage/whole``, before and after; without neighbour discovery.
  public let old: ConnectionSpace
  public let new: ConnectionSpace

  /// - Parameters:
  ///   - hosts: all of the fleet.
  ///   - now: the moment at which flows with an end are judged.
  /// - Throws: ``NotProven`` when the budget is spent.
  public init(_ hosts: [HostRulesets], at now: Timestamp, budget: Budget = Budget()) throws(NotProven) {
    let universe = Universe(budget: budget)
    old = try Self.passing(
      hosts.compactMap { host in host.old.map { (host, $0 + host.staying) } }, now, universe)
    new = try Self.passing(
      hosts.compactMap { host in host.new.map { (host, $0 + host.staying) } }, now, universe)
  }

  private static func passing(_ members: [FleetSpace.Member], _ now: Timestamp, _ universe: Universe)
    throws(NotProven) -> ConnectionSpace
  {
    let space = try FleetSpace(members, groups: universe.empty, at: now, enforcing: false)
    let discovery = Rectangle(.whole, .icmpv6, from: .all, to: .all, .types(RulesetSpace.untracked))
    return try space.upper.whole.subtracting(universe.space(of: [discovery]))
  }
}
