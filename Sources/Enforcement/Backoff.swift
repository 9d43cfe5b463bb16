internal import Glibc
internal import NftablesNetlink

/// How long something is tried while others change the ruleset, and how long is waited in between.
///
/// Waits differ, so that a program that writes at a steady pace is not met at the same point every time.
struct Backoff {
  /// Less than anybody waits for an answer.
  private static let limit = Duration.seconds(15)

  private let deadline = ContinuousClock.now + limit
  private(set) var taken = 0
  private var urgency: Urgency?

  /// Whether it may be tried; counts the try.
  var hasMore: Bool {
    mutating get {
      taken += 1
      if taken > 3, urgency == nil { urgency = Urgency() }
      return taken == 1 || .now < deadline
    }
  }

  /// Up to 12 milliseconds.
  func wait() { usleep(UInt32.random(in: 0...200) * UInt32(min(taken, 60))) }

  /// Reads until nobody changed anything meanwhile.
  ///
  /// - Throws: ``NftablesNetlink/ReadError``; `unsettled` where others write without a pause that is long enough.
  mutating func reading<Value>(_ read: () throws(ReadError) -> Value) throws(ReadError) -> Value {
    while true {
      do throws(ReadError) { return try read() } catch {
        guard case .unsettled = error else { throw error }
        wait()
        if !hasMore { throw error }
      }
    }
  }
}

/// This thread goes ahead of others, as far as it may, as long as the value lives.
///
/// What is read and the transaction made of it have to fall between two writes of others. On a machine that is
/// busy a thread that computes is interrupted for longer than a writer sleeps, and never gets there.
private final class Urgency {
  private static let process = Int32(PRIO_PROCESS.rawValue)
  private let before = getpriority(process, 0)

  init() { _ = setpriority(Self.process, 0, -20) }

  deinit { _ = setpriority(Self.process, 0, before) }
}
