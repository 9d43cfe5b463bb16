internal import CMnl
internal import Netlink

extension NftablesConnection {
  /// How often a read is begun again while others change the ruleset.
  static let attempts = 12

  /// Runs a read until nothing disturbed it; each pause is longer than the one before, since a
  /// program that loads many transactions needs its time.
  static func retrying<Value>(
    _ read: () throws(ReadError) -> Value
  ) throws(ReadError) -> Value {
    for attempt in 0..<attempts {
      do {
        return try read()
      } catch {
        switch error {
        case .netlink(.interrupted), .netlink(.overrun), .message(.duplicateKey, _), .unsettled: break
        default: throw error
        }
      }
      pause(milliseconds: 1 << Int32(min(attempt, 6)))
    }
    throw .unsettled(attempts: attempts)
  }

  private static func pause(milliseconds: Int32) {
    _ = poll(nil, 0, milliseconds)
  }
}
