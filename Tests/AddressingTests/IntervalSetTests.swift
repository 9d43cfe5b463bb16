import Addressing
import PolicyFixtures
import Testing

@Suite struct IntervalSetTests {
  @Test func `overlapping and touching ranges merge whatever their order`() {
    let set = IntervalSet<UInt16>([5...6, 1...2, 3...4, 6...9])
    #expect(set.ranges == [1...9])
    #expect(IntervalSet<UInt16>([65535...65535, 0...65534]).isAll)
  }

  @Test func `ascending values make the same set as their ranges`() {
    for values in [[], [0], [65535], [0, 1, 2], [3, 3, 4, 9], [0, 65534, 65535]] as [[UInt16]] {
      #expect(IntervalSet(ascending: values) == IntervalSet(values.map { $0...$0 }))
    }
  }

  @Test func `every operation agrees with sets of single numbers`() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let a = randomRanges(&random)
      let b = randomRanges(&random)
      let (x, y) = (IntervalSet(a), IntervalSet(b))
      let (p, q) = (Set(a.flatMap { $0 }), Set(b.flatMap { $0 }))
      #expect(Set(x.union(y).ranges.flatMap { $0 }) == p.union(q))
      #expect(Set(x.intersection(y).ranges.flatMap { $0 }) == p.intersection(q))
      #expect(Set(x.subtracting(y).ranges.flatMap { $0 }) == p.subtracting(q))
      #expect(Set(x.complement.ranges.flatMap { $0 }) == Set(UInt8.min...UInt8.max).subtracting(p))
      #expect(x.isSubset(of: y) == p.isSubset(of: q))
      #expect(x.intersection(y).isSubset(of: x) && x.isSubset(of: x.union(y)))
      #expect(x.union(y) == y.union(x))
      for value in UInt8.min...UInt8.max { #expect(x.contains(value) == p.contains(value)) }
    }
  }

  @Test func `a range that is added in place makes the same set as all ranges at once`() {
    var random = SeededGenerator(seed: 8)
    for _ in 0..<2000 {
      var set = IntervalSet<UInt8>()
      var ranges: [ClosedRange<UInt8>] = []
      for range in (0..<5).flatMap({ _ in randomRanges(&random) }) {
        let wasThere = ranges.contains { $0.overlaps(range) }
        #expect(set.insert(range) == wasThere)
        ranges.append(range)
        #expect(set == IntervalSet(ranges))
      }
    }
  }

  private func randomRanges(_ random: inout SeededGenerator) -> [ClosedRange<UInt8>] {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in
      let low = UInt8.random(in: 0...255, using: &random)
      return low...UInt8.random(in: low...255, using: &random)
    }
  }
}
