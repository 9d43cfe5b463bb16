/// A rectangle of one section whose sides are interned sets.
struct RawRectangle {
  let destination: UInt32
  let kinds: UInt32
  let source: UInt32

  /// Sorts by destination, then kinds, then source.
  static func sort(_ rectangles: inout [Self]) {
    let highest = rectangles.reduce(0) { max($0, $1.destination, $1.kinds, $1.source) }
    // Counting needs memory for every id there is.
    guard rectangles.count > 256, Int(highest) < rectangles.count * 8 else {
      rectangles.sort {
        ($0.destination, $0.kinds, $0.source) < ($1.destination, $1.kinds, $1.source)
      }
      return
    }
    rectangles = counted(counted(counted(rectangles, \.source), \.kinds), \.destination)
  }

  /// Stable, and linear in the number of rectangles and ids.
  @inline(__always)
  private static func counted(_ rectangles: [Self], _ key: (Self) -> UInt32) -> [Self] {
    let highest = rectangles.reduce(0) { max($0, key($1)) }
    var next = [Int](repeating: 0, count: Int(highest) + 2)
    for rectangle in rectangles { next[Int(key(rectangle)) + 1] += 1 }
    for index in 1..<next.count { next[index] += next[index - 1] }
    var sorted = rectangles
    for rectangle in rectangles {
      let slot = Int(key(rectangle))
      sorted[next[slot]] = rectangle
      next[slot] += 1
    }
    return sorted
  }
}
