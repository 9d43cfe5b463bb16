/// Packets of a direction that nothing allowed and that no record tells of, since the rules that count them were made: why.
package struct Unrecorded: Hashable, Sendable, Codable {
  /// Their peers had taken their share of the records.
  package let overShare: UInt64
  /// Too many peers and ports came at once.
  package let overPace: UInt64
  /// There was no room.
  package let full: UInt64

  package init(overShare: UInt64, overPace: UInt64, full: UInt64) {
    self.overShare = overShare
    self.overPace = overPace
    self.full = full
  }

  /// What a host says may be any number.
  package var total: UInt64 {
    [overPace, full].reduce(overShare) { sum, count in
      let (total, isTooMuch) = sum.addingReportingOverflow(count)
      return isTooMuch ? .max : total
    }
  }
}
