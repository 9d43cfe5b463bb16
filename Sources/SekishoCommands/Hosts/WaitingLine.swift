internal import Diagnostics
internal import Glibc
internal import Operations
internal import Synchronization

/// `waiting for h2`, on a terminal's standard error, where hosts take long; and who has answered, when somebody ends it.
final class WaitingLine: HostWatch {
  private let console: Console
  private let isShown: Bool
  private let state = Mutex(State())

  private struct State {
    var asked: [String] = []
    var waiting: [String] = []
    var line: Task<Void, Never>?
    var interruption: Interruption?
  }

  init(_ console: Console) {
    self.console = console
    isShown = !console.quiet && isatty(STDERR_FILENO) == 1
  }

  func begins(_ hosts: [String]) {
    let line = isShown ? Task { await show() } : nil
    let interruption = Interruption(console) { [self] in interrupted }
    state.withLock { $0 = State(asked: hosts, waiting: hosts, line: line, interruption: interruption) }
  }

  func has(_ host: String) {
    state.withLock { state in
      if let index = state.waiting.firstIndex(of: host) { state.waiting.remove(at: index) }
    }
  }

  func ends() async {
    let (line, interruption) = state.withLock { ($0.line, $0.interruption) }
    line?.cancel()
    await line?.value
    await interruption?.end()
    state.withLock { $0.interruption = nil }
  }

  private var interrupted: [String] {
    let (asked, waiting) = state.withLock { ($0.asked, $0.waiting) }
    let answered = asked.filter { !waiting.contains($0) }
    if waiting.isEmpty {
      return ["interrupted; all had answered: \(listed(answered))"]
    }
    // A verb may have asked them to do something.
    return [
      "interrupted; nothing had come yet from \(listed(waiting)), which may do what was asked all the same"
    ] + (answered.isEmpty ? [] : ["there had answered \(listed(answered))"])
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
