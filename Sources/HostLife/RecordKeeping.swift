package import AgentProtocol
internal import Enforcement
internal import HostState
internal import HostStore

extension HostLife {
  /// What the table has recorded, with what is remembered from before.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where nothing is enforced nothing is recorded. What is remembered and cannot be
  ///   read is no failure: the answer says so.
  package func records() throws(AgentFailure) -> RecordList {
    var memory: RecordMemory?
    var loss: String?
    // Ahead of the kernel, so that it has not counted less than what is remembered of it.
    do throws(AgentFailure) { (memory, loss) = try rememberedRecords() } catch { loss = error.message }
    let list = try host.records()
    guard let memory else { return RecordList(directions: list.directions, loss: loss) }
    let now = clock()
    return memory.adding(list, at: now, booted: booted(now), in: try Self.place()).completed(list, at: now)
  }

  /// Who is remembered of a direction, for how many seconds; `nil`: nobody is.
  package func remembered(
    _ hook: DirectionStatus.Direction
  ) -> (records: [Recorded.Record], memory: Int)? {
    (try? rememberedRecords())?.memory?.records(hook, at: clock())
  }

  /// Brings to disk what the table has recorded, where that is more than the disk has, or the disk was written long ago.
  ///
  /// - Parameters:
  ///   - looked: when somebody looked last.
  ///   - isLocked: whether the books are in hand already.
  ///   - isLast: whether nobody looks again, so that the disk says when somebody did.
  /// - Returns: why what the disk had could not be read, and has made room.
  /// - Throws: ``AgentProtocol/AgentFailure``: `refused` where nothing is enforced, `busy` where another command is at work.
  @discardableResult
  func keepRecords(
    lookedAt looked: Int64? = nil, isLocked: Bool = false, isLast: Bool = false
  ) throws(AgentFailure) -> String? {
    let lock = isLocked ? nil : try reading { () throws(HostStore.Failure) in try store.lock() }
    defer { withExtendedLifetime(lock) {} }
    let (old, damage) = try rememberedRecords()
    let list: RecordList
    do throws(AgentFailure) { list = try host.records() } catch {
      // A table that somebody else has taken away.
      if error.code == .refused { try write(old?.withoutTable, unless: old) }
      throw error
    }
    let (now, place) = (clock(), try Self.place())
    let memory =
      old?.adding(list, lookedAt: looked, at: now, booted: booted(now), in: place)
      ?? RecordMemory(list, at: now, booted: booted(now), in: place)
    if let old, !isLast, memory.isSame(as: old),
      RecordMemory.isWithin(Self.longestUnwritten, old.time, at: now)
    {
      return nil
    }
    try reading { () throws(HostStore.Failure) in try store.write(records: memory) }
    return damage
  }

  /// Notes on disk that the table has gone; what was kept of it stays. The books are in hand.
  func noteTableGone() throws(AgentFailure) {
    let old = try rememberedRecords().memory
    try write(old?.withoutTable, unless: old)
  }

  /// Notes on disk that there was no table; of another boot that says nothing, since every boot begins without one.
  func noteTableMissing() throws(AgentFailure) {
    guard let old = try rememberedRecords().memory, old.place == (try Self.place()) else { return }
    try write(old.withoutTable, unless: old)
  }

  private func write(_ memory: RecordMemory?, unless old: RecordMemory?) throws(AgentFailure) {
    guard let memory, memory != old else { return }
    try reading { () throws(HostStore.Failure) in try store.write(records: memory) }
  }

  /// When the boot was, by the clock that says it is now.
  private func booted(_ now: Int64) -> Int64 { now &- sinceBoot() }

  /// So old may be what the disk says of when somebody looked last, in seconds.
  private static let longestUnwritten: Int64 = 900

  /// What is remembered, if anything, and why the disk could be read and says nothing of it.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, also where it is of another network namespace, which has the same state
  ///   directory.
  private func rememberedRecords() throws(AgentFailure) -> (memory: RecordMemory?, damage: String?) {
    var (memory, damage): (RecordMemory?, String?) = (nil, nil)
    try reading { () throws(HostStore.Failure) in
      do throws(HostStore.Failure) { memory = try store.records(as: RecordMemory.self) } catch {
        guard case .damaged = error else { throw error }
        damage = "\(error)"
      }
    }
    // A watch there would have written since; a container that is started again is in a namespace of its own, too.
    if let memory, BootPlace.isElsewhere(memory.place, than: try Self.place()),
      RecordMemory.isWithin(2 * Self.longestUnwritten, memory.time, at: clock())
    {
      throw AgentFailure(
        .failed, "another network namespace has the same state directory, and keeps its records there")
    }
    return (memory, damage)
  }
}
