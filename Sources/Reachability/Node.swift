package import Addressing
package import Policy

/// Where an intruder can be.
package enum Position: Hashable, Sendable {
  case host(HostID)
  /// An address that no host has, and the network of the inventory that it is in; `nil`: in none.
  case outside(Address, network: String?)
}

/// Positions that the policy treats alike.
struct Node: Sendable {
  /// Ascending; empty for addresses outside.
  let hosts: [HostID]
  /// One of the addresses outside, and what they are called.
  let outside: Position?
  /// One after the other in the graph's points.
  let points: Range<Int>

  var isOutside: Bool { outside != nil }

  /// Whether one of it can connect to another of it: alone, a host has its loopback only.
  var isMany: Bool { hosts.count != 1 }
}
