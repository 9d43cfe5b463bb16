internal import Machine
internal import SystemPackage

/// The output directory could not be written or read.
package struct OutputFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package let path: String
  /// `errno`, or 0 when the content is at fault.
  package let code: Int32
  /// What happened.
  package let reason: String
  /// What to do; `nil` where the reason says it all.
  package let remedy: String?

  init(_ path: String, code: Int32 = 0, _ reason: String, remedy: String? = nil) {
    self.path = path
    self.code = code
    self.reason = reason
    self.remedy = remedy
  }

  init(_ failure: SystemFailure) {
    let isOfWrongKind = failure.errno == .invalidArgument
    self.init(
      failure.object, code: failure.errno.rawValue, isOfWrongKind ? failure.action : failure.message,
      remedy: isOfWrongKind ? "remove it and try again" : nil)
  }

  /// Where a compile begins.
  init(opening failure: SystemFailure) {
    let (path, code) = (failure.object, failure.errno.rawValue)
    switch failure.errno {
    case .noSuchFileOrDirectory:
      self.init(path, code: code, "the directory above it does not exist", remedy: "make it first (mkdir -p)")
    case .wouldBlock:
      self.init(path, code: code, "another compile is writing here", remedy: "wait for it and try again")
    default: self.init(failure)
    }
  }

  package var description: String { "\(path): \(reason)" + (remedy.map { "; \($0)" } ?? "") }
}

/// Does something on disk; what the system refuses there is a failure of the output.
func onDisk<Result: ~Copyable>(
  _ body: () throws(SystemFailure) -> Result
) throws(OutputFailure) -> Result {
  do throws(SystemFailure) { return try body() } catch { throw OutputFailure(error) }
}
