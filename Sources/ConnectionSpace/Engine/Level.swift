/// One coordinate of the space: something that two nodes can be combined at.
protocol SpaceLevel: Sendable {
  /// - Throws: when the budget is spent; nothing half done is kept.
  mutating func apply(_ operation: SetOperation, _ a: UInt32, _ b: UInt32, _ meter: inout Meter)
    throws(NotProven) -> UInt32
}

/// A coordinate with more coordinates below it. A node is a function from numbers to nodes below, kept as
/// the numbers at which its value changes; each distinct function is kept once. Id 0 is the function that
/// is empty everywhere.
struct Level<Bound: FixedWidthInteger & UnsignedInteger & Sendable, Below: SpaceLevel>: SpaceLevel {
  /// All nodes, one behind the other; each begins with the number 0.
  private(set) var nodes = Functions<Bound>()
  var below: Below
  private var index = HashIndex()
  private var memo = Memo()
  private var scratch = Functions<Bound>()

  init(_ below: Below) {
    self.below = below
    nodes.begin()
    nodes.append(0, 0)
    index.append(nodes.hash(of: 0))
  }

  func place(_ node: UInt32) -> Range<Int> { nodes.place(Int(node)) }

  /// The value of a node at a number.
  func value(_ node: UInt32, at number: Bound) -> UInt32 {
    let place = place(node)
    var low = place.lowerBound
    var high = place.upperBound
    while low < high {
      let middle = (low + high) / 2
      if nodes.starts[middle] <= number { low = middle + 1 } else { high = middle }
    }
    return nodes.children[low - 1]
  }

  /// The parts of a node that are not empty, ascending.
  func forEachPart(_ node: UInt32, _ body: (ClosedRange<Bound>, UInt32) -> Void) {
    let place = place(node)
    for position in place where nodes.children[position] != 0 {
      let last = position + 1 < place.upperBound ? nodes.starts[position + 1] - 1 : Bound.max
      body(nodes.starts[position]...last, nodes.children[position])
    }
  }

  // MARK: Operations

  mutating func apply(_ operation: SetOperation, _ a: UInt32, _ b: UInt32, _ meter: inout Meter)
    throws(NotProven) -> UInt32
  {
    if let result = operation.trivial(a, b) ?? memo.result(operation, a, b) { return result }
    var out = Functions<Bound>()
    swap(&out, &scratch)
    out.removeAll()
    try merge(operation, nodes, place(a), place(b), into: &out, &meter)
    let result = try intern(out, 0, &meter)
    swap(&out, &scratch)
    try meter.keep(1)
    memo.remember(result, operation, a, b)
    return result
  }

  /// The union of functions that are not nodes yet: in pairs, then pairs of pairs, so that each is looked at
  /// as often as the logarithm of their number.
  mutating func union(_ functions: inout Functions<Bound>, _ meter: inout Meter) throws(NotProven) -> UInt32 {
    if functions.count == 0 { return 0 }
    var next = Functions<Bound>()
    while functions.count > 1 {
      next.removeAll()
      var number = 0
      while number + 1 < functions.count {
        try merge(
          .union, functions, functions.place(number), functions.place(number + 1), into: &next, &meter)
        number += 2
      }
      if number < functions.count { next.append(functions, number) }
      swap(&functions, &next)
    }
    return try intern(functions, 0, &meter)
  }

  /// Combines two functions value by value.
  private mutating func merge(
    _ operation: SetOperation, _ from: Functions<Bound>, _ a: Range<Int>, _ b: Range<Int>,
    into out: inout Functions<Bound>, _ meter: inout Meter
  ) throws(NotProven) {
    try meter.look(a.count + b.count)
    out.begin()
    var (i, j) = (a.lowerBound, b.lowerBound)
    var start: Bound = 0
    while true {
      let (left, right) = (from.children[i], from.children[j])
      if let child = operation.trivial(left, right) {
        out.append(start, child)
      } else {
        out.append(start, try below.apply(operation, left, right, &meter))
      }
      let (hasLeft, hasRight) = (i + 1 < a.upperBound, j + 1 < b.upperBound)
      if hasLeft, !hasRight || from.starts[i + 1] <= from.starts[j + 1] {
        start = from.starts[i + 1]
        if hasRight, from.starts[j + 1] == start { j += 1 }
        i += 1
      } else if hasRight {
        start = from.starts[j + 1]
        j += 1
      } else {
        return
      }
    }
  }

  /// The node of a function.
  mutating func intern(_ functions: Functions<Bound>, _ number: Int, _ meter: inout Meter) throws(NotProven)
    -> UInt32
  {
    let hash = functions.hash(of: number)
    let known = index.find(hash) { nodes.isEqual(Int($0), to: functions, number) }
    if let known { return known }
    try meter.keep(functions.place(number).count + 2)
    nodes.append(functions, number)
    index.append(hash)
    return UInt32(nodes.count - 1)
  }
}
