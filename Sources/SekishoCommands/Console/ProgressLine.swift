internal import Glibc

/// A line on a terminal's standard error that counts up; nothing elsewhere.
struct ProgressLine {
  private let isShown: Bool
  private let total: Int
  private let what: String
  private let console: Console

  init(_ console: Console, total: Int, what: String) {
    isShown = !console.quiet && total > 1 && isatty(STDERR_FILENO) == 1
    self.total = total
    self.what = what
    self.console = console
  }

  func show(_ done: Int) {
    if isShown { console.raw("\r\(done)/\(total) \(what)") }
  }

  /// Takes the line away.
  func end() {
    if isShown { console.raw("\r\u{1b}[K") }
  }
}
