internal import Synchronization

/// Somebody wants a run to end before its time: once, and it goes back; twice, and it does not wait for hosts that hang.
package final class RunInterrupt: Sendable {
  private let asked = Atomic(0)
  /// For which a host may go back, once somebody has asked twice.
  package let patience: Duration

  package init(patience: Duration = .seconds(10)) { self.patience = patience }

  package func ask() { asked.add(1, ordering: .acquiringAndReleasing) }
  package var wasAsked: Bool { asked.load(ordering: .acquiring) > 0 }
  /// Whether it was asked for again.
  package var isImpatient: Bool { asked.load(ordering: .acquiring) > 1 }

  func check() throws { if wasAsked { throw RunStop(reason: "it was interrupted") } }

  /// Does something that may hang.
  ///
  /// - Throws: what it throws, or ``RunStop`` where somebody has asked twice and it is not over within ``patience`` of its
  ///   beginning; it is cancelled then.
  func limiting(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let last = ContinuousClock.now + patience
    let (ends, ending) = AsyncStream.makeStream(of: Result<Void, any Error>.self)
    let work = Task {
      do { ending.yield(.success(try await body())) } catch { ending.yield(.failure(error)) }
    }
    let watch = Task {
      while !isImpatient || ContinuousClock.now < last {
        guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return }
      }
      ending.yield(.failure(RunStop(reason: "it hung, and was not waited for: it was interrupted again")))
    }
    defer {
      watch.cancel()
      work.cancel()
    }
    for await end in ends { return try end.get() }
    throw CancellationError()
  }
}
