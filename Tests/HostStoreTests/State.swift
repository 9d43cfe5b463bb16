import Foundation
import Machine
import Synchronization

/// Does something with a state directory of its own.
func withState<Result>(_ body: (StateDirectory) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(StateDirectory(path: path))
}

/// Counts calls down.
final class Counter: Sendable {
  private let left: Mutex<Int>

  init(_ calls: Int) { left = Mutex(calls) }

  /// Whether there were as many calls before this one.
  func isOver() -> Bool {
    left.withLock {
      $0 -= 1
      return $0 < 0
    }
  }
}
