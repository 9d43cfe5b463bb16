import Addressing
import ConnectionSpace
import Nftables
import Policy
import PolicySpace
import RulesetShape
import RulesetSpace

/// What passes from end to end where each host has some table or none: read from the tables, which share nothing with how
/// steps are made.
final class FleetState {
  let universe = Universe()
  private let now: Timestamp
  /// Hosts have few tables, and many states of a fleet are looked at.
  private var known: [Member: [Passage: [ConnectionSpace]]] = [:]

  init(at now: Timestamp) { self.now = now }

  struct Member: Hashable {
    let addresses: [Address]
    let carried: [Address]
    let areas: [AreaPair]?
    let table: Table
  }

  /// By bound: what surely passes, and what may.
  func whole(_ members: [Member]) throws -> [ConnectionSpace] {
    var sides = [universe.empty, universe.empty]
    var gateways: [[Gateway]] = [[], []]
    for member in members {
      let spaces = try known[member] ?? spaces(member)
      known[member] = spaces
      for bound in 0...1 {
        for passage in [Passage.ingress, .egress] {
          sides[bound] = try sides[bound].union(spaces[passage]?[bound] ?? universe.empty)
        }
        if let crossing = spaces[.forward] {
          gateways[bound].append(
            Gateway(
              addresses: AddressSet(member.addresses), joining: member.areas, forwarded: crossing[bound]))
        }
      }
    }
    let judging = AddressSet(members.flatMap { $0.addresses + $0.carried })
    return try (0...1).map { try sides[$0].endToEnd(judging: judging, through: gateways[$0]) }
  }

  private func spaces(_ member: Member) throws -> [Passage: [ConnectionSpace]] {
    let own = AddressSet(member.addresses)
    let here = own.union(AddressSet(member.carried))
    func space(_ passage: Passage) throws -> [ConnectionSpace] {
      var circumstances = Circumstances(
        ownAddresses: own, time: UInt64(now.seconds) * 1_000_000_000,
        apartFrom: [member.table].bridgeNames)
      if passage == .egress { circumstances.ownSources = here }
      if passage == .ingress { circumstances.ownDestinations = here }
      let space = try RulesetSpace([member.table], passage, circumstances, in: universe)
      return [space.lower, space.upper]
    }
    var result = [
      Passage.ingress: try space(.ingress).map { try $0.restricted(to: here) },
      .egress: try space(.egress).map { try $0.restricted(from: here) },
    ]
    if member.areas != nil { result[.forward] = try space(.forward) }
    return result
  }
}
