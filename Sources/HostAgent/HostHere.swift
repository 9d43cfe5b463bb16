package import AgentProtocol
package import Enforcement
internal import Glibc
package import HostLife
internal import HostState
internal import HostStore
package import Machine
internal import Nftables
internal import Signing

/// This host: what is enforced on it, and what it was given over time.
package struct HostHere: Sendable {
  package let host: LocalHost
  private let state: @Sendable () throws(DirectoryRefusal) -> StateDirectory
  private let keeper: @Sendable () -> Void

  /// - Parameters:
  ///   - state: finds the state directory when something needs it: to look at a host takes none.
  ///   - keeper: starts what cleans up when a trial or a stop is over, whoever is gone by then.
  package init(
    _ host: LocalHost, state: @escaping @Sendable () throws(DirectoryRefusal) -> StateDirectory,
    keeper: @escaping @Sendable () -> Void = {}
  ) {
    self.host = host
    self.state = state
    self.keeper = keeper
  }

  /// - Throws: ``AgentProtocol/AgentFailure`` when the state directory cannot be used.
  package func life() throws(AgentFailure) -> HostLife {
    let directory: StateDirectory
    do throws(DirectoryRefusal) { directory = try state() } catch {
      throw AgentFailure(
        .failed, "the state directory cannot be used: \(error.reason)", object: error.path,
        remedy: error.remedy)
    }
    let actor = Actor(user: Caller.user, invokedBy: Caller.invoker, from: Caller.origin)
    return HostLife(
      host, HostStore(directory), by: actor, clock: WallClock.seconds, people: Self.tell, keeper: keeper)
  }

  /// Of how many people signatures are asked; `nil`: of none. What cannot be read asks for what nobody can give, and says so when it
  /// is asked for a change.
  var approvals: Int? {
    do throws(TrustRefusal) { return try TrustedSigners().requirement()?.approvals } catch { return 1 }
  }

  func startKeeper() { keeper() }

  /// Who has stopped the host; `nil`: nobody, or whoever asks may not read the books, and may still see the kernel.
  var stopNow: StopStatus? { StateDirectory.isThere ? try? life().stopNow() : nil }

  /// Puts back what was confirmed where the time of a stop is over and whoever waited for that is gone: nothing is open for
  /// longer than somebody has asked for. Who may not do it, or cannot, is told of the stop as it is.
  func endStopThatIsOver() {
    if stopNow?.isOver == true { _ = try? life().recover() }
  }

  /// Whom the host has cut off.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` where the books or the kernel cannot be read, and it is not known.
  func quarantinedNow() throws(AgentFailure) -> [QuarantineStatus] {
    StateDirectory.isThere ? try life().quarantined() : []
  }

  /// What the host has opened for a time.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` where the books cannot be read, and it is not known.
  func openedNow() throws(AgentFailure) -> [OpenedStatus] {
    StateDirectory.isThere ? try life().openedNow() : []
  }

  /// Who has tripped tripwires of the host; `nil`: nobody. It is in no book: the kernel does it, and a boot forgets it.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` where the kernel cannot be asked.
  func trippedNow() throws(AgentFailure) -> [TripStatus]? {
    let now = WallClock.seconds()
    let tripped = try host.tripped().prefix(TripStatus.most).map { one in
      TripStatus(
        address: one.address, tripwires: one.tripwires, since: now - Int64((one.whole - one.left) / 1000),
        until: now + Int64((one.left + 999) / 1000), isCut: one.isCut)
    }
    return tripped.isEmpty ? nil : tripped
  }

  /// What the host boots with; `nil`: nothing, or whoever asks may not read the books.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` where the books are damaged, and it is not known.
  func confirmedNow(_ installed: InstalledTable?) throws(AgentFailure) -> ConfirmedStatus? {
    guard StateDirectory.isThere, let life = try? life() else { return nil }
    return try life.confirmedNow(installed)
  }

  /// Whether the host has a table in its rules and boots with something else; `nil`: it is not known, as to whoever may not
  /// read the books.
  func bootsOtherwise(than table: Table) -> Bool? {
    // Who could write books and finds none has confirmed nothing.
    guard StateDirectory.isThere else { return geteuid() == 0 ? true : nil }
    return (try? life().bootsOtherwise(than: table)) ?? nil
  }

  /// What the table has recorded, with what is remembered from before where there are books.
  func records() throws(AgentFailure) -> RecordList {
    let life = StateDirectory.isThere ? try? life() : nil
    var list = if let life { try life.records() } else { try host.records() }
    do throws(AgentFailure) { list.tripped = try trippedNow() } catch { list.trippedUnknown = "\(error)" }
    return list
  }

  /// What flows were used for, with what is kept from before where there are books.
  ///
  /// - Parameter keeping: whether it is kept from here on.
  func usage(keeping: Bool = true) throws(AgentFailure) -> UsageList {
    guard StateDirectory.isThere, let life = try? life() else { return try HostLife.usage(of: host) }
    return try life.usage(keeping: keeping)
  }

  /// Loads what was confirmed, or the fallback, as a boot does.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` when neither was loaded.
  package func boot() throws(AgentFailure) -> Booted {
    let life: HostLife
    do throws(AgentFailure) { life = try self.life() } catch {
      try Fallback.stand(on: host, because: error)
      Self.tell(.fallback(error.message))
      return .fallback(error)
    }
    return try life.boot()
  }

  /// Begins to watch what becomes of the host's table.
  ///
  /// - Parameter restores: whether what somebody else has made of it is undone.
  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func watch(restores: Bool) throws(AgentFailure) -> Watch {
    try Watch(try life(), restores: restores)
  }

  /// Waits for the end of the trial or the stop that there is, and cleans up behind it.
  package func keep() throws(AgentFailure) {
    while true {
      do throws(AgentFailure) {
        // Only when there is something to clean up: whoever confirms needs the host for himself. A clock that is set moves the
        // end of a stop.
        while let left = try life().left() { pause(min(left, 60_000) + 100) }
        if try life().recover() == nil { return }
      } catch {
        // Somebody else is at work, and leads out of it first. Behind a trial the kernel has gone back; behind a stop nothing is
        // enforced until this succeeds, and books that cannot be read do not say that there is none. Where there are none nothing
        // could be put back.
        let isStopped = StateDirectory.isThere ? try? life().awaitsStart() : false
        if error.code != .busy, isStopped == false { throw error }
        pause(error.code == .busy ? 500 : 5000)
      }
    }
  }

  private func pause(_ milliseconds: UInt64) {
    var time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    var rest = timespec()
    while unsafe nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
  }

  /// To everybody who is logged in, and to the journal. What has no effect there is no failure of the host.
  private static func tell(_ announcement: Announcement) {
    let text = "sekisho: \(announcement)\n"
    try? Programs.start(["/usr/bin/logger", "-t", "sekisho", "--", "\(announcement)"])
    switch announcement {
    case .trialEnded, .leftOpen, .fallback, .stopped, .resumed:
      // A host of a lab has no people of its own.
      if NetworkNamespace.isFirst { try? Programs.start(["/usr/bin/wall"], input: Array(text.utf8)) }
    case .confirmed: break
    }
  }
}
