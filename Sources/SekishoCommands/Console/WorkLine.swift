internal import Glibc

/// How long a verb has been at work, on a terminal's standard error, where it takes more than a second.
final class WorkLine: Sendable {
  private let task: Task<Void, Never>?

  init(_ console: Console, _ verb: String) {
    guard !console.quiet, isatty(STDERR_FILENO) == 1 else {
      task = nil
      return
    }
    task = Task {
      var seconds = 0
      do {
        while true {
          try await Task.sleep(for: .seconds(1))
          seconds += 1
          console.raw("\r\u{1b}[K\(verb): at work for \(seconds) s")
        }
      } catch {
        if seconds > 0 { console.raw("\r\u{1b}[K") }
      }
    }
  }

  /// Takes the line away.
  func end() async {
    task?.cancel()
    await task?.value
  }
}
