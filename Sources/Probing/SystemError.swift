internal import Glibc

/// The words of strerror(3) for an error number.
func systemError(_ number: Int32) -> String {
  guard let text = unsafe strerror(number) else { return "error \(number)" }
  return unsafe String(cString: text)
}

/// A failed system call.
struct SystemFailure: Error {
  let number: Int32

  /// The last error of this thread.
  static var last: Self { Self(number: errno) }
}
