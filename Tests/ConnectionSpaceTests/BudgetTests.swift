import Addressing
import ConnectionSpace
import PolicyFixtures
import Testing

/// What happens when the answer costs too much.
@Suite struct BudgetTests {
  @Test func `a normal form that is too large is not proven`() throws {
    var random = SeededGenerator(seed: 1)
    let rectangles = (0..<100).flatMap { _ in AlgebraTests.wide(&random) }
    let universe = Universe(budget: Budget(intervals: 2_000))
    #expect(throws: NotProven(limit: .intervals(2_000))) { try universe.space(of: rectangles) }
    // What is small is still answered for as long as there is room.
    #expect(try Universe(budget: Budget(intervals: 100)).space(of: [rectangles[0]]).isEmpty == false)
  }

  @Test func `an operation that takes too long is not proven, and the next one has its own time`() throws {
    var random = SeededGenerator(seed: 2)
    let rectangles = (0..<100).flatMap { _ in AlgebraTests.wide(&random) }
    let universe = Universe(budget: Budget(steps: 1_000))
    #expect(throws: NotProven(limit: .steps(1_000))) { try universe.space(of: rectangles) }
    for rectangle in rectangles { _ = try universe.space(of: [rectangle]) }
  }

  @Test func `after an operation that was given up, answers are still right`() throws {
    var random = SeededGenerator(seed: 4)
    let universe = Universe(budget: Budget(steps: 60))
    let free = Universe()
    var givenUp = 0
    for round in 0..<400 {
      let (a, b) = (SmallSpace(&random, place: round % 3), SmallSpace(&random, place: round % 3))
      guard let left = try? universe.space(of: a.rectangles),
        let right = try? universe.space(of: b.rectangles)
      else {
        givenUp += 1
        continue
      }
      let expected = try free.space(of: a.rectangles).subtracting(try free.space(of: b.rectangles))
      do {
        #expect(try left.subtracting(right).volume == expected.volume)
      } catch {
        givenUp += 1
      }
    }
    #expect(givenUp > 20 && givenUp < 380)
  }

  @Test func `what was given up says what it was`() {
    #expect("\(NotProven(limit: .steps(5)))" == "not proven: more than 5 intervals had to be looked at")
    #expect(
      "\(NotProven(limit: .intervals(7)))" == "not proven: the normal form has more than 7 intervals")
  }
}
