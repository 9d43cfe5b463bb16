import InventoryText
import Testing

@Suite struct FreeNamesTests {
  @Test func `each name is the first with a number that nobody has`() {
    let long = String(repeating: "a", count: 70)
    let wishes = ["web", "web", "web-2", "web", "db", "web-2", long, long, "\(long)b", "web", "é", "é"]
    var taken: Set<String> = ["db", "web-3"]
    var names = InventoryName.FreeNames(besides: taken)
    for _ in 0..<3 {
      for wish in wishes {
        let whole = String(wish.prefix(63))
        var expected = whole
        var number = 2
        while taken.contains(expected) {
          expected = "\(wish.prefix(58))-\(number)"
          number += 1
        }
        #expect(InventoryName.free(wish, besides: taken) == expected)
        #expect(names.take(wish) == expected)
        taken.insert(expected)
      }
    }
  }
}
