internal import Diagnostics
internal import Glibc
internal import Operations
internal import Synchronization

/// `waiting for h2`, on a terminal's standard error, where hosts take long.
final class WaitingLine: HostWatch {
  private let console: Console
  private let isShown: Bool
  private let state = Mutex((waiting: [String](), line: Task<Void, Never>?.none))

  init(_ console: Console) {
    self.console = console
    isShown = !console.quiet && isatty(STDERR_FILENO) == 1
  }

  func begins(_ hosts: [String]) {
    let line = isShown ? Task { await show() } : nil
    state.withLock { $0 = (hosts, line) }
  }

  func has(_ host: String) {
    state.withLock { state in
      if let index = state.waiting.firstIndex(of: host) { state.waiting.remove(at: index) }
    }
  }

  func ends() async {
    let line = state.withLock { $0.line }
    line?.cancel()
    await line?.value
  }

  /// Writes the line from when it has taken long until the task is cancelled, then takes it away.
  private func show() async {
    guard await pause(.seconds(2)) else { return }
    repeat {
      console.raw("\r\u{1b}[Kwaiting for \(listed(state.withLock { $0.waiting }))")
    } while await pause(.milliseconds(500))
    console.raw("\r\u{1b}[K")
  }

  /// - Returns: whether the task goes on.
  private func pause(_ duration: Duration) async -> Bool {
    do { try await Task.sleep(for: duration) } catch { return false }
    return true
  }
}
