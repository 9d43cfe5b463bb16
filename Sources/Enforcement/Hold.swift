internal import NftablesNetlink

/// The right to change the host, and the socket by which it is changed; a ``TrackingTable`` lives as long as
/// the socket does.
final class Hold {
  private let lock: ApplyLock
  private let connection: NftablesConnection

  init(_ lock: consuming ApplyLock, _ connection: NftablesConnection) {
    self.lock = lock
    self.connection = connection
  }

  /// Does something while both are held.
  func callAsFunction<Result>(
    _ body: (NftablesConnection) throws(AgentFailure) -> Result
  ) throws(AgentFailure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(connection)
  }
}
