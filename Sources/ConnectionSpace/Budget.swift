/// What a universe may cost. Boxes that cut each other in every dimension have normal forms as large as
/// the product of the dimensions: then the answer is ``NotProven``, not a long wait.
public struct Budget: Hashable, Sendable {
  /// Intervals and remembered results that the universe keeps in all; one takes 5 to 20 bytes.
  public let intervals: Int
  /// Intervals that one operation looks at.
  public let steps: Int

  public init(intervals: Int = 40_000_000, steps: Int = 1_000_000_000) {
    self.intervals = intervals
    self.steps = steps
  }
}

/// The budget was spent before the answer was known: neither yes nor no has been shown.
public struct NotProven: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was spent.
  public enum Limit: Hashable, Sendable {
    /// ``Budget/intervals``: the normal form is too large.
    case intervals(Int)
    /// ``Budget/steps``: reaching it takes too long.
    case steps(Int)
  }

  public let limit: Limit

  public init(limit: Limit) { self.limit = limit }

  public var description: String {
    switch limit {
    case .intervals(let count): "not proven: the normal form has more than \(count) intervals"
    case .steps(let count): "not proven: more than \(count) intervals had to be looked at"
    }
  }
}

/// What is left of a budget.
struct Meter {
  private let budget: Budget
  private var intervals = 0
  private var steps = 0
  /// Intervals that may be kept, at the moment.
  private var limit: Int
  /// Whether several operations share what one of them may look at.
  private var isShared = false
  /// What one operation may look at, at the moment.
  private var most: Int

  init(_ budget: Budget) {
    self.budget = budget
    limit = budget.intervals
    most = budget.steps
  }

  /// Operations are measured one by one, what they leave behind in all.
  ///
  /// - Parameter steps: what this one may look at; `nil`: as much as any.
  mutating func beginOperation(atMost steps: Int?) {
    if !isShared { self.steps = 0 }
    most = min(budget.steps, steps.map { self.steps + $0 } ?? budget.steps)
  }

  /// From here on half of what is left may be kept, and what one operation may look at is for all.
  ///
  /// - Returns: what to end it with.
  mutating func beginShare() -> Int {
    let old = limit
    limit = intervals + (limit - intervals) / 2
    (steps, isShared) = (0, true)
    return old
  }

  mutating func endShare(_ old: Int) { (limit, isShared) = (old, false) }

  mutating func look(_ count: Int) throws(NotProven) {
    steps += count
    if steps > most { throw NotProven(limit: .steps(most)) }
  }

  mutating func keep(_ count: Int) throws(NotProven) {
    intervals += count
    if intervals > limit {
      intervals -= count
      throw NotProven(limit: .intervals(budget.intervals))
    }
  }
}
