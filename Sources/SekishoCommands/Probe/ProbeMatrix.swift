internal import Operations
internal import ProbePlan

/// From whom to whom what came out, a sign for each pair.
struct ProbeMatrix {
  /// More ends do not fit into a terminal.
  static let widest = 24

  private let run: ProbeRun

  init(_ run: ProbeRun) { self.run = run }

  var chapter: Chapter {
    var cells: [[Int]: Cell] = [:]
    for (probe, judgement) in zip(run.plan.probes, run.judgements) {
      let cell = Cell(judgement)
      let key = [probe.from, probe.to]
      cells[key] = max(cells[key] ?? cell, cell)
    }
    let ends = run.plan.ends.indices.filter { end in cells.keys.contains { $0.contains(end) } }
    let width = ends.map { run.plan.ends[$0].name.count }.max() ?? 0
    let column = "\(ends.count)".count + 1
    func number(_ place: Int) -> String { "\(place + 1)".leftPadded(to: column) }
    let heading = Words("".padded(to: width + column + 1) + ends.indices.map(number).joined(), .faint)
    let rows = ends.enumerated().map { place, from in
      let name = run.plan.ends[from].name.padded(to: width)
      var words: Words = "\(number(place), .faint) \(name)"
      for to in ends {
        let gap = Words("".padded(to: column - 1))
        words = words + gap + (from == to ? " " : cells[[from, to]]?.words ?? " ")
      }
      return Entry(nil, words)
    }
    let legend = [
      "from a line to a column: + some of it is open, as it should be; · all is denied, as it should be;",
      "! not as the policy says; ? not proven",
    ].map { Entry(nil, Words($0, .faint)) }
    return Chapter(.facts, "", [Entry(nil, heading)] + rows + legend)
  }

  /// Of several the worst is shown.
  private enum Cell: Int, Comparable {
    case denied, open, unproven, deviates

    init(_ judgement: ProbeJudgement) {
      if !judgement.deviations.isEmpty {
        self = .deviates
      } else if judgement.obstacle != nil {
        self = .unproven
      } else {
        self = judgement.isOpen == true ? .open : .denied
      }
    }

    var words: Words {
      switch self {
      case .denied: Words("·", .faint)
      case .open: Words("+", .opens)
      case .unproven: Words("?", .changes)
      case .deviates: Words("!", .closes)
      }
    }

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
