/// Sets of numbers, each distinct one kept once: two sets are equal exactly when their ids are.
///
/// A set is the ascending list of the numbers at which membership changes, beginning outside:
/// `[2, 5]` holds 2, 3 and 4; `[2]` holds everything from 2 on. Id 0 is the empty set.
struct SetPool<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: SpaceLevel {
  /// The changes of all sets, one set behind the other.
  private(set) var changes: [Bound] = []
  private var ends: [Int] = []
  private var index = HashIndex()
  private var memo = Memo()
  private var lists = ListMemo()
  private var scratch: [Bound] = []
  private var ranges: [Reach<Bound>] = []

  init() {
    ends.append(0)
    index.append(Mixer().hash)
  }

  /// Where the changes of a set lie.
  @inline(__always)
  func place(_ set: UInt32) -> Range<Int> {
    (set == 0 ? 0 : ends[Int(set) - 1])..<ends[Int(set)]
  }

  func contains(_ set: UInt32, _ value: Bound) -> Bool {
    let place = place(set)
    var low = place.lowerBound
    var high = place.upperBound
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return !(low - place.lowerBound).isMultiple(of: 2)
  }

  func forEachRange(_ set: UInt32, _ body: (ClosedRange<Bound>) -> Void) {
    let place = place(set)
    var position = place.lowerBound
    while position < place.upperBound {
      let last = position + 1 < place.upperBound ? changes[position + 1] - 1 : Bound.max
      body(changes[position]...last)
      position += 2
    }
  }

  func ranges(_ set: UInt32) -> [ClosedRange<Bound>] {
    var result: [ClosedRange<Bound>] = []
    result.reserveCapacity((place(set).count + 1) / 2)
    forEachRange(set) { result.append($0) }
    return result
  }

  // MARK: Making sets

  /// The set of canonical ranges (``IntervalSet/ranges``).
  mutating func intern(_ ranges: [ClosedRange<Bound>], _ meter: inout Meter) throws(NotProven) -> UInt32 {
    scratch.removeAll(keepingCapacity: true)
    for range in ranges {
      scratch.append(range.lowerBound)
      if range.upperBound != Bound.max { scratch.append(range.upperBound + 1) }
    }
    return try intern(&meter)
  }

  /// The set whose changes are in the scratch.
  private mutating func intern(_ meter: inout Meter) throws(NotProven) -> UInt32 {
    var mixer = Mixer()
    for change in scratch { mixer.add(change) }
    let hash = mixer.hash
    if let known = index.find(hash, { isEqual($0) }) { return known }
    try meter.keep(scratch.count + 2)
    changes.append(contentsOf: scratch)
    ends.append(changes.count)
    index.append(hash)
    return UInt32(ends.count - 1)
  }

  private func isEqual(_ set: UInt32) -> Bool {
    let place = place(set)
    guard place.count == scratch.count else { return false }
    for (offset, change) in scratch.enumerated() where changes[place.lowerBound + offset] != change {
      return false
    }
    return true
  }

  // MARK: Operations

  mutating func apply(_ operation: SetOperation, _ a: UInt32, _ b: UInt32, _ meter: inout Meter)
    throws(NotProven) -> UInt32
  {
    if let result = operation.trivial(a, b) ?? memo.result(operation, a, b) { return result }
    let (left, right) = (place(a), place(b))
    try meter.look(left.count + right.count)
    scratch.removeAll(keepingCapacity: true)
    var (i, j) = (left.lowerBound, right.lowerBound)
    var isIn = (left: false, right: false, result: false)
    while i < left.upperBound || j < right.upperBound {
      let takesLeft = j == right.upperBound || i < left.upperBound && changes[i] <= changes[j]
      let takesRight = i == left.upperBound || j < right.upperBound && changes[j] <= changes[i]
      let at = takesLeft ? changes[i] : changes[j]
      if takesLeft {
        isIn.left.toggle()
        i += 1
      }
      if takesRight {
        isIn.right.toggle()
        j += 1
      }
      if operation.holds(isIn.left, isIn.right) != isIn.result {
        isIn.result.toggle()
        scratch.append(at)
      }
    }
    let result = try intern(&meter)
    try meter.keep(1)
    memo.remember(result, operation, a, b)
    return result
  }

  /// The union of sets in any order, repeated or not.
  mutating func union(of sets: [UInt32], _ meter: inout Meter) throws(NotProven) -> UInt32 {
    if sets.count == 2 { return try apply(.union, sets[0], sets[1], &meter) }
    return try union(sets[...], &meter)
  }

  /// The union of many sets at once; sets that ascend cost one pass.
  mutating func union(_ sets: ArraySlice<UInt32>, _ meter: inout Meter) throws(NotProven) -> UInt32 {
    if sets.count == 1, let only = sets.first { return only }
    let hash = ListMemo.hash(sets)
    if let known = lists.result(sets, hash) { return known }
    ranges.removeAll(keepingCapacity: true)
    var isAscending = true
    for set in sets {
      let place = place(set)
      try meter.look(place.count)
      var position = place.lowerBound
      while position < place.upperBound {
        let low = changes[position]
        let high = position + 1 < place.upperBound ? changes[position + 1] - 1 : Bound.max
        if let last = ranges.last, last.low > low { isAscending = false }
        ranges.append(Reach(low: low, high: high))
        position += 2
      }
    }
    if !isAscending { ranges.sort() }
    uniteRanges()
    let result = try intern(&meter)
    try meter.keep(sets.count + 1)
    lists.remember(result, sets, hash)
    return result
  }

  /// The ranges, ascending by their first number, as changes in the scratch.
  private mutating func uniteRanges() {
    scratch.removeAll(keepingCapacity: true)
    guard var open = ranges.first else { return }
    for range in ranges.dropFirst() {
      if open.high == Bound.max { break }
      if range.low <= open.high + 1 {
        open.high = max(open.high, range.high)
      } else {
        scratch.append(open.low)
        scratch.append(open.high + 1)
        open = range
      }
    }
    scratch.append(open.low)
    if open.high != Bound.max { scratch.append(open.high + 1) }
  }
}

/// A range that sorts by its first number.
private struct Reach<Bound: Comparable & Sendable>: Comparable {
  var low: Bound
  var high: Bound

  static func < (a: Self, b: Self) -> Bool { a.low < b.low }
}

/// Remembered results of unions of many sets.
private struct ListMemo {
  private var members: [UInt32] = []
  private var ends: [Int] = []
  private var results: [UInt32] = []
  private var index = HashIndex()

  static func hash(_ list: ArraySlice<UInt32>) -> UInt32 {
    var mixer = Mixer()
    for member in list { mixer.add(member) }
    return mixer.hash
  }

  func result(_ list: ArraySlice<UInt32>, _ hash: UInt32) -> UInt32? {
    index.find(hash) { isEqual($0, list) }.map { results[Int($0)] }
  }

  mutating func remember(_ result: UInt32, _ list: ArraySlice<UInt32>, _ hash: UInt32) {
    members.append(contentsOf: list)
    ends.append(members.count)
    results.append(result)
    index.append(hash)
  }

  private func isEqual(_ number: UInt32, _ list: ArraySlice<UInt32>) -> Bool {
    let start = number == 0 ? 0 : ends[Int(number) - 1]
    guard ends[Int(number)] - start == list.count else { return false }
    var position = start
    for member in list {
      if members[position] != member { return false }
      position += 1
    }
    return true
  }
}
