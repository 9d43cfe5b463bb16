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

  /// How many attempts are begun in a second at most; `nil`: as many as there is room for.
  package var rate: Int?

  package init(timeout: Duration = .milliseconds(300), concurrency: Int = 256, rate: Int? = nil) {
    self.timeout = timeout
    self.concurrency = concurrency
    self.rate = rate
  }

  /// Tries each once.
  ///
  /// - Parameter witness: goes on seeing meanwhile.
  /// - Returns: an outcome for every attempt, in their order. It takes at most the timeout for every
  ///   ``concurrency`` attempts, beside what ``rate`` asks for.
  package func run(_ attempts: [Attempt], beside witness: Witness? = nil) -> [AttemptOutcome] {
    var outcomes = [AttemptOutcome](repeating: .silent, count: attempts.count)
    var active: [(index: Int, pending: PendingAttempt, deadline: ContinuousClock.Instant)] = []
    let run = UInt16.random(in: 1...UInt16.max)
    var next = 0
    var room = max(1, concurrency)
    let beginning = ContinuousClock.now
    while next < attempts.count || !active.isEmpty {
      while next < attempts.count, active.count < room, mayBegin(next, since: beginning) {
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
      let isWaitingForTurn = next < attempts.count && active.count < room
      if active.isEmpty, !isWaitingForTurn { continue }
      wait(for: &active, &outcomes, witness, atMost: isWaitingForTurn ? 1 : 60_000)
    }
    return lookingForNeighbours(attempts, outcomes)
  }

  /// What waits for a neighbour that does not answer was not stopped by anybody; nor is it known where the kernel says
  /// nothing of neighbours.
  private func lookingForNeighbours(_ attempts: [Attempt], _ outcomes: [AttemptOutcome]) -> [AttemptOutcome] {
    guard outcomes.contains(.silent) else { return outcomes }
    var nextHop = try? NextHop()
    var missing: [[Address?]: Bool] = [:]
    return zip(attempts, outcomes).map { attempt, outcome in
      // A group has no neighbour, and what is asked for through an interface goes through that.
      guard outcome == .silent, !attempt.destination.needsInterface else { return outcome }
      let way = [attempt.source, attempt.destination]
      let isMissing =
        missing[way] ?? nextHop?.isMissing(from: attempt.source, to: attempt.destination) ?? true
      missing[way] = isMissing
      return isMissing ? .unreachable(by: nil) : outcome
    }
  }

  private func mayBegin(_ number: Int, since beginning: ContinuousClock.Instant) -> Bool {
    guard let rate else { return true }
    return ContinuousClock.now >= beginning + .seconds(Double(number) / Double(max(1, rate)))
  }

  /// Waits until something happens or the first deadline passes, and drops what is settled.
  private func wait(
    for active: inout [(index: Int, pending: PendingAttempt, deadline: ContinuousClock.Instant)],
    _ outcomes: inout [AttemptOutcome], _ witness: Witness?, atMost longest: Double
  ) {
    var descriptors = active.map {
      pollfd(fd: $0.pending.socket.descriptor, events: $0.pending.events, revents: 0)
    }
    descriptors += witness?.descriptors ?? []
    let left = active.first.map { ($0.deadline - .now) / .milliseconds(1) } ?? longest
    _ = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(max(0, min(left.rounded(.up), longest))))
    witness?.take(descriptors.dropFirst(active.count))
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
