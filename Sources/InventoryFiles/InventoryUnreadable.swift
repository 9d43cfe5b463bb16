/// The machine refused to hand over an inventory: not a mistake in its files.
package struct InventoryUnreadable: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or directory, as it was asked for.
  package let path: String
  /// `errno` of the refusal.
  package let code: Int32
  /// What happened.
  package let reason: String
  /// What to do; `nil` where the reason says it all.
  package let remedy: String?

  init(path: String, code: Int32, _ reason: String, remedy: String? = nil) {
    self.path = path
    self.code = code
    self.reason = reason
    self.remedy = remedy
  }

  package var description: String { "\(path): \(reason)" + (remedy.map { "; \($0)" } ?? "") }
}
