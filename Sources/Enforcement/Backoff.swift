internal import Glibc

/// How often something is tried while others change the ruleset, and how long is waited in between.
///
/// Waits differ, so that a program that writes at a steady pace is not met at the same point every time.
struct Backoff {
  private static let attempts = 60
  private(set) var taken = 0

  /// Whether it may be tried; counts the try.
  var hasMore: Bool {
    mutating get {
      taken += 1
      return taken <= Self.attempts
    }
  }

  /// Up to 12 milliseconds.
  func wait() { usleep(UInt32.random(in: 0...200) * UInt32(min(taken, 60))) }
}
