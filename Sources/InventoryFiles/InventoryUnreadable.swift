/// The machine refused to hand over an inventory: not a mistake in its files.
public struct InventoryUnreadable: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file or directory, as it was asked for.
  public let path: String
  /// `errno` of the refusal.
  public let code: Int32
  /// What happened, and what to do.
  public let message: String

  public var description: String { "\(path): \(message)" }
}
