package import Policy

/// A reader that is made anew from time to time: flows end, and what it has found of whoever has come would grow without an end.
package struct RenewedReader {
  private let make: @Sendable (Timestamp) -> RecordReader
  private var reader: RecordReader
  private var made: Timestamp

  /// For how long one is used, in seconds.
  package static let longest: Int64 = 600

  /// - Parameter make: a reader that judges by a moment.
  package init(at now: Timestamp, _ make: @escaping @Sendable (Timestamp) -> RecordReader) {
    self.make = make
    reader = make(now)
    made = now
  }

  package mutating func reader(at now: Timestamp) -> RecordReader {
    // A clock that was set back makes a new one as well.
    if !(0..<Self.longest).contains(now.seconds - made.seconds) {
      reader = make(now)
      made = now
    }
    return reader
  }
}
