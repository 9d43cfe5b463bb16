/// Small integers as bits: nodes or points of a graph.
struct Bits: Hashable, Sendable {
  private(set) var words: [UInt64]

  /// No integer below `count`.
  init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  init(count: Int, _ members: some Sequence<Int>) {
    self.init(count: count)
    for member in members { insert(member) }
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  func contains(_ member: Int) -> Bool { words[member >> 6] & 1 << UInt64(member & 63) != 0 }

  mutating func insert(_ member: Int) { words[member >> 6] |= 1 << UInt64(member & 63) }

  mutating func remove(_ member: Int) { words[member >> 6] &= ~(1 << UInt64(member & 63)) }

  mutating func formUnion(_ other: Self) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  mutating func formIntersection(_ other: Self) {
    for index in words.indices { words[index] &= other.words[index] }
  }

  mutating func subtract(_ other: Self) {
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  func union(_ other: Self) -> Self {
    var result = self
    result.formUnion(other)
    return result
  }

  func intersection(_ other: Self) -> Self {
    var result = self
    result.formIntersection(other)
    return result
  }

  func subtracting(_ other: Self) -> Self {
    var result = self
    result.subtract(other)
    return result
  }

  func intersects(_ other: Self) -> Bool {
    for index in words.indices where words[index] & other.words[index] != 0 { return true }
    return false
  }

  func isSubset(of other: Self) -> Bool {
    for index in words.indices where words[index] & ~other.words[index] != 0 { return false }
    return true
  }

  /// The lowest member.
  var first: Int? {
    guard let index = words.firstIndex(where: { $0 != 0 }) else { return nil }
    return index << 6 | words[index].trailingZeroBitCount
  }

  /// Ascending.
  @inline(__always)
  func forEach(_ body: (Int) -> Void) {
    for index in words.indices {
      var rest = words[index]
      while rest != 0 {
        body(index << 6 | rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }

  /// Ascending.
  var members: [Int] {
    var result: [Int] = []
    forEach { result.append($0) }
    return result
  }
}
