internal import Synchronization

/// Ends a child process that keeps us waiting: what waits for its output then sees the end of it.
final class ChildWatch: Sendable {
  private let hasExpired = Mutex(false)
  private let end: @Sendable () -> Void

  /// - Parameter end: ends the child with all that it started.
  init(end: @escaping @Sendable () -> Void) { self.end = end }

  /// Whether the child was ended for its slowness.
  var isExpired: Bool { hasExpired.withLock { $0 } }

  /// Does something that waits for the child.
  func within<Result>(
    _ limit: Duration, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async throws -> Result {
    let timer = Task { [self] in
      try await Task.sleep(for: limit)
      hasExpired.withLock { $0 = true }
      end()
    }
    defer { timer.cancel() }
    return try await body()
  }
}
