import Nftables
import NftablesNetlink
import Testing

/// Elements that are known at a generation.
@Suite(.enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct KnownSetTests {
  private static func set(_ last: UInt8, flags: SetFlags = []) -> NamedSet {
    NamedSet(
      name: "app.v4", key: [.ipv4Address], flags: flags, size: 16,
      elements: SetElements(keyLength: 4, keys: [10, 0, 0, last]))
  }

  @Test(.namespace) func `they are taken as they are at that generation, and listed at any other`() throws {
    let connection = try NftablesConnection()
    let made = try connection.commit(
      Change(family: .inet, table: "t", operations: [.addTable(comment: nil), .addSet(Self.set(1))]),
      expecting: nil)
    func elements(_ known: NamedSet, _ generation: UInt32) throws -> SetElements? {
      try connection.table(.inet, "t", knowing: ([known], generation))?.table.set("app.v4")?.elements
    }
    #expect(try elements(Self.set(9), made) == Self.set(9).elements)
    #expect(try elements(Self.set(9), made + 1) == Self.set(1).elements)
    // Declared otherwise it is another set.
    #expect(try elements(Self.set(9, flags: .timeout), made) == Self.set(1).elements)
    let again = try connection.table(.inet, "t", knowing: ([Self.set(1)], made))
    #expect(try again == connection.table(.inet, "t"))
  }
}
