internal import Addressing
package import AgentProtocol
internal import HostState

/// What is kept of records beyond the kernel, which forgets them after a day, with a table that goes and with a boot: when
/// each was first seen, and what was counted of it altogether.
package struct RecordMemory: Hashable, Sendable, Codable {
  /// For how long something is remembered behind its last packet, in seconds: a month and what its days may differ by, so
  /// that what somebody does once a month is known when it comes again.
  package static let longest = 35 * 86_400

  /// For how long nobody may have looked for what is found then to have come meanwhile, in seconds: the time between two
  /// looks of a watch, and as much again.
  private static let gap: Int64 = 120

  /// Behind a longer break the kernel may have forgotten something that nobody has looked for, in seconds.
  private static let kernels = 86_400

  fileprivate struct Entry: Hashable, Sendable {
    /// Seconds since 1970, UTC; `nil`: it was there before anybody looked.
    let first: Int64?
    /// When somebody looked and it was there.
    let found: Int64
    let last: Int64
    let packets: UInt64
    let bytes: UInt64
    /// What the kernel had counted of it by then, which is a part of the sums; nothing of what it has forgotten.
    let counted: RecordList.Count
  }

  fileprivate struct Direction: Hashable, Sendable {
    /// Since when it is known to be recorded without a break: seconds since 1970, UTC; `nil`: when somebody looked last it was
    /// not.
    let began: Int64?
    let entries: [Recorded.Record: Entry]
    /// Whether something is not among them that the kernel had by then, so that what is found next may be old.
    let isShort: Bool
    /// What became of what was not allowed; `nil`: nobody has noted it.
    let mode: DirectionStatus.Mode?
    /// Since when it is so: seconds since 1970, UTC; `nil`: it is not known to have ever been otherwise.
    let modeBegan: Int64?

    /// The same, of which nothing is known to be recorded.
    func unrecorded(_ entries: [Recorded.Record: Entry]) -> Self {
      Self(began: nil, entries: entries, isShort: isShort, mode: mode, modeBegan: modeBegan)
    }
  }

  /// The boot and the network namespace that were looked at last.
  package let place: String
  /// When: seconds since 1970, UTC.
  package let time: Int64
  /// When the boot was, by the clock of that look: seconds since 1970, UTC; `nil`: nobody has said.
  private let booted: Int64?
  private let directions: [DirectionStatus.Direction: Direction]

  /// What somebody remembers who looks for the first time.
  ///
  /// - Parameters:
  ///   - now: seconds since 1970, UTC.
  ///   - booted: when the boot was by the same clock; it moves where that clock is set.
  package init(_ list: RecordList, at now: Int64, booted: Int64? = nil, in place: String) {
    self.init(list, behind: nil, lookedAt: nil, at: now, booted: booted, in: place)
  }

  /// What is remembered once somebody has looked again.
  ///
  /// - Parameters:
  ///   - list: what the kernel has; it was asked behind the look that this memory is of, so that it counts no less unless it
  ///     began anew.
  ///   - looked: when somebody looked last, where nothing was to be remembered of it.
  ///   - now: seconds since 1970, UTC.
  ///   - booted: when the boot was by the same clock.
  package func adding(
    _ list: RecordList, lookedAt looked: Int64? = nil, at now: Int64, booted: Int64? = nil, in place: String
  ) -> Self {
    Self(
      list, behind: corrected(at: now, booted: booted, in: place), lookedAt: looked, at: now, booted: booted,
      in: place)
  }

  private init(
    _ list: RecordList, behind old: Self?, lookedAt looked: Int64?, at now: Int64, booted: Int64?,
    in place: String
  ) {
    self.place = place
    self.booted = booted
    time = now
    let isWatched =
      (old?.place == place ? max(old?.time ?? .min, looked ?? .min) : looked)
      .map { Self.isWithin(Self.gap, $0, at: now) } ?? false
    // The kernel of another boot knows nothing of what came before it.
    let isLasting =
      old.map { Self.isWithin($0.place == place ? Int64(Self.kernels) : Self.gap, $0.time, at: now) } ?? false
    // What is not told is not recorded, nor what becomes of it.
    var directions = (old?.directions ?? [:]).mapValues {
      Direction(
        began: nil, entries: $0.entries, isShort: $0.isShort, mode: .unknown, modeBegan: $0.modeBegan)
    }
    for told in list.directions where told.mode != .unknown {
      let before = old?.directions[told.hook]
      let isOtherMode = before?.mode.map { $0 != told.mode } ?? false
      let modeBegan = isOtherMode ? now : before?.modeBegan
      if told.mode == .leave {
        directions[told.hook] = Direction(
          began: nil, entries: before?.entries ?? [:], isShort: before?.isShort ?? false, mode: .leave,
          modeBegan: modeBegan)
        continue
      }
      let isWhole = before.map { !$0.isShort } ?? false
      var entries: [Recorded.Record: Entry] = [:]
      entries.reserveCapacity(told.entries.count)
      for entry in told.entries {
        let known = before?.entries[entry.record]
        entries[entry.record] = Entry(
          entry, known, isSameTable: old?.place == place, isWatched: isWatched && isWhole, at: now)
      }
      for (record, known) in before?.entries ?? [:] where entries[record] == nil {
        // What the kernel has and did not tell begins no second count.
        entries[record] = told.untold > 0 ? known : known.forgotten
      }
      let kept = Self.bounded(&entries, at: now)
      let isShort = told.untold > 0 || kept.count < entries.count
      directions[told.hook] = Direction(
        began: isLasting && !isShort ? before?.began ?? now : now, entries: kept, isShort: isShort,
        mode: told.mode, modeBegan: modeBegan)
    }
    self.directions = directions
  }

  /// How many are kept of too many: what comes next is not too much again.
  package static let room = RecordList.most / 10 * 9

  /// Of too many those that are the fewest of their peer, and of these those that were seen last: what one peer asks for
  /// takes no place of another's.
  ///
  /// - Parameter entries: become those that are not too old.
  private static func bounded(
    _ entries: inout [Recorded.Record: Entry], at now: Int64
  ) -> [Recorded.Record: Entry] {
    entries = entries.filter { $0.value.age(at: now) <= longest }
    if entries.count <= RecordList.most { return entries }
    let latest = entries.sorted { a, b in
      a.value.last == b.value.last ? a.key < b.key : a.value.last > b.value.last
    }
    var ranks: [Address: Int] = [:]
    let ranked = latest.enumerated().map { place, entry in
      let rank = ranks[entry.key.peer, default: 0]
      ranks[entry.key.peer] = rank + 1
      return (rank: rank, place: place)
    }
    let kept = ranked.sorted { $0 < $1 }.prefix(room)
    return Dictionary(
      kept.map { (latest[$0.place].key, latest[$0.place].value) }, uniquingKeysWith: { $1 })
  }

  /// The same once the table has gone, and its counts with it: nothing is recorded until there is another.
  package var withoutTable: Self {
    Self(
      place: place, time: time, booted: booted,
      directions: directions.mapValues { $0.unrecorded($0.entries.mapValues(\.forgotten)) })
  }

  /// The same by the clock of here, which may not be the one that it was written by: whatever lies ahead of it did not, and
  /// where the clock was set since, nobody knows what it said of the times before.
  private func corrected(at now: Int64, booted: Int64?, in place: String) -> Self {
    var shift: (by: Int64, since: Int64)?
    if let before = self.booted, let booted,
      self.place == place || BootPlace.isElsewhere(self.place, than: place)
    {
      let (by, isTooMuch) = booted.subtractingReportingOverflow(before)
      if isTooMuch || by.magnitude > Self.gap { shift = (isTooMuch ? 0 : by, before) }
    }
    return Self(
      place: self.place, time: time, booted: self.booted,
      directions: directions.mapValues { direction in
        Direction(
          began: direction.began.map { shift == nil ? min($0, now) : now },
          entries: direction.entries.mapValues { entry in
            if let shift { entry.moved(by: shift.by, since: shift.since, at: now) } else { entry.past(now) }
          },
          isShort: direction.isShort, mode: direction.mode,
          modeBegan: direction.modeBegan.map { shift == nil ? min($0, now) : now })
      })
  }

  private init(
    place: String, time: Int64, booted: Int64?, directions: [DirectionStatus.Direction: Direction]
  ) {
    self.place = place
    self.time = time
    self.booted = booted
    self.directions = directions
  }

  /// Whether nothing but time has gone by.
  package func isSame(as other: Self) -> Bool { place == other.place && directions == other.directions }

  /// Who is remembered in a direction, in no order, and of how many seconds, in whole days; `nil`: nothing was ever recorded
  /// there.
  package func records(
    _ hook: DirectionStatus.Direction, at now: Int64
  ) -> (records: [Recorded.Record], memory: Int)? {
    directions[hook].map { direction in
      let began = direction.began ?? direction.entries.values.map(\.last).min() ?? now
      let days = Self.age(began, at: now) / Self.kernels + 1
      return (Array(direction.entries.keys), min(days * Self.kernels, Self.longest))
    }
  }

  /// What the kernel has told, with what is remembered of it and beside it.
  ///
  /// - Parameter list: the one that was added last.
  package func completed(_ list: RecordList, at now: Int64) -> RecordList {
    RecordList(
      directions: list.directions.map { told in
        guard told.mode.isRecorded, let direction = directions[told.hook] else { return told }
        let entries = direction.entries.map { record, entry in
          // What was not there when the mode was found to be another came since, and the last packet is known of it alone.
          let isOfMode = !direction.isShort && direction.modeBegan.map { entry.found > $0 } ?? false
          return RecordList.Entry(
            record, packets: entry.packets, bytes: entry.bytes, age: entry.age(at: now),
            firstAge: (entry.first ?? (isOfMode ? entry.last : nil))
              .map { max(Self.age($0, at: now), entry.age(at: now)) })
        }
        let watched = direction.began.map { Self.age($0, at: now) }
        return RecordList.Direction(
          hook: told.hook, mode: told.mode, memory: Self.longest, isFull: told.isFull || direction.isShort,
          unrecorded: told.unrecorded,
          entries: entries.sorted { a, b in a.age == b.age ? a.record < b.record : a.age < b.age },
          untold: told.untold, watched: watched,
          // What was there before anybody looked is no newer than that look; of a time without records nothing is known.
          quiet: direction.entries.values.map { Self.age($0.first ?? $0.found, at: now) }.min()
            .map { min($0, watched ?? 0) },
          inMode: direction.modeBegan.map { Self.age($0, at: now) })
      })
  }

  /// Whether a time lies behind, and not for longer than that.
  static func isWithin(_ seconds: Int64, _ time: Int64, at now: Int64) -> Bool {
    let age = now.subtractingReportingOverflow(time)
    return !age.overflow && (0...seconds).contains(age.partialValue)
  }

  /// What a clock that was set back makes negative is nothing, and what a file says may be any number.
  static func age(_ time: Int64, at now: Int64) -> Int {
    let age = now.subtractingReportingOverflow(time)
    return age.overflow ? longest + 1 : Int(min(max(0, age.partialValue), 1 << 40))
  }
}

extension RecordMemory.Entry {
  fileprivate init(
    _ told: RecordList.Entry, _ known: Self?, isSameTable: Bool, isWatched: Bool, at now: Int64
  ) {
    found = known?.found ?? now
    let moment = now.subtractingReportingOverflow(Int64(told.age))
    last = min(max(moment.overflow ? .min : moment.partialValue, known?.last ?? .min), now)
    counted = RecordList.Count(packets: told.packets, bytes: told.bytes)
    guard let known else {
      (packets, bytes) = (told.packets, told.bytes)
      first = told.firstAge != nil || isWatched ? last : nil
      return
    }
    first = known.first
    // Of a table that was made anew meanwhile. A count that is higher again is taken for the same: some packets too few.
    let goesOn = isSameTable && told.packets >= known.counted.packets && told.bytes >= known.counted.bytes
    packets = known.packets.adding(told.packets, beyond: goesOn ? known.counted.packets : 0)
    bytes = known.bytes.adding(told.bytes, beyond: goesOn ? known.counted.bytes : 0)
  }

  fileprivate var forgotten: Self {
    Self(
      first: first, found: found, last: last, packets: packets, bytes: bytes,
      counted: RecordList.Count(packets: 0, bytes: 0))
  }

  /// Without what lies ahead.
  fileprivate func past(_ now: Int64) -> Self {
    let first = first.flatMap { $0 <= now ? $0 : nil }
    return Self(
      first: first, found: min(found, now), last: min(last, now), packets: packets, bytes: bytes,
      counted: counted)
  }

  /// By a clock that was set: what it said since a time was wrong by so many seconds.
  fileprivate func moved(by seconds: Int64, since: Int64, at now: Int64) -> Self {
    let (moved, isTooMuch) = last.addingReportingOverflow(last >= since ? seconds : 0)
    return Self(
      first: nil, found: now, last: isTooMuch ? now : min(moved, now), packets: packets, bytes: bytes,
      counted: counted)
  }

  fileprivate func age(at now: Int64) -> Int { RecordMemory.age(last, at: now) }
}

extension UInt64 {
  fileprivate func adding(_ count: UInt64, beyond part: UInt64) -> UInt64 {
    let (sum, isTooMuch) = addingReportingOverflow(count - part)
    return isTooMuch ? .max : sum
  }
}

// MARK: - As a file

extension RecordMemory.Direction: Codable {
  /// One text: the record, when it was seen last, packets, bytes, what the kernel had counted of both, when it was found, and
  /// when it was seen first where that is known.
  private struct Row: Codable {
    let record: Recorded.Record
    let entry: RecordMemory.Entry

    init(record: Recorded.Record, entry: RecordMemory.Entry) {
      self.record = record
      self.entry = entry
    }

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      guard let row = Self(text: try value.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(in: value, debugDescription: "not a record")
      }
      self = row
    }

    private init?(text: String) {
      guard var words = RecordWords(text), let record = words.record(),
        let last = words.number().flatMap(Int64.init(exactly:)), let packets = words.number(),
        let bytes = words.number(), let countedPackets = words.number(), let countedBytes = words.number(),
        let found = words.number().flatMap(Int64.init(exactly:))
      else { return nil }
      var first: Int64?
      if !words.isAtEnd {
        guard let number = words.number().flatMap(Int64.init(exactly:)), words.isAtEnd else { return nil }
        first = number
      }
      self.record = record
      entry = RecordMemory.Entry(
        first: first, found: found, last: last, packets: packets, bytes: bytes,
        counted: RecordList.Count(packets: countedPackets, bytes: countedBytes))
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      let counts = [entry.packets, entry.bytes, entry.counted.packets, entry.counted.bytes]
      // Before 1970 nothing was recorded.
      let times = [entry.found, entry.first].compactMap { $0.map { UInt64(max(0, $0)) } }
      let numbers = [UInt64(max(0, entry.last))] + counts + times
      try value.encode(([record.text] + numbers.map { "\($0)" }).joined(separator: " "))
    }
  }

  private enum Key: CodingKey { case began, entries, short, mode, modeBegan }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    began = try fields.decodeIfPresent(Int64.self, forKey: .began)
    entries = Dictionary(
      try fields.decode([Row].self, forKey: .entries).map { ($0.record, $0.entry) }, uniquingKeysWith: { $1 })
    isShort = try fields.decodeIfPresent(Bool.self, forKey: .short) ?? false
    mode = try fields.decodeIfPresent(DirectionStatus.Mode.self, forKey: .mode)
    modeBegan = try fields.decodeIfPresent(Int64.self, forKey: .modeBegan)
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encodeIfPresent(began, forKey: .began)
    if isShort { try fields.encode(true, forKey: .short) }
    try fields.encodeIfPresent(mode, forKey: .mode)
    try fields.encodeIfPresent(modeBegan, forKey: .modeBegan)
    let rows = entries.map { Row(record: $0.key, entry: $0.value) }
    try fields.encode(rows.sorted { $0.record < $1.record }, forKey: .entries)
  }
}
