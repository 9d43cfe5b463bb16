/// A set of small integers as bits, such as hosts by their numbers: operations cost words, not members. Two sets are of one
/// count.
@frozen public struct BitSet: Hashable, Sendable {
  @usableFromInline var words: [UInt64]

  /// No integer below `count`.
  @inlinable public init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  @inlinable public init(count: Int, _ members: some Sequence<Int>) {
    self.init(count: count)
    for member in members { insert(member) }
  }

  /// Every integer below `count`.
  @inlinable public init(all count: Int) {
    words = Array(repeating: .max, count: (count + 63) / 64)
    if !count.isMultiple(of: 64) { words[words.count - 1] = 1 << UInt64(count & 63) - 1 }
  }

  @inlinable public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  @inlinable public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  @inlinable public func contains(_ member: Int) -> Bool {
    words[member >> 6] & 1 << UInt64(member & 63) != 0
  }

  @inlinable public mutating func insert(_ member: Int) { words[member >> 6] |= 1 << UInt64(member & 63) }

  @inlinable public mutating func remove(_ member: Int) { words[member >> 6] &= ~(1 << UInt64(member & 63)) }

  @inlinable public mutating func formUnion(_ other: Self) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  @inlinable public mutating func formIntersection(_ other: Self) {
    for index in words.indices { words[index] &= other.words[index] }
  }

  @inlinable public mutating func subtract(_ other: Self) {
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  @inlinable public func union(_ other: Self) -> Self {
    var result = self
    result.formUnion(other)
    return result
  }

  @inlinable public func intersection(_ other: Self) -> Self {
    var result = self
    result.formIntersection(other)
    return result
  }

  @inlinable public func subtracting(_ other: Self) -> Self {
    var result = self
    result.subtract(other)
    return result
  }

  @inlinable public func intersects(_ other: Self) -> Bool {
    for index in words.indices where words[index] & other.words[index] != 0 { return true }
    return false
  }

  @inlinable public func isSubset(of other: Self) -> Bool {
    for index in words.indices where words[index] & ~other.words[index] != 0 { return false }
    return true
  }

  /// The lowest member.
  @inlinable public var first: Int? {
    guard let index = words.firstIndex(where: { $0 != 0 }) else { return nil }
    return index << 6 | words[index].trailingZeroBitCount
  }

  /// Ascending.
  @inline(__always)
  @inlinable public func forEach(_ body: (Int) -> Void) {
    for index in words.indices {
      var rest = words[index]
      while rest != 0 {
        body(index << 6 | rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }

  /// Ascending.
  @inlinable public var members: [Int] {
    var result: [Int] = []
    result.reserveCapacity(count)
    forEach { result.append($0) }
    return result
  }
}
