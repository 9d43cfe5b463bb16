internal import Diagnostics
internal import Glibc
internal import Operations
internal import Synchronization

/// How many hosts are changed, on a terminal's standard error; and which, when somebody ends it.
final class AppliedLine: HostWatch {
  private let console: Console
  private let isTried: Bool
  private let isShown: Bool
  private let state = Mutex(State())

  private struct State {
    var hosts: [String] = []
    var done: Set<String> = []
    var interruption: Interruption?
  }

  init(_ console: Console, isTried: Bool) {
    self.console = console
    self.isTried = isTried
    isShown = !console.quiet && isatty(STDERR_FILENO) == 1
  }

  func begins(_ hosts: [String]) {
    let interruption = Interruption(console) { [self] in interrupted }
    state.withLock { $0 = State(hosts: hosts, interruption: interruption) }
  }

  func has(_ host: String) {
    let (done, total) = state.withLock { state in
      state.done.insert(host)
      return (state.done.count, state.hosts.count)
    }
    if isShown, total > 1 { console.raw("\r\(done)/\(total) hosts applied") }
  }

  func ends() async {
    if isShown, state.withLock({ $0.hosts.count > 1 }) { console.raw("\r\u{1b}[K") }
    let interruption = state.withLock { state in
      defer { state.interruption = nil }
      return state.interruption
    }
    await interruption?.end()
  }

  private var interrupted: [String] {
    let (hosts, done) = state.withLock { ($0.hosts, $0.done) }
    let finished = hosts.filter(done.contains)
    let rest = hosts.filter { !done.contains($0) }
    if rest.isEmpty { return ["interrupted; done with \(listed(finished))"] }
    let goingBack = isTried ? "what is on trial there goes back by itself; " : ""
    return [
      "interrupted; "
        + (finished.isEmpty ? "no host had come to its end" : "done with \(listed(finished))"),
      "it was not done with \(listed(rest)): \(goingBack)sekisho history tells what each has",
    ]
  }
}
