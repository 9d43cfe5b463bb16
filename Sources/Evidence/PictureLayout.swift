/// Where boxes stand: in columns, so that most arrows lead from left to right.
struct PictureLayout {
  struct Place: Hashable {
    let x: Int
    let y: Int
  }

  let places: [Place]
  let width: Int
  let height: Int

  static let boxWidth = 176
  static let boxHeight = 46
  private static let columnGap = 84
  private static let rowGap = 20
  private static let margin = 16

  /// - Parameter arrows: from and to, in numbers of boxes.
  init(count: Int, arrows: [(from: Int, to: Int)]) {
    let columns = Self.columns(count, arrows)
    let ordered = Self.ordered(columns, count, arrows)
    let tallest = ordered.map(\.count).max() ?? 0
    var places = Array(repeating: Place(x: 0, y: 0), count: count)
    for (column, boxes) in ordered.enumerated() {
      let step = Self.boxHeight + Self.rowGap
      // A short column stands in the middle.
      let top = Self.margin + (tallest - boxes.count) * step / 2
      for (row, box) in boxes.enumerated() {
        places[box] = Place(x: Self.margin + column * (Self.boxWidth + Self.columnGap), y: top + row * step)
      }
    }
    self.places = places
    width = 2 * Self.margin + max(1, ordered.count) * (Self.boxWidth + Self.columnGap) - Self.columnGap
    height = 2 * Self.margin + max(1, tallest) * (Self.boxHeight + Self.rowGap) - Self.rowGap
  }

  /// The column of each box: behind all that ask it, but for arrows that would close a circle.
  private static func columns(_ count: Int, _ arrows: [(from: Int, to: Int)]) -> [[Int]] {
    var next = Array(repeating: [Int](), count: count)
    var asked = Array(repeating: 0, count: count)
    for arrow in arrows where arrow.from != arrow.to {
      next[arrow.from].append(arrow.to)
      asked[arrow.to] += 1
    }
    // Depth first, from those whom nobody asks; an arrow back to where the walk comes from is left out.
    var state = Array(repeating: 0, count: count)
    var finished: [Int] = []
    var forward = Array(repeating: [Int](), count: count)
    let starts = (0..<count).sorted { (asked[$0], $0) < (asked[$1], $1) }
    for start in starts where state[start] == 0 {
      var stack = [(box: start, place: 0)]
      state[start] = 1
      while let (box, place) = stack.last {
        guard place < next[box].count else {
          state[box] = 2
          finished.append(box)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].place += 1
        let other = next[box][place]
        if state[other] != 1 { forward[box].append(other) }
        if state[other] == 0 {
          state[other] = 1
          stack.append((other, 0))
        }
      }
    }
    var rank = Array(repeating: 0, count: count)
    for box in finished.reversed() {
      for other in forward[box] { rank[other] = max(rank[other], rank[box] + 1) }
    }
    // Long chains would be wider than any page.
    var columns = Array(repeating: [Int](), count: min((rank.max() ?? 0) + 1, 7))
    for box in 0..<count { columns[min(rank[box], columns.count - 1)].append(box) }
    return columns
  }

  /// Each column in the order of the middles of those beside it, a few times there and back.
  private static func ordered(
    _ columns: [[Int]], _ count: Int, _ arrows: [(from: Int, to: Int)]
  ) -> [[Int]] {
    var beside = Array(repeating: [Int](), count: count)
    for arrow in arrows where arrow.from != arrow.to {
      beside[arrow.from].append(arrow.to)
      beside[arrow.to].append(arrow.from)
    }
    var result = columns
    var position = Array(repeating: 0.0, count: count)
    func settle() {
      for boxes in result {
        for (row, box) in boxes.enumerated() { position[box] = (Double(row) + 0.5) / Double(boxes.count) }
      }
    }
    settle()
    for _ in 0..<6 {
      for column in result.indices {
        let middles = result[column].map { box -> (Double, Int) in
          let others = beside[box]
          let sum = others.reduce(0.0) { $0 + position[$1] }
          return (others.isEmpty ? position[box] : sum / Double(others.count), box)
        }
        result[column] = middles.sorted { $0 < $1 }.map(\.1)
        settle()
      }
    }
    return result
  }
}
