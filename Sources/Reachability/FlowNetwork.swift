/// Capacities between vertices, and the most that can pass from one to another (Dinic's algorithm).
struct FlowNetwork {
  static let unlimited = Int.max / 4

  private var targets: [Int] = []
  /// What is left of each edge; the edge back stands beside it.
  private var capacity: [Int] = []
  private var edges: [[Int]]
  private var level: [Int] = []
  private var next: [Int] = []

  init(vertices: Int) { edges = Array(repeating: [], count: vertices) }

  mutating func connect(_ from: Int, _ to: Int, _ amount: Int) {
    edges[from].append(targets.count)
    targets.append(to)
    capacity.append(amount)
    edges[to].append(targets.count)
    targets.append(from)
    capacity.append(0)
  }

  /// - Returns: The most that passes; ``unlimited`` or more where nothing limits it.
  mutating func maximum(from source: Int, to sink: Int) -> Int {
    var total = 0
    while total < Self.unlimited, rank(from: source), level[sink] >= 0 {
      next = Array(repeating: 0, count: edges.count)
      while total < Self.unlimited {
        let pushed = push(source, sink)
        if pushed == 0 { break }
        total += pushed
      }
    }
    return total
  }

  /// The vertices that more could still reach, after ``maximum(from:to:)``.
  var reachable: (Int) -> Bool { { [level] in level[$0] >= 0 } }

  private mutating func rank(from source: Int) -> Bool {
    level = Array(repeating: -1, count: edges.count)
    level[source] = 0
    var queue = [source]
    var head = 0
    while head < queue.count {
      let vertex = queue[head]
      head += 1
      for edge in edges[vertex] where capacity[edge] > 0 && level[targets[edge]] < 0 {
        level[targets[edge]] = level[vertex] + 1
        queue.append(targets[edge])
      }
    }
    return true
  }

  /// One way from the source to the sink along rising levels, without recursion: a way may be long.
  private mutating func push(_ source: Int, _ sink: Int) -> Int {
    var way: [Int] = []
    var vertex = source
    while vertex != sink {
      var advanced = false
      while next[vertex] < edges[vertex].count {
        let edge = edges[vertex][next[vertex]]
        if capacity[edge] > 0, level[targets[edge]] == level[vertex] + 1 {
          way.append(edge)
          vertex = targets[edge]
          advanced = true
          break
        }
        next[vertex] += 1
      }
      if advanced { continue }
      guard let back = way.popLast() else { return 0 }
      vertex = targets[back ^ 1]
      next[vertex] += 1
    }
    let amount = way.map { capacity[$0] }.min() ?? 0
    for edge in way {
      capacity[edge] -= amount
      capacity[edge ^ 1] += amount
    }
    return amount
  }
}
