package import AgentProtocol
package import Enforcement
internal import HostState
internal import HostStore
internal import Machine
internal import Nftables
internal import RulesetShape

extension HostLife {
  /// What flows were used for, with what is kept from before. Whoever may write keeps it, so that each question is a look;
  /// nobody else is kept from the answer.
  ///
  /// - Parameter keeping: whether it is such a look.
  /// - Throws: ``AgentProtocol/AgentFailure``; `refused` where nothing is enforced. What is kept and cannot be read is no failure:
  ///   the answer says so.
  package func usage(keeping: Bool = true) throws(AgentFailure) -> UsageList {
    var memory: UsageMemory?
    var loss: String?
    var ports = keeping ? (try? host.seenPorts()) ?? nil : nil
    do throws(AgentFailure) {
      if keeping {
        loss = try keepUsage(seen: ports)
        ports = nil
      }
    } catch {
      if error.code == .refused { throw error }
    }
    // Ahead of the kernel, so that it has not counted less than what is kept of it.
    do throws(AgentFailure) {
      let kept = try keptUsage()
      (memory, loss) = (kept.memory, loss ?? kept.damage)
    } catch { loss = error.message }
    let counts = try host.flowCounts()
    var list = try looked(counts, ports, behind: memory).list(at: clock(), untold: counts.untold)
    list.loss = loss
    list.leftAlone = counts.leftAlone.isEmpty ? nil : counts.leftAlone
    return list
  }

  /// What the rules of a host have counted where nothing is kept of it.
  package static func usage(of host: LocalHost) throws(AgentFailure) -> UsageList {
    let counts = try host.flowCounts()
    let now = WallClock.seconds()
    var list = UsageMemory(counts, at: now, in: try place()).list(at: now, untold: counts.untold)
    list.leftAlone = counts.leftAlone.isEmpty ? nil : counts.leftAlone
    return list
  }

  /// Brings to disk what flows were used for, where that is more than the disk has, or the disk was written long ago.
  ///
  /// - Parameters:
  ///   - isLocked: whether the books are in hand already.
  ///   - isLast: whether nobody looks again, so that the disk says when somebody did.
  ///   - ports: at which sessions are; `nil`: nobody has looked.
  ///   - made: the table as it was just made, and the generation that made it.
  /// - Returns: why what the disk had could not be read, and has made room.
  /// - Throws: ``AgentProtocol/AgentFailure``: `refused` where nothing is enforced, `busy` where another command is at work.
  @discardableResult
  func keepUsage(
    isLocked: Bool = false, isLast: Bool = false, seen ports: [FlowPorts]? = nil,
    behind made: (table: Table, generation: UInt32)? = nil
  ) throws(AgentFailure) -> String? {
    let lock = isLocked ? nil : try reading { () throws(HostStore.Failure) in try store.lock() }
    defer { withExtendedLifetime(lock) {} }
    let (old, damage) = try keptUsage()
    let memory: UsageMemory
    do throws(AgentFailure) {
      memory = try looked(try host.flowCounts(behind: made), ports, behind: old)
    } catch {
      // The table has gone. Of another boot that says nothing, since every boot begins without one.
      if error.code == .refused, let old, old.isThere, old.place == (try Self.place()) {
        try write(old.withoutTable)
      }
      throw error
    }
    if let old, !isLast, memory.isSame(as: old),
      RecordMemory.isWithin(Self.longestUnwritten, old.time, at: memory.time)
    {
      return nil
    }
    try write(memory)
    return damage
  }

  private func looked(
    _ counts: FlowCounts, _ ports: [FlowPorts]?, behind memory: UsageMemory?
  ) throws(AgentFailure) -> UsageMemory {
    let (now, place) = (clock(), try Self.place())
    let booted = now &- sinceBoot()
    return memory?.adding(counts, ports: ports, at: now, booted: booted, in: place)
      ?? UsageMemory(counts, ports: ports, at: now, booted: booted, in: place)
  }

  private func write(_ memory: UsageMemory) throws(AgentFailure) {
    try reading { () throws(HostStore.Failure) in try store.write(usage: memory) }
  }

  /// So old may be what the disk says of when somebody looked last, in seconds.
  private static let longestUnwritten: Int64 = 900

  /// What is kept, if anything, and why the disk could be read and says nothing of it.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``, also where it is of another network namespace, which has the same state
  ///   directory.
  private func keptUsage() throws(AgentFailure) -> (memory: UsageMemory?, damage: String?) {
    var (memory, damage): (UsageMemory?, String?) = (nil, nil)
    try reading { () throws(HostStore.Failure) in
      do throws(HostStore.Failure) { memory = try store.usage(as: UsageMemory.self) } catch {
        guard case .damaged = error else { throw error }
        damage = "\(error)"
      }
    }
    // A watch there would have written since; a container that is started again is in a namespace of its own, too.
    if let memory, BootPlace.isElsewhere(memory.place, than: try Self.place()),
      RecordMemory.isWithin(2 * Self.longestUnwritten, memory.time, at: clock())
    {
      throw AgentFailure(
        .failed,
        "another network namespace has the same state directory, and keeps there what its flows are used for")
    }
    return (memory, damage)
  }
}

extension FlowCounts {
  /// Rules of which nothing is kept.
  fileprivate var untold: Int { max(0, rules.count - UsageMemory.mostRules) }
}
