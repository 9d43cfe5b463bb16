import Inventory
import InventoryFiles
import Lint
import Policy
import Testing

/// The inventories that people copy.
@Suite struct InventoryLintTests {
  private static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  private func findings(_ path: String) throws -> [String] {
    let policy = try #require(try Inventory.load("\(Self.root)/\(path)").policy)
    return Lint.findings(in: policy, at: now).map { "\($0.kind.rawValue) \($0.short)" }
  }

  @Test func `there is nothing to find in the reference inventory`() throws {
    #expect(try findings("inventory") == [])
  }

  /// An example has one idea, and leaves out how its hosts are managed.
  @Test(arguments: [
    ("two-tier-web", ["no-management db-1: db-1 web-1"]),
    (
      "dual-stack-database",
      [
        "no-management app: app-1 app-2", "families clients-to-db: report-1",
        "no-management report: report-1",
        "no-management db: db-1 db-2",
      ]
    ),
    ("gateway", ["no-management app: api-1 api-2"]),
    ("observe", ["no-management erp: erp-1 erp-2", "no-management db-1: db-1"]),
    ("time-limited", ["no-management archive-1: archive-1"]),
  ])
  func `an example has no other doubts than it means to`(name: String, expected: [String]) throws {
    #expect(try findings("examples/\(name)") == expected)
  }
}
