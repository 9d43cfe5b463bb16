internal import Addressing
package import Nftables

/// What has the table of this host recorded, in each direction that it denies or only observes? Reads only.
package struct ListRecords: AgentRequest, Codable {
  package static let name = "list-records"
  package typealias Reply = RecordList

  package init() {}
}

/// What a host has recorded.
package struct RecordList: AgentMessage, Hashable, Codable {
  /// Somebody who asked for something that nothing allowed, and how often.
  package struct Entry: Hashable, Sendable {
    package let record: Recorded.Record
    /// Those that were recorded; of a flood not all are.
    package let packets: UInt64
    package let bytes: UInt64
    /// Seconds since the last of them.
    package let age: Int
    /// Seconds since the first of them; `nil`: it is not known.
    package let firstAge: Int?

    package init(
      _ record: Recorded.Record, packets: UInt64, bytes: UInt64, age: Int, firstAge: Int? = nil
    ) {
      self.firstAge = firstAge
      self.record = record
      self.packets = packets
      self.bytes = bytes
      self.age = age
    }
  }

  /// What was counted of something.
  package struct Count: Hashable, Sendable {
    package let packets: UInt64
    package let bytes: UInt64

    package init(packets: UInt64, bytes: UInt64) {
      self.packets = packets
      self.bytes = bytes
    }
  }

  /// What was recorded on the way in, out or through.
  package struct Direction: Hashable, Sendable, Codable {
    package let hook: DirectionStatus.Direction
    package let mode: DirectionStatus.Mode
    /// For how long something is remembered, in seconds.
    @BoundedCount package private(set) var memory: Int
    /// Whether a set of records is full, so that no others are made until some are forgotten.
    package let isFull: Bool
    /// What came and is in no entry; `nil`: the agent does not tell.
    package let unrecorded: Unrecorded?
    /// The most recent first.
    @BoundedList package private(set) var entries: [Entry]
    /// How many more there are.
    @BoundedCount package private(set) var untold: Int
    /// For how many seconds it is known that everything was recorded; `nil`: nobody keeps accounts of that.
    package let watched: Int?
    /// Seconds since something came that had not come before; `nil`: nothing did, or nobody keeps accounts of that.
    package let quiet: Int?
    /// For how many seconds it has denied, or only observed, what it does that with; `nil`: nobody knows it to have ever been
    /// otherwise.
    package let inMode: Int?

    package init(
      hook: DirectionStatus.Direction, mode: DirectionStatus.Mode, memory: Int, isFull: Bool,
      unrecorded: Unrecorded? = nil, entries: [Entry], untold: Int, watched: Int? = nil,
      quiet: Int? = nil, inMode: Int? = nil
    ) {
      self.quiet = quiet
      self.inMode = inMode
      self.watched = watched
      self.unrecorded = unrecorded
      self.hook = hook
      self.mode = mode
      self.memory = memory
      self.isFull = isFull
      self.entries = entries
      self.untold = untold
    }

    /// That of which nothing is recorded, because no rules are there.
    package static func leftAlone(_ hook: DirectionStatus.Direction) -> Self {
      Self(hook: hook, mode: .leave, memory: 0, isFull: false, entries: [], untold: 0)
    }

    /// Whether it is what a host can say.
    fileprivate var isSound: Bool {
      entries.count <= RecordList.most && Bounds.isCount(watched ?? 0) && Bounds.isCount(quiet ?? 0)
        && Bounds.isCount(inMode ?? 0)
        && entries.allSatisfy { entry in
          Bounds.isCount(entry.firstAge ?? 0) && entry.record.isSound(at: hook)
        }
    }
  }

  /// Those that the table has.
  package let directions: [Direction]
  /// Why what was recorded before the table was made, or is older than it remembers, is not among it; `nil`: it is, or there
  /// is none.
  package private(set) var loss: String?
  /// Who has tripped tripwires of the host; `nil`: nobody has who is not let go, or the agent does not tell.
  package var tripped: [TripStatus]?
  /// Why that is not known; `nil`: it is, or the agent does not tell.
  package var trippedUnknown: String?

  /// The most entries of a direction that are told.
  package static let most = 20_000

  package init(directions: [Direction], loss: String? = nil) {
    self.directions = directions
    self.loss = loss
  }

  package init(_ header: Self, _ tables: [Table]) throws(AgentFailure) {
    guard tables.isEmpty else { throw AgentFailure(.badRequest, "tables where none belong") }
    let hooks = Set(header.directions.map(\.hook))
    guard hooks.count == header.directions.count, header.directions.allSatisfy(\.isSound) else {
      throw AgentFailure(.badRequest, "records that no host can have")
    }
    guard header.tripped?.count ?? 0 <= TripStatus.most, header.tripped?.allSatisfy(\.isSound) ?? true else {
      throw AgentFailure(.badRequest, "tripped tripwires that no host can have")
    }
    self = header
    loss = loss.map { Bounds.clamped($0, to: Bounds.message) }
    trippedUnknown = trippedUnknown.map { Bounds.clamped($0, to: Bounds.message) }
  }
}

/// One text: the record, packets, bytes, age, and the age of the first of them where that is known.
extension RecordList.Entry: Codable {
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    guard let entry = Self(text: try value.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: value, debugDescription: "not a record")
    }
    self = entry
  }

  private init?(text: String) {
    guard var words = RecordWords(text), let record = words.record(), let packets = words.number(),
      let bytes = words.number(), let age = words.number().flatMap(Int.init(exactly:)), Bounds.isCount(age)
    else { return nil }
    var firstAge: Int?
    if !words.isAtEnd {
      guard let number = words.number().flatMap(Int.init(exactly:)), words.isAtEnd else { return nil }
      firstAge = number
    }
    self.init(record, packets: packets, bytes: bytes, age: age, firstAge: firstAge)
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    let first = firstAge.map { " \($0)" } ?? ""
    try value.encode("\(record.text) \(packets) \(bytes) \(age)\(first)")
  }
}
