import Inventory
import InventoryFiles
import Policy
import Testing

/// Where the reference inventory is.
enum Repository {
  /// The package's directory, found from the place of this file.
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()
}

/// The policy of the reference inventory.
func reference() throws -> Policy {
  try #require(try Inventory.load(Repository.root + "/inventory").policy)
}
