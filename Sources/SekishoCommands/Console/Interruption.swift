internal import Glibc
internal import SystemPackage

/// Says what was done when somebody ends the program (SIGINT, SIGTERM) while it waits for hosts, and then ends as it would have.
final class Interruption: Sendable {
  private let task: Task<Void, Never>?

  /// - Parameter words: lines for standard error.
  init(_ console: Console, _ words: @escaping @Sendable () -> [String]) {
    // Whoever conducts a run ends it in his own way.
    guard !Signals.areGathered, let endings = try? Signals.gatherEndings(givingWay: true) else {
      task = nil
      return
    }
    @Sendable func endWhereAsked() {
      var number: UInt8 = 0
      let count = unsafe withUnsafeMutableBytes(of: &number) { bytes in
        (try? unsafe endings.read(into: bytes)) ?? 0
      }
      guard count == 1 else { return }
      console.raw("\n")
      for line in words() { console.error(line) }
      Signals.letEnd()
      // Threads that tasks run on have all signals blocked, so that raise(3) would wait there for ever.
      kill(getpid(), Int32(number))
    }
    task = Task {
      repeat {
        endWhereAsked()
        try? await Task.sleep(for: .milliseconds(100))
      } while !Task.isCancelled
      Signals.letEnd()
      // One that came meanwhile: whoever has ended an apply while hosts were asked must not see it change them.
      endWhereAsked()
      try? endings.close()
    }
  }

  /// Signals end the program at once again.
  func end() async {
    task?.cancel()
    await task?.value
  }
}
