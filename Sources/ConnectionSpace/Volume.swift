/// An exact number of points: up to 320 bits, more than all connections there can be.
public struct Volume: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// From the lowest 64 bits up.
  private var words: InlineArray<5, UInt64>

  public static let zero = Self(0)

  public init(_ number: UInt128) {
    words = InlineArray(repeating: 0)
    words[0] = UInt64(truncatingIfNeeded: number)
    words[1] = UInt64(truncatingIfNeeded: number >> 64)
  }

  /// How many numbers a range holds.
  init<Bound: FixedWidthInteger & UnsignedInteger>(count range: ClosedRange<Bound>) {
    self.init(UInt128(truncatingIfNeeded: range.upperBound - range.lowerBound))
    self += Self(1)
  }

  /// The number, where it fits.
  public var uint64: UInt64? { (1..<5).allSatisfy { words[$0] == 0 } ? words[0] : nil }

  /// About the number.
  public var approximate: Double {
    var result = 0.0
    for index in (0..<5).reversed() { result = result * 18_446_744_073_709_551_616 + Double(words[index]) }
    return result
  }

  public static func += (a: inout Self, b: Self) {
    var carry: UInt64 = 0
    for index in 0..<5 {
      let (half, first) = a.words[index].addingReportingOverflow(b.words[index])
      let (sum, second) = half.addingReportingOverflow(carry)
      a.words[index] = sum
      carry = first || second ? 1 : 0
    }
    precondition(carry == 0, "a volume beyond all connections")
  }

  public static func + (a: Self, b: Self) -> Self {
    var sum = a
    sum += b
    return sum
  }

  public static func * (a: Self, b: Self) -> Self {
    var product = Self(0)
    for i in 0..<5 where a.words[i] != 0 {
      var carry: UInt64 = 0
      for j in 0..<(5 - i) {
        let (high, low) = a.words[i].multipliedFullWidth(by: b.words[j])
        let (half, first) = product.words[i + j].addingReportingOverflow(low)
        let (sum, second) = half.addingReportingOverflow(carry)
        product.words[i + j] = sum
        carry = high + (first ? 1 : 0) + (second ? 1 : 0)
      }
      precondition(carry == 0, "a volume beyond all connections")
    }
    return product
  }

  public static func == (a: Self, b: Self) -> Bool { (0..<5).allSatisfy { a.words[$0] == b.words[$0] } }

  public static func < (a: Self, b: Self) -> Bool {
    for index in (0..<5).reversed() where a.words[index] != b.words[index] {
      return a.words[index] < b.words[index]
    }
    return false
  }

  public func hash(into hasher: inout Hasher) {
    for index in 0..<5 { hasher.combine(words[index]) }
  }

  /// In decimal, without grouping.
  public var description: String {
    var rest = self
    var groups: [String] = []
    repeat {
      let (quotient, remainder) = rest.divided(by: 1_000_000_000_000_000_000)
      groups.append(String(remainder))
      rest = quotient
    } while rest != .zero
    let first = groups.removeLast()
    return groups.reversed().reduce(first) { $0 + String(repeating: "0", count: 18 - $1.utf8.count) + $1 }
  }

  private func divided(by divisor: UInt64) -> (quotient: Self, remainder: UInt64) {
    var quotient = Self(0)
    var remainder: UInt64 = 0
    for index in (0..<5).reversed() {
      (quotient.words[index], remainder) = divisor.dividingFullWidth((remainder, words[index]))
    }
    return (quotient, remainder)
  }
}
