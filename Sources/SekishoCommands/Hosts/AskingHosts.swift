internal import Fleet
internal import Glibc
internal import Synchronization

/// Asks hosts, several at once. Where that takes long, a terminal's standard error says whom it waits for.
///
/// - Returns: for each, in order, the answer or why there is none.
func asking<Answer: Sendable>(
  _ targets: [Target], _ console: Console,
  _ question: @escaping @Sendable (Target) async throws -> Answer
) async -> [Result<Answer, any Error>] {
  let line = WaitingLine(console, for: targets.map(\.name))
  let shown = Task { await line.show() }
  let answers = await concurrently(targets) { target in
    defer { line.has(target.name) }
    return try await question(target)
  }
  shown.cancel()
  await shown.value
  return answers
}

/// `waiting for h2`, on a terminal's standard error.
private final class WaitingLine: Sendable {
  private let console: Console
  private let isShown: Bool
  private let waiting: Mutex<[String]>

  init(_ console: Console, for names: [String]) {
    self.console = console
    isShown = !console.quiet && isatty(STDERR_FILENO) == 1
    waiting = Mutex(names)
  }

  /// A host has answered, or failed.
  func has(_ name: String) {
    waiting.withLock { names in
      if let index = names.firstIndex(of: name) { names.remove(at: index) }
    }
  }

  /// Writes the line from when it has taken long until the task is cancelled, then takes it away.
  func show() async {
    guard isShown, await pause(.seconds(2)) else { return }
    repeat {
      console.raw("\r\u{1b}[Kwaiting for \(listed(waiting.withLock { $0 }))")
    } while await pause(.milliseconds(500))
    console.raw("\r\u{1b}[K")
  }

  /// - Returns: whether the task goes on.
  private func pause(_ duration: Duration) async -> Bool {
    do { try await Task.sleep(for: duration) } catch { return false }
    return true
  }
}
