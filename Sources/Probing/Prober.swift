internal import Addressing
package import Attempts
internal import Glibc
internal import SystemPackage

/// Tries connections from where this process is, many at a time, on one thread.
package struct Prober: Sendable {
  /// How long an attempt may go without an answer before it counts as silent.
  package var timeout: Duration
  /// How many attempts are under way at most; fewer when the process may not open as many descriptors.
  package var concurrency: Int

  package init(timeout: Duration = .milliseconds(300), concurrency: Int = 256) {
    self.timeout = timeout
    self.concurrency = concurrency
  }

  /// Tries each once.
  ///
  /// - Returns: an outcome for every attempt, in their order. It takes at most the timeout for every
  ///   ``concurrency`` attempts.
  package func run(_ attempts: [Attempt]) -> [AttemptOutcome] {
    var outcomes = [AttemptOutcome](repeating: .silent, count: attempts.count)
    var active: [(index: Int, pending: PendingAttempt, deadline: ContinuousClock.Instant)] = []
    let run = UInt16.random(in: 1...UInt16.max)
    var next = 0
    var room = max(1, concurrency)
    while next < attempts.count || !active.isEmpty {
      while next < attempts.count, active.count < room {
        let start = PendingAttempt.start(attempts[next], run: run, number: UInt16(truncatingIfNeeded: next))
        switch start {
        case .waiting(let pending): active.append((next, pending, .now + timeout))
        case .done(let outcome): outcomes[next] = outcome
        case .later where active.isEmpty: outcomes[next] = .failed("\(Errno.tooManyOpenFiles)")
        case .later:
          room = active.count
          continue
        }
        next += 1
      }
      wait(for: &active, &outcomes)
    }
    return outcomes
  }

  /// Waits until something happens or the first deadline passes, and drops what is settled.
  private func wait(
    for active: inout [(index: Int, pending: PendingAttempt, deadline: ContinuousClock.Instant)],
    _ outcomes: inout [AttemptOutcome]
  ) {
    guard let first = active.first else { return }
    var descriptors = active.map {
      pollfd(fd: $0.pending.socket.descriptor, events: $0.pending.events, revents: 0)
    }
    let left = (first.deadline - .now) / .milliseconds(1)
    _ = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(max(0, min(left.rounded(.up), 60_000))))
    let now = ContinuousClock.now
    var remaining: [(index: Int, pending: PendingAttempt, deadline: ContinuousClock.Instant)] = []
    for (entry, descriptor) in zip(active, descriptors) {
      if descriptor.revents != 0, let outcome = entry.pending.proceed() {
        outcomes[entry.index] = outcome
      } else if entry.deadline > now {
        remaining.append(entry)
      }
    }
    active = remaining
  }
}
