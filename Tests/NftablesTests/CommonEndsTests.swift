import Nftables
import Testing

@Suite struct CommonEndsTests {
  private func set(_ keys: some Sequence<UInt8>, last: [UInt8]? = nil, width: Int = 4) -> SetElements {
    func packed(_ keys: some Sequence<UInt8>) -> [UInt8] {
      keys.flatMap { [UInt8](repeating: 0, count: width - 1) + [$0] }
    }
    return SetElements(keyLength: width, keys: packed(keys), lastKeys: last.map(packed))
  }

  struct Case {
    let keys: Range<UInt8>
    let missing: Set<UInt8>
    let front: Int
    let back: Int
  }

  @Test(
    arguments: [
      Case(keys: 0..<20, missing: [], front: 20, back: 0),
      Case(keys: 0..<20, missing: [7], front: 7, back: 12),
      Case(keys: 0..<20, missing: [0], front: 0, back: 19),
      Case(keys: 0..<20, missing: [19], front: 19, back: 0),
      Case(keys: 0..<20, missing: [3, 15], front: 3, back: 4),
      Case(keys: 0..<1, missing: [0], front: 0, back: 0),
      Case(keys: 0..<0, missing: [], front: 0, back: 0),
    ])
  func `what lies ahead of the first difference and behind the last is counted`(_ example: Case) {
    for width in [1, 2, 4, 16] {
      let all = set(example.keys, width: width)
      let some = set(example.keys.filter { !example.missing.contains($0) }, width: width)
      #expect(all.commonEnds(with: some) == (example.front, example.back))
      #expect(some.commonEnds(with: all) == (example.front, example.back))
    }
  }

  @Test func `ranges are equal when both of their ends are`() {
    let old = set([0, 10, 20, 30], last: [5, 15, 25, 35])
    #expect(old.commonEnds(with: set([0, 10, 20, 30], last: [5, 16, 25, 35])) == (1, 2))
    #expect(old.commonEnds(with: set([0, 10, 20, 30])) == (0, 0))
  }

  @Test func `elements with data or attributes are not told by their keys`() {
    let verdicts = SetElements(keyLength: 1, keys: [1, 2], payload: .verdicts([.accept, .drop]))
    #expect(verdicts.commonEnds(with: verdicts) == (0, 0))
    let timed = SetElements(
      keyLength: 1, keys: [1, 2], attributes: [0: ElementAttributes(comment: nil, timeout: 1)])
    #expect(timed.commonEnds(with: timed) == (0, 0))
  }
}
