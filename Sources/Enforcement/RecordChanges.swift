package import AgentProtocol
internal import Glibc

/// What of records has come since they were listed last.
package struct RecordChanges {
  private var counts: [DirectionStatus.Direction: [Recorded.Record: RecordList.Count]] = [:]

  /// Takes whatever is there for known.
  package init(_ list: RecordList) {
    for direction in list.directions { note(direction) }
  }

  /// The packets that have come since the list before, the earliest first. A count that is lower has begun anew.
  package mutating func taking(_ list: RecordList) -> RecordList {
    var changed: [RecordList.Direction] = []
    for direction in list.directions {
      let known = counts[direction.hook] ?? [:]
      let entries = direction.entries.compactMap { entry -> RecordList.Entry? in
        let before = known[entry.record]
        if before?.packets == entry.packets { return nil }
        let goesOn = before.map { $0.packets < entry.packets && $0.bytes <= entry.bytes } ?? false
        let part = goesOn ? before : nil
        return RecordList.Entry(
          entry.record, packets: entry.packets - (part?.packets ?? 0),
          bytes: entry.bytes - (part?.bytes ?? 0), age: entry.age, firstAge: before == nil ? entry.age : nil)
      }
      note(direction)
      if entries.isEmpty { continue }
      changed.append(
        RecordList.Direction(
          hook: direction.hook, mode: direction.mode, memory: direction.memory, isFull: direction.isFull,
          unrecorded: direction.unrecorded, entries: entries.reversed(), untold: direction.untold))
    }
    return RecordList(directions: changed)
  }

  private mutating func note(_ direction: RecordList.Direction) {
    var counts = self.counts[direction.hook] ?? [:]
    // What was not told may be told later, and is not new then.
    if direction.untold == 0 { counts.removeAll(keepingCapacity: true) }
    for entry in direction.entries {
      counts[entry.record] = RecordList.Count(packets: entry.packets, bytes: entry.bytes)
    }
    self.counts[direction.hook] = counts
  }
}

extension LocalHost {
  /// Between two lists nobody who reads them waits for longer.
  private static let pause = Duration.milliseconds(400)

  /// Lists what the table records again and again, and tells what has come meanwhile.
  ///
  /// The records themselves are asked, not copies of packets that rules log: those go to one listener alone, and of many at once
  /// a limit leaves some out.
  ///
  /// - Parameters:
  ///   - most: after so many that were told it ends ahead of its time.
  ///   - tell: is told an empty list where nothing has come for a while, so that it can throw when nobody listens.
  /// - Returns: whether the time is over.
  /// - Throws: ``AgentProtocol/AgentFailure``, `refused` where nothing is enforced at the beginning, and what `tell` throws.
  package func followRecords(
    for time: Duration, most: Int, tell: (RecordList) throws(AgentFailure) -> Void
  ) throws(AgentFailure) -> Bool {
    let end = ContinuousClock.now + time
    var changes = RecordChanges(try records())
    var said = ContinuousClock.now
    var count = 0
    while count < most {
      let begin = ContinuousClock.now
      if begin >= end { return true }
      let list: RecordList
      do throws(AgentFailure) { list = try records() } catch {
        // A table that goes may come again.
        guard error.code == .refused || error.code == .moved else { throw error }
        list = RecordList(directions: [])
      }
      let told = changes.taking(list)
      if !told.directions.isEmpty || begin - said >= .seconds(FollowRecords.longestSilence) {
        try tell(told)
        said = .now
        count += 1
      }
      // A host whose records are many has more to do than to list them.
      let rest = max(Self.pause, (ContinuousClock.now - begin) * 4)
      usleep(UInt32(clamping: Int(min(rest, max(.zero, end - .now)) / .microseconds(1))))
    }
    return false
  }
}
