/// The output directory could not be written or read.
public struct OutputFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  /// `errno`, or 0 when the content is at fault.
  public let code: Int32
  /// What happened and what to do.
  public let message: String

  init(_ path: String, code: Int32 = 0, _ message: String) {
    self.path = path
    self.code = code
    self.message = message
  }

  public var description: String { "\(path): \(message)" }
}
