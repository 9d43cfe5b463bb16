import Diagnostics
import Goldens
import Inventory
import InventoryFiles
import Policy
import Testing

/// Policies for tests, read as users write them.
enum EvidenceFixture {
  static func policy(_ text: String) throws -> Policy {
    let loaded = Inventory.load([SourceFile(path: "i.yaml", bytes: Array(text.utf8))])
    return try #require(loaded.policy, "\(loaded.report)")
  }

  static func reference() throws -> Policy {
    try #require(try Inventory.load("\(Golden.root)/inventory").policy)
  }
}
