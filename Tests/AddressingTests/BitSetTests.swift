import Addressing
import PolicyFixtures
import Testing

@Suite struct BitSetTests {
  @Test(arguments: [0, 1, 63, 64, 65, 200]) func `a set of bits is the set of its members`(count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    func members() -> Set<Int> { Set((0..<count).filter { _ in random.oneIn(3) }) }
    let (one, other) = (members(), members())
    let (a, b) = (BitSet(count: count, one), BitSet(count: count, other))
    #expect(a.members == one.sorted() && a.count == one.count && a.first == one.min())
    #expect(a.isEmpty == one.isEmpty)
    #expect(a.union(b).members == one.union(other).sorted())
    #expect(a.intersection(b).members == one.intersection(other).sorted())
    #expect(a.subtracting(b).members == one.subtracting(other).sorted())
    #expect(a.intersects(b) == !one.isDisjoint(with: other))
    #expect(a.isSubset(of: b) == one.isSubset(of: other))
    #expect(BitSet(all: count).members == Array(0..<count))
    #expect(BitSet(all: count).subtracting(a).count == count - one.count)
  }
}
