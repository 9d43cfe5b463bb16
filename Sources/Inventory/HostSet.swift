internal import Addressing
internal import Policy

/// Managed hosts as bits: selectors cost words, not hosts.
struct HostSet: Hashable {
  private var bits: BitSet

  /// No host of `count`.
  init(count: Int) { bits = BitSet(count: count) }

  /// Every host of `count`.
  init(all count: Int) { bits = BitSet(all: count) }

  var isEmpty: Bool { bits.isEmpty }

  var count: Int { bits.count }

  mutating func insert(_ host: HostID) { bits.insert(host.index) }

  mutating func formUnion(_ other: Self) { bits.formUnion(other.bits) }

  mutating func formIntersection(_ other: Self) { bits.formIntersection(other.bits) }

  mutating func subtract(_ other: Self) { bits.subtract(other.bits) }

  func intersection(_ other: Self) -> Self {
    var result = self
    result.formIntersection(other)
    return result
  }

  /// The first host, in order of name.
  var first: HostID? { bits.first.map { HostID($0) } }

  /// The hosts, ascending.
  var members: [HostID] { bits.members.map { HostID($0) } }
}
