package import Policy

/// Flows whose removal makes something impossible.
package struct Removal: Hashable, Sendable {
  /// Ascending; not empty.
  package let flows: [FlowID]
  /// Whether it is proven that no fewer flows do. If not, each of them is needed, and another choice may be smaller.
  package let isSmallest: Bool

  package init(flows: [FlowID], isSmallest: Bool) {
    self.flows = flows
    self.isSmallest = isSmallest
  }
}

/// Finds the fewest flows to remove by asking again and again what is still possible.
///
/// What is possible names flows that are all needed for it, so one of them has to go. The smallest choice that meets all
/// that was named so far is tried; when nothing is possible any more, no smaller choice can do.
struct RemovalSearch {
  /// How often it is asked, and how many choices are looked at, before a good answer is taken for the best.
  private static let questions = 200

  /// - Parameter remaining: The flows that something still possible needs, without the ones given; `nil` when
  ///   nothing is.
  /// - Returns: `nil` when something is possible that needs no flow, or nothing is at all.
  static func smallest(_ remaining: (Set<FlowID>) -> [FlowID]?) -> Removal? {
    var needs: [[FlowID]] = []
    var asked = 0
    var choice: [FlowID] = []
    while asked < questions {
      asked += 1
      guard let need = remaining(Set(choice)) else {
        return choice.isEmpty ? nil : Removal(flows: choice.sorted(), isSmallest: true)
      }
      if need.isEmpty { return nil }
      needs.append(need)
      // What is possible beside it says more at once than the next choice alone would.
      var removed = Set(choice).union(need)
      while asked < questions, let other = remaining(removed) {
        asked += 1
        if other.isEmpty { return nil }
        needs.append(other)
        removed.formUnion(other)
      }
      guard let next = HittingSet(needs).smallest() else { break }
      choice = next
    }
    return sufficient(needs, remaining)
  }

  /// All of `needs` are known from the start.
  static func smallest(meeting needs: [[FlowID]]) -> Removal? {
    if needs.isEmpty || needs.contains([]) { return nil }
    let sets = HittingSet(needs)
    if let flows = sets.smallest() { return Removal(flows: flows.sorted(), isSmallest: true) }
    return Removal(flows: without(sets.greedy()) { choice in sets.isMet(by: choice) }, isSmallest: false)
  }

  /// Enough flows, each of which is needed.
  private static func sufficient(_ needs: [[FlowID]], _ remaining: (Set<FlowID>) -> [FlowID]?) -> Removal? {
    var needs = needs
    var choice = HittingSet(needs).greedy()
    while let need = remaining(Set(choice)) {
      if need.isEmpty { return nil }
      needs.append(need)
      choice.append(need[0])
    }
    return Removal(flows: without(choice) { remaining($0) == nil }, isSmallest: false)
  }

  /// Leaves out what is not needed.
  private static func without(_ choice: [FlowID], _ suffices: (Set<FlowID>) -> Bool) -> [FlowID] {
    var kept = Set(choice)
    for flow in choice.sorted() {
      kept.remove(flow)
      if !suffices(kept) { kept.insert(flow) }
    }
    return kept.sorted()
  }
}
