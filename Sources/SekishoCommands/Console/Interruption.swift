internal import Glibc
internal import SystemPackage

/// Says what was done when somebody ends the program (SIGINT, SIGTERM) while it waits for hosts, and then ends as it would have.
final class Interruption: Sendable {
  private let task: Task<Void, Never>?

  /// - Parameter words: lines for standard error.
  init(_ console: Console, _ words: @escaping @Sendable () -> [String]) {
    // Whoever conducts a run ends it in his own way.
    guard !Signals.areGathered, let endings = try? Signals.gatherEndings() else {
      task = nil
      return
    }
    task = Task {
      while !Task.isCancelled {
        var number: UInt8 = 0
        let count = unsafe withUnsafeMutableBytes(of: &number) { bytes in
          (try? unsafe endings.read(into: bytes)) ?? 0
        }
        if count == 1 {
          console.raw("\n")
          for line in words() { console.error(line) }
          Signals.letEnd()
          // Threads that tasks run on have all signals blocked, so that raise(3) would wait there for ever.
          kill(getpid(), Int32(number))
          return
        }
        // A signal that came while this is cancelled is seen by the next one.
        try? await Task.sleep(for: .milliseconds(100))
      }
      Signals.letEnd()
      try? endings.close()
    }
  }

  /// Signals end the program at once again.
  func end() async {
    task?.cancel()
    await task?.value
  }
}
