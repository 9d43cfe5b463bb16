/// A set of integers as sorted, disjoint, non-touching closed ranges.
///
/// The form is canonical: two sets are equal exactly when their ranges are. An operation on two sets is one
/// pass over both.
public struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
  /// Ascending, disjoint, and never adjacent: `1...2, 3...4` is stored as `1...4`.
  public private(set) var ranges: [ClosedRange<Bound>]

  private init(canonical ranges: [ClosedRange<Bound>]) { self.ranges = ranges }

  /// The empty set.
  public init() { ranges = [] }

  /// The union of ranges in any order, overlapping or not.
  public init(_ ranges: some Sequence<ClosedRange<Bound>>) {
    self.init(canonical: Self.canonical(Array(ranges)))
  }

  /// Most come from sets, in order.
  @_specialize(where Bound == UInt128)
  @_specialize(where Bound == UInt32)
  @_specialize(where Bound == UInt16)
  private static func canonical(_ ranges: [ClosedRange<Bound>]) -> [ClosedRange<Bound>] {
    let isAscending = zip(ranges, ranges.dropFirst()).allSatisfy { $0.lowerBound <= $1.lowerBound }
    return merged(isAscending ? ranges : ranges.sorted { $0.lowerBound < $1.lowerBound })
  }

  /// Single values that are ascending already; the caller vouches for the order.
  ///
  /// One pass without sorting, for sets of ten thousand addresses.
  public init(ascending values: [Bound]) {
    var result: [ClosedRange<Bound>] = []
    for value in values {
      if let last = result.last, value <= last.upperBound || value - 1 == last.upperBound {
        precondition(value >= last.upperBound, "values of an interval set are not ascending")
        result[result.count - 1] = last.lowerBound...value
      } else {
        result.append(value...value)
      }
    }
    self.init(canonical: result)
  }

  /// Every integer the type can hold.
  public static var all: Self { Self(canonical: [Bound.min...Bound.max]) }

  public var isEmpty: Bool { ranges.isEmpty }

  /// Whether the set holds everything the type can hold.
  public var isAll: Bool { ranges.count == 1 && ranges[0] == Bound.min...Bound.max }

  /// Binary search: logarithmic in the number of ranges.
  public func contains(_ value: Bound) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= value
  }

  /// Adds a range in place: logarithmic, but for moving the ranges behind it.
  ///
  /// - Returns: whether a part of the range was there already.
  public mutating func insert(_ range: ClosedRange<Bound>) -> Bool {
    // The ranges that overlap or touch it are one run.
    let first = index { $0.upperBound == Bound.max || $0.upperBound + 1 >= range.lowerBound }
    let end = index { $0.lowerBound > range.upperBound && $0.lowerBound - 1 > range.upperBound }
    let run = ranges[first..<max(first, end)]
    let wasThere = run.contains { $0.overlaps(range) }
    let low = Swift.min(run.first?.lowerBound ?? range.lowerBound, range.lowerBound)
    let high = Swift.max(run.last?.upperBound ?? range.upperBound, range.upperBound)
    ranges.replaceSubrange(run.indices, with: CollectionOfOne(low...high))
    return wasThere
  }

  /// Index of the first range of which something holds that holds of all behind it.
  private func index(where holds: (ClosedRange<Bound>) -> Bool) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  public func union(_ other: Self) -> Self {
    if other.isEmpty { return self }
    if isEmpty { return other }
    var all: [ClosedRange<Bound>] = []
    all.reserveCapacity(ranges.count + other.ranges.count)
    var left = ranges[...]
    var right = other.ranges[...]
    while let a = left.first, let b = right.first {
      if a.lowerBound <= b.lowerBound {
        all.append(a)
        left.removeFirst()
      } else {
        all.append(b)
        right.removeFirst()
      }
    }
    return Self(canonical: Self.merged(all + left + right))
  }

  public func intersection(_ other: Self) -> Self {
    var result: [ClosedRange<Bound>] = []
    var i = 0
    var j = 0
    while i < ranges.count, j < other.ranges.count {
      let a = ranges[i]
      let b = other.ranges[j]
      let low = Swift.max(a.lowerBound, b.lowerBound)
      let high = Swift.min(a.upperBound, b.upperBound)
      if low <= high { result.append(low...high) }
      if a.upperBound < b.upperBound { i += 1 } else { j += 1 }
    }
    return Self(canonical: result)
  }

  /// Whether the other set holds everything this one does; a search for each range.
  public func isSubset(of other: Self) -> Bool {
    ranges.allSatisfy { range in
      let near = other.index { $0.upperBound >= range.lowerBound }
      return near < other.ranges.count && other.ranges[near].lowerBound <= range.lowerBound
        && range.upperBound <= other.ranges[near].upperBound
    }
  }

  public var complement: Self {
    var result: [ClosedRange<Bound>] = []
    var next: Bound? = Bound.min
    for range in ranges {
      if let low = next, low < range.lowerBound { result.append(low...(range.lowerBound - 1)) }
      next = range.upperBound == Bound.max ? nil : range.upperBound + 1
    }
    if let low = next { result.append(low...Bound.max) }
    return Self(canonical: result)
  }

  public func subtracting(_ other: Self) -> Self {
    other.isEmpty ? self : intersection(other.complement)
  }

  /// Merges overlapping and touching neighbours of a list sorted by lower bound.
  private static func merged(_ sorted: [ClosedRange<Bound>]) -> [ClosedRange<Bound>] {
    var result: [ClosedRange<Bound>] = []
    result.reserveCapacity(sorted.count)
    for range in sorted {
      if let last = result.last, last.upperBound == Bound.max || range.lowerBound <= last.upperBound + 1 {
        if range.upperBound > last.upperBound {
          result[result.count - 1] = last.lowerBound...range.upperBound
        }
      } else {
        result.append(range)
      }
    }
    return result
  }
}

/// Ports of TCP, UDP or SCTP.
public typealias PortSet = IntervalSet<UInt16>
