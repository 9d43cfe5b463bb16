/// Where boxes stand: in columns, so that most arrows lead from left to right.
struct PictureLayout {
  struct Place: Hashable {
    let x: Int
    let y: Int
  }

  let places: [Place]
  /// By arrow, in its direction: where it passes the columns between its ends, so that it is drawn behind no box. Of each the left
  /// end of a level stretch, as wide as a box.
  let ways: [[Place]]
  let width: Int
  let height: Int

  static let boxWidth = 176
  static let boxHeight = 46
  private static let columnGap = 72
  private static let rowGap = 20
  private static let margin = 16
  private static let mostColumns = 7
  /// How much of a column an arrow takes that passes it.
  private static let passage = 20
  /// In a picture of more of them they would be most of it.
  private static let mostPassages = 160

  /// A place where arrows to one box pass a column.
  private struct Passage: Hashable {
    let column: Int
    let to: Int
    let isForward: Bool
  }

  /// - Parameters:
  ///   - ranking: from and to, in numbers of boxes, of arrows that say which boxes are behind which.
  ///   - arrows: all of them.
  init(count: Int, ranking: [(from: Int, to: Int)], arrows: [(from: Int, to: Int)]) {
    var columns = Self.columns(count, ranking)
    var columnOf = Array(repeating: 0, count: count)
    for (column, boxes) in columns.enumerated() { for box in boxes { columnOf[box] = column } }
    var passages: [Passage: Int] = [:]
    var steps: [(from: Int, to: Int)] = []
    var routes: [[Int]] = []
    for arrow in arrows {
      let (from, to) = (columnOf[arrow.from], columnOf[arrow.to])
      var route: [Int] = []
      for column in from < to
        ? Array(from + 1..<max(from + 1, to)) : Array((to + 1..<max(to + 1, from)).reversed())
      {
        let passage = Passage(column: column, to: arrow.to, isForward: from < to)
        let number = passages[passage] ?? count + passages.count
        passages[passage] = number
        route.append(number)
      }
      routes.append(route)
      let stops = [arrow.from] + route + [arrow.to]
      steps += zip(stops, stops.dropFirst()).map { ($0, $1) }
    }
    if passages.count > Self.mostPassages {
      (passages, routes, steps) = ([:], arrows.map { _ in [] }, arrows)
    }
    for (passage, number) in passages.sorted(by: { $0.value < $1.value }) {
      columns[passage.column].append(number)
    }
    let ordered = Self.ordered(columns, count + passages.count, steps)
    func room(_ number: Int) -> Int { number < count ? Self.boxHeight + Self.rowGap : Self.passage }
    let heights = ordered.map { $0.reduce(0) { $0 + room($1) } }
    let tallest = max(heights.max() ?? 0, Self.boxHeight + Self.rowGap)
    var places = Array(repeating: Place(x: 0, y: 0), count: count + passages.count)
    for (column, members) in ordered.enumerated() {
      // A short column stands in the middle.
      var top = Self.margin + (tallest - heights[column]) / 2
      for number in members {
        let middle = number < count ? 0 : (Self.passage - Self.rowGap) / 2
        places[number] = Place(x: Self.margin + column * (Self.boxWidth + Self.columnGap), y: top + middle)
        top += room(number)
      }
    }
    self.places = Array(places.prefix(count))
    ways = routes.map { $0.map { places[$0] } }
    // Arrows within the last column lead around on its right.
    width = 2 * Self.margin + max(1, ordered.count) * (Self.boxWidth + Self.columnGap)
    height = 2 * Self.margin + tallest - Self.rowGap
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
    // Long chains would be wider than any page: of those several ranks are one column.
    let last = rank.max() ?? 0
    var columns = Array(repeating: [Int](), count: min(last, mostColumns - 1) + 1)
    var alone: [Int] = []
    for box in 0..<count {
      if asked[box] == 0, next[box].isEmpty {
        alone.append(box)
      } else {
        columns[last < mostColumns ? rank[box] : rank[box] * (mostColumns - 1) / last].append(box)
      }
    }
    // Nothing leads to what stands alone, nor from there: it stands where there is room.
    for box in alone {
      let column = columns.indices.min { columns[$0].count < columns[$1].count } ?? 0
      columns[column].append(box)
    }
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
