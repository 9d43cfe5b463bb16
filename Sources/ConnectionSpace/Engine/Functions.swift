/// Step functions from numbers to nodes, one behind the other in flat arrays.
///
/// A function is its steps: the first begins at 0, and no two neighbours lead to the same node.
struct Functions<Bound: FixedWidthInteger & UnsignedInteger & Sendable> {
  /// First number of each step.
  private(set) var starts: [Bound] = []
  /// The node that a step leads to.
  private(set) var children: [UInt32] = []
  /// Where each function begins.
  private var begins: [Int] = []

  var count: Int { begins.count }

  @inline(__always)
  func place(_ number: Int) -> Range<Int> {
    begins[number]..<(number + 1 < begins.count ? begins[number + 1] : starts.count)
  }

  mutating func removeAll() {
    starts.removeAll(keepingCapacity: true)
    children.removeAll(keepingCapacity: true)
    begins.removeAll(keepingCapacity: true)
  }

  /// Begins the next function.
  mutating func begin() { begins.append(starts.count) }

  /// A step of the last function; one that leads on to the same node is none.
  @inline(__always)
  mutating func append(_ start: Bound, _ child: UInt32) {
    if start != 0, children[children.count - 1] == child { return }
    starts.append(start)
    children.append(child)
  }

  /// A copy of another's function.
  mutating func append(_ other: Self, _ number: Int) {
    begin()
    let place = other.place(number)
    starts.append(contentsOf: other.starts[place])
    children.append(contentsOf: other.children[place])
  }

  /// The function that leads to a node on a set, and to nothing elsewhere.
  mutating func append(_ child: UInt32, on set: UInt32, of pool: SetPool<Bound>) {
    begin()
    let changes = pool.place(set)
    if changes.isEmpty || pool.changes[changes.lowerBound] != 0 { append(0, 0) }
    var isIn = false
    for position in changes {
      isIn.toggle()
      append(pool.changes[position], isIn ? child : 0)
    }
  }

  func hash(of number: Int) -> UInt32 {
    var mixer = Mixer()
    for position in place(number) {
      mixer.add(starts[position])
      mixer.add(children[position])
    }
    return mixer.hash
  }

  func isEqual(_ number: Int, to other: Self, _ otherNumber: Int) -> Bool {
    let (mine, theirs) = (place(number), other.place(otherNumber))
    guard mine.count == theirs.count else { return false }
    for offset in 0..<mine.count {
      let (i, j) = (mine.lowerBound + offset, theirs.lowerBound + offset)
      if children[i] != other.children[j] || starts[i] != other.starts[j] { return false }
    }
    return true
  }
}
