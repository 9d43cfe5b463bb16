internal import Machine
internal import SystemPackage

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

  init(_ failure: SystemFailure) {
    let isOfWrongKind = failure.errno == .invalidArgument
    self.init(
      failure.object, code: failure.errno.rawValue,
      isOfWrongKind ? "\(failure.action); remove it and try again" : failure.message)
  }

  /// Where a compile begins.
  init(opening failure: SystemFailure) {
    let (path, code) = (failure.object, failure.errno.rawValue)
    switch failure.errno {
    case .noSuchFileOrDirectory:
      self.init(path, code: code, "the directory above it does not exist; make it first (mkdir -p)")
    case .wouldBlock:
      self.init(path, code: code, "another compile is writing here; wait for it and try again")
    default: self.init(failure)
    }
  }

  public var description: String { "\(path): \(message)" }
}

/// Does something on disk; what the system refuses there is a failure of the output.
func onDisk<Result: ~Copyable>(
  _ body: () throws(SystemFailure) -> Result
) throws(OutputFailure) -> Result {
  do throws(SystemFailure) { return try body() } catch { throw OutputFailure(error) }
}
