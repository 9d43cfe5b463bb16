package import Addressing

extension HostState {
  /// An address that is cut off, as the books have it, so that it is cut off again after a boot.
  package struct Quarantine: Hashable, Sendable, Codable {
    package let address: Address
    /// What an inventory calls whoever has it.
    package let host: String?
    /// When it began: seconds since 1970, UTC.
    package let since: Int64
    /// The same in seconds since the boot, and which boot it was.
    package let sinceBoot: Int64
    package let place: String
    /// How long it lasts; `nil`: until somebody releases it.
    package let seconds: Int64?
    package let by: Actor
    package let why: String

    package init(
      _ address: Address, host: String?, since: Int64, sinceBoot: Int64, place: String, seconds: Int64?,
      by: Actor, why: String
    ) {
      self.address = address
      self.host = host
      self.since = since
      self.sinceBoot = sinceBoot
      self.place = place
      self.seconds = seconds
      self.by = by
      self.why = why
    }

    /// Seconds that are left, 0 where it is over; `nil`: it has no end.
    ///
    /// The clock counts that nobody sets. After another boot the whole time is counted from that boot on: only the clock of the
    /// wall could tell how long the host was off, and one that is ahead would let somebody go.
    ///
    /// - Parameters:
    ///   - sinceBoot: seconds since the boot.
    ///   - place: the boot, as ``place`` has it.
    package func left(sinceBoot: Int64, in place: String) -> Int64? {
      guard let seconds else { return nil }
      let isSameBoot = place.prefix { $0 != ":" } == self.place.prefix { $0 != ":" }
      // What a file says may be any number.
      let passed = sinceBoot.subtractingReportingOverflow(isSameBoot ? self.sinceBoot : 0)
      if passed.overflow || passed.partialValue <= 0 { return max(0, seconds) }
      return max(0, seconds - min(passed.partialValue, max(0, seconds)))
    }
  }
}
