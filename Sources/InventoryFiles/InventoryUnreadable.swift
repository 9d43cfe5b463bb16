/// The machine refused to hand over an inventory: not a mistake in its files.
public struct InventoryUnreadable: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or directory, as it was asked for.
  public let path: String
  /// `errno` of the refusal.
  public let code: Int32
  /// What happened.
  public let reason: String
  /// What to do; `nil` where the reason says it all.
  public let remedy: String?

  init(path: String, code: Int32, _ reason: String, remedy: String? = nil) {
    self.path = path
    self.code = code
    self.reason = reason
    self.remedy = remedy
  }

  public var description: String { "\(path): \(reason)" + (remedy.map { "; \($0)" } ?? "") }
}
