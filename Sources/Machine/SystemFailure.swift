internal import Glibc
package import SystemPackage

/// A call of the operating system that failed: what was tried, on what, and why.
package struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried, as in `cannot open the file`.
  package let action: String
  /// A path, or what else it was tried on.
  package let object: String
  package let errno: Errno

  package init(_ action: String, _ object: String, _ errno: Errno) {
    self.action = action
    self.object = object
    self.errno = errno
  }

  /// Without the object: `cannot open the file: No such file or directory`.
  package var message: String { "\(action): \(errno)" }

  package var description: String { "\(object): \(message)" }
}

extension Errno {
  /// The error of the last call of this thread that failed: errno(3).
  package static var last: Errno { Errno(rawValue: Glibc.errno) }
}

/// Does what throws errors of swift-system, which are `Errno` without the type saying so.
func withErrno<Result>(_ body: () throws -> Result) throws(Errno) -> Result {
  do {
    return try body()
  } catch let errno as Errno {
    throw errno
  } catch {
    throw .ioError
  }
}
