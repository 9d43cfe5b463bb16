import Inventory
import InventoryFiles
import Policy
import Testing

/// The policy of the reference inventory.
func reference() throws -> Policy {
  var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  parts.removeLast(3)
  return try #require(try Inventory.load(parts.joined(separator: "/") + "/inventory").policy)
}
