internal import Policy

/// Managed hosts as bits: selectors cost words, not hosts.
struct HostSet: Hashable {
  private var words: [UInt64]

  /// No host of `count`.
  init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  /// Every host of `count`.
  init(all count: Int) {
    words = Array(repeating: .max, count: (count + 63) / 64)
    if !count.isMultiple(of: 64) { words[words.count - 1] = 1 << UInt64(count & 63) - 1 }
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  mutating func insert(_ host: HostID) { words[host.index >> 6] |= 1 << UInt64(host.index & 63) }

  mutating func formUnion(_ other: Self) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  mutating func formIntersection(_ other: Self) {
    for index in words.indices { words[index] &= other.words[index] }
  }

  mutating func subtract(_ other: Self) {
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  func intersection(_ other: Self) -> Self {
    var result = self
    result.formIntersection(other)
    return result
  }

  /// The first host, in order of name.
  var first: HostID? {
    guard let index = words.firstIndex(where: { $0 != 0 }) else { return nil }
    return HostID(index << 6 | words[index].trailingZeroBitCount)
  }

  /// The hosts, ascending.
  var members: [HostID] {
    var result: [HostID] = []
    result.reserveCapacity(count)
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        result.append(HostID(index << 6 | rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return result
  }
}
