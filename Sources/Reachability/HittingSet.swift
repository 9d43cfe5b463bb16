internal import Policy

/// The fewest flows that have one in each of some sets: exact by branching, within a budget.
struct HittingSet {
  private let sets: [[FlowID]]
  private var budget = 200_000

  init(_ sets: [[FlowID]]) {
    // A set that holds another is met with it.
    let distinct = Set(sets.map { Set($0) }).sorted {
      $0.count != $1.count
        ? $0.count < $1.count : $0.sorted().lexicographicallyPrecedes($1.sorted())
    }
    var kept: [Set<FlowID>] = []
    for set in distinct where !kept.contains(where: { $0.isSubset(of: set) }) { kept.append(set) }
    self.sets = kept.map { $0.sorted() }
  }

  func isMet(by choice: Set<FlowID>) -> Bool {
    sets.allSatisfy { $0.contains(where: choice.contains) }
  }

  /// `nil` when the budget is spent.
  func smallest() -> [FlowID]? {
    var search = self
    var most = Self.disjoint(sets)
    while true {
      switch search.choose([], sets, most) {
      case .found(let choice): return choice
      case .none: most += 1
      case .spent: return nil
      }
    }
  }

  /// Again and again what meets the most sets.
  func greedy() -> [FlowID] {
    var open = sets
    var choice: [FlowID] = []
    while !open.isEmpty {
      var counts: [FlowID: Int] = [:]
      for set in open { for flow in set { counts[flow, default: 0] += 1 } }
      guard let best = counts.min(by: { ($1.value, $0.key) < ($0.value, $1.key) })?.key else { break }
      choice.append(best)
      open.removeAll { $0.contains(best) }
    }
    return choice
  }

  private enum Answer {
    case found([FlowID])
    case none
    case spent
  }

  /// Completes a choice with at most `most` flows more.
  private mutating func choose(_ choice: [FlowID], _ open: [[FlowID]], _ most: Int) -> Answer {
    guard let set = open.min(by: { $0.count < $1.count }) else { return .found(choice) }
    if most <= 0 || Self.disjoint(open) > most { return .none }
    var excluded: Set<FlowID> = []
    for flow in set {
      budget -= open.count
      if budget < 0 { return .spent }
      // The branches before this one have tried everything with those.
      let rest = open.filter { !$0.contains(flow) }.map { $0.filter { !excluded.contains($0) } }
      if !rest.contains([]) {
        let answer = choose(choice + [flow], rest, most - 1)
        if case .none = answer {} else { return answer }
      }
      excluded.insert(flow)
    }
    return .none
  }

  /// How many sets have nothing in common: as many flows are needed at least.
  private static func disjoint(_ sets: [[FlowID]]) -> Int {
    var used: Set<FlowID> = []
    var count = 0
    for set in sets.sorted(by: { $0.count < $1.count }) where !set.contains(where: used.contains) {
      used.formUnion(set)
      count += 1
    }
    return count
  }
}
