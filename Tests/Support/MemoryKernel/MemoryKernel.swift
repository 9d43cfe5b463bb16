package import AgentProtocol
package import Enforcement
package import Netlink
package import Nftables
package import NftablesNetlink
package import Sessions
import Synchronization

/// A kernel with several tables in memory: all of a transaction or nothing, one generation for all, tables
/// that go with the conversation that owns them. It fails where it is told to, and lets strangers in between
/// two calls.
package final class MemoryKernel: KernelSource, Sendable {
  /// Where a call goes wrong.
  package struct Fault: Hashable, Sendable {
    package enum Place: String, Hashable, Sendable, CaseIterable {
      /// Nothing has been done.
      case before
      /// It has been done, and the answer is lost.
      case after
    }

    /// Number of the call, from 0.
    package let call: Int
    package let place: Place
    package let errno: KernelErrno
    /// Whether all calls from there on fail.
    package let isLasting: Bool

    package init(call: Int, _ place: Place, _ errno: KernelErrno, isLasting: Bool = false) {
      self.isLasting = isLasting
      self.call = call
      self.place = place
      self.errno = errno
    }

    func strikes(_ number: Int) -> Bool { isLasting ? number >= call : number == call }
  }

  private struct State {
    var tables: [TablePlace: MemoryTable] = [:]
    var generation: UInt32 = 1
    var owners: [TablePlace: Int] = [:]
    var sessions = 0
    var calls = 0
    var fault: Fault?
    var torn: Range<Int> = 0..<0
    var isGone: @Sendable () -> Bool = { false }
    var stranger: (@Sendable (Int) -> [Change])?
    var made: [SetName: [ElementState]] = [:]
    var sockets: [TCPSocket]? = []
    /// How often the elements of each set were listed.
    var listed: [SetName: Int] = [:]
    /// What connection tracking was told of; `nil`: it cannot be told.
    var tracked: Set<Session>? = []
    /// What connection tracking lists.
    var entries: [TrackedSession] = []
  }

  private let state = Mutex(State())

  package init(_ tables: [Table] = []) {
    for table in tables { commit(Self.making(table)) }
  }

  /// What makes a table where there is none.
  private static func making(_ table: Table) -> Change {
    Change(
      family: table.family, table: table.name,
      operations: [.addTable(comment: table.comment, flags: table.flags)]
        + table.chains.map { .addChain($0.name, $0.base, comment: $0.comment) }
        + table.sets.map { .addSet($0) }
        + table.chains.flatMap { chain in chain.rules.map { .addRule(chain.name, $0, .last) } })
  }

  /// What the kernel has, as a whole.
  package var tables: [Table] {
    state.withLock { state in state.tables.values.compactMap(\.installed?.table) }
      .sorted { $0.title < $1.title }
  }

  package func table(_ family: Family, _ name: TableName) -> InstalledTable? {
    state.withLock { $0.tables[TablePlace(family, name)]?.installed }
  }

  /// How often the elements of each set were listed.
  package var listed: [SetName: Int] { state.withLock { $0.listed } }

  /// Elements that rules have made, of sets that they fill.
  package var made: [SetName: [ElementState]] {
    get { state.withLock { $0.made } }
    set { state.withLock { $0.made = newValue } }
  }

  /// The sockets of the host; `nil`: the kernel does not tell them.
  package var sockets: [TCPSocket]? {
    get { state.withLock { $0.sockets } }
    set { state.withLock { $0.sockets = newValue } }
  }

  /// The sessions that connection tracking was told of; `nil`: it cannot be told.
  package var entries: [TrackedSession] {
    get { state.withLock { $0.entries } }
    set { state.withLock { $0.entries = newValue } }
  }

  package var tracked: Set<Session>? {
    get { state.withLock { $0.tracked } }
    set { state.withLock { $0.tracked = newValue } }
  }

  /// Calls since the last ``fail(at:)``.
  package var calls: Int { state.withLock { $0.calls } }

  /// Counts calls from 0 and lets one of them fail; `nil`: none.
  package func fail(at fault: Fault?) {
    state.withLock {
      $0.calls = 0
      $0.fault = fault
      $0.torn = 0..<0
      $0.isGone = { false }
    }
  }

  /// Counts calls from 0 on; those of some numbers that list a table find it changed by others however often they begin again.
  package func tear(_ calls: Range<Int>) {
    state.withLock {
      $0.calls = 0
      $0.torn = calls
    }
  }

  /// Says from when on the process that asks is gone, so that no call has an effect any more.
  package func isDead(_ isGone: @escaping @Sendable () -> Bool) { state.withLock { $0.isGone = isGone } }

  /// Lets the time of all elements be over that go by themselves; no generation moves.
  package func expire() {
    state.withLock { state in
      for place in state.tables.keys { state.tables[place]?.expire() }
    }
  }

  /// Has every rule have counted so many packets.
  package func count(_ packets: UInt64) {
    state.withLock { state in
      for place in state.tables.keys { state.tables[place]?.count(packets) }
    }
  }

  /// What somebody else does ahead of a call, by its number; `nil`: nobody does anything.
  package func disturb(_ stranger: (@Sendable (Int) -> [Change])?) {
    state.withLock {
      $0.calls = 0
      $0.stranger = stranger
    }
  }

  /// Carries out a change by somebody else's hand; what the kernel refuses is not done.
  package func commit(_ change: Change) {
    state.withLock { state in _ = try? Self.commit(change, by: -1, &state) }
  }

  package func open() throws(AgentFailure) -> any HostKernel {
    state.withLock { $0.sessions += 1 }
    return Conversation(self, state.withLock { $0.sessions })
  }

  /// One conversation.
  private final class Conversation: HostKernel {
    private let kernel: MemoryKernel
    private let number: Int

    init(_ kernel: MemoryKernel, _ number: Int) {
      self.kernel = kernel
      self.number = number
    }

    deinit {
      kernel.state.withLock { state in
        for (place, owner) in state.owners where owner == number {
          state.tables[place] = nil
          state.owners[place] = nil
          state.generation += 1
        }
      }
    }

    /// There are no packets.
    func letPacketsThrough() {}

    func generation() throws(ReadError) -> UInt32 { try kernel.read { $0.generation } }

    func tables() throws(ReadError) -> [TablePlace] {
      try kernel.read { state in
        state.tables.filter { $0.value.installed != nil }.keys
          .sorted { ($0.family.rawValue, $0.name) < ($1.family.rawValue, $1.name) }
      }
    }

    func table(
      _ family: Family, _ name: TableName, knowing known: (sets: [NamedSet], generation: UInt32)?
    ) throws(ReadError) -> InstalledTable? {
      let place = TablePlace(family, name)
      let (found, generation, isTorn) = try kernel.read { state in
        (state.tables[place]?.installed, state.generation, state.torn.contains(state.calls - 1))
      }
      if isTorn { throw .unsettled(attempts: 12) }
      guard let found else { return nil }
      let told = known?.generation == generation ? known?.sets ?? [] : []
      let sets = found.table.sets.map { set in told.first { $0.name == set.name } ?? set }
      kernel.state.withLock { state in
        for set in sets where !told.contains(set) { state.listed[set.name, default: 0] += 1 }
      }
      let table = found.table
      return InstalledTable(
        table: Table(
          family: family, name: name, flags: table.flags, comment: table.comment, chains: table.chains,
          sets: sets, others: table.others),
        rules: found.rules, otherHandles: found.otherHandles, generation: generation)
    }

    func elements(
      _ wanted: NamedSet, family: Family, table: TableName
    ) throws(ReadError) -> SetElements {
      try kernel.read { state in
        let set = state.tables[TablePlace(family, table)]?.installed?.table.set(wanted.name)
        guard let present = set?.elements else { return .none(keyLength: wanted.elements.keyLength) }
        let found = (0..<wanted.elements.count).compactMap { index -> Int? in
          guard let at = present.index(of: wanted.elements.key(index)),
            present.key(at) == wanted.elements.key(index),
            present.lastKey(at) == wanted.elements.lastKey(index)
          else { return nil }
          return at
        }
        return present.selecting(found.sorted())
      }
    }

    func elementCount(of set: SetName, family: Family, table: TableName) throws(ReadError) -> Int {
      try elementStates(of: set, family: family, table: table).count
    }

    func elementStates(
      of set: SetName, family: Family, table: TableName
    ) throws(ReadError) -> [ElementState] {
      try kernel.call({ ReadError.netlink($0) }) { (state) throws(ReadError) in
        guard let set = state.tables[TablePlace(family, table)]?.installed?.table.set(set) else {
          throw .netlink(.failed(.noEntry, doing: "read the elements of set \(set)", extended: nil))
        }
        let present = (0..<set.elements.count).map { index in
          ElementState(
            key: Array(set.elements.key(index)),
            timeLeft: set.elements.attributes[index]?.timeout ?? set.timeout, counter: nil)
        }
        return present + (state.made[set.name] ?? [])
      }
    }

    func sockets() throws(ReadError) -> [TCPSocket]? { try kernel.read { $0.sockets } }

    func datagramSockets() throws(ReadError) -> [UDPSocket]? { try kernel.read { _ in [] } }

    func sessionCount() throws(ReadError) -> SessionCount? {
      try kernel.read { SessionCount(count: $0.tracked == nil ? nil : $0.entries.count, limit: nil) }
    }

    func enter(_ sessions: [Session]) throws(NetlinkError) -> Bool {
      try kernel.call(
        { $0 },
        { state throws(NetlinkError) in
          state.tracked?.formUnion(sessions)
          return state.tracked != nil
        })
    }

    func tracked() throws(NetlinkError) -> Tracked? {
      try kernel.call(
        { $0 },
        { state throws(NetlinkError) in
          guard state.tracked != nil else { return nil }
          var tracked = Tracked()
          tracked.sessions = state.entries
          return tracked
        })
    }

    func end(_ sessions: [TrackedSession]) throws(NetlinkError) -> Int {
      try kernel.call(
        { $0 },
        { state throws(NetlinkError) in
          let before = state.entries.count
          state.entries.removeAll { sessions.contains($0) }
          return before - state.entries.count
        })
    }

    func timeLeft(
      of set: SetName, family: Family, table: TableName
    ) throws(ReadError) -> UInt64? {
      try kernel.read { state in
        let set = state.tables[TablePlace(family, table)]?.installed?.table.set(set)
        guard let set, set.elements.count > 0 else { return nil }
        return set.elements.attributes[0]?.timeout ?? set.timeout
      }
    }

    func baseChains() throws(ReadError) -> [PlacedChain] {
      try kernel.read { state in
        state.tables.flatMap { place, table in
          (table.installed?.table.chains ?? []).filter { $0.base != nil }.map { PlacedChain(place, $0) }
        }.sorted { ($0.table.name, $0.chain.name) < ($1.table.name, $1.chain.name) }
      }
    }

    func commit(_ change: Change, expecting generation: UInt32) throws(CommitError) -> UInt32 {
      try kernel.call(
        { error in CommitError.netlink(error) },
        { state throws(CommitError) in
          if state.generation != generation { throw CommitError.moved(expected: generation) }
          return try MemoryKernel.commit(change, by: self.number, &state)
        })
    }
  }

  private func read<Result>(_ body: (State) -> Result) throws(ReadError) -> Result {
    try call({ ReadError.netlink($0) }, { state throws(ReadError) in body(state) })
  }

  private func call<Result, Failure: Error>(
    _ failing: (NetlinkError) -> Failure, _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let isGone = state.withLock { $0.isGone }
    let isDead = isGone()
    let (number, fault, strangers) = state.withLock { state in
      defer { state.calls += 1 }
      return (
        state.calls,
        isDead
          ? Fault(call: state.calls, .before, .noMemory)
          : state.fault.flatMap { $0.strikes(state.calls) ? $0 : nil },
        state.stranger?(state.calls) ?? []
      )
    }
    for change in strangers { commit(change) }
    let failure = fault.map {
      failing(.failed($0.errno, doing: "do call \(number) of a test", extended: nil))
    }
    if let failure, fault?.place == .before { throw failure }
    let outcome = state.withLock { state -> Swift.Result<Result, Failure> in
      do throws(Failure) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    let result = try outcome.get()
    if let failure { throw failure }
    return result
  }

  private static func commit(
    _ change: Change, by session: Int, _ state: inout State
  ) throws(CommitError) -> UInt32 {
    if change.isEmpty { return state.generation }
    let place = TablePlace(change.family, change.table)
    func refusal(_ operation: Int?, _ code: KernelErrno, _ reason: String) -> CommitError {
      .refused([
        KernelRefusal(
          operation: operation, object: "table \(change.family) \(change.table)", element: nil, code: code,
          reason: reason, extended: nil)
      ])
    }
    if let owner = state.owners[place], owner != session { throw refusal(nil, .perm, "not permitted") }
    var table = state.tables[place] ?? MemoryTable()
    do throws(MemoryTable.Refusal) {
      try table.apply(change)
    } catch {
      throw refusal(error.operation, .invalid, error.reason)
    }
    state.generation += 1
    state.tables[place] = table
    state.owners[place] = table.installed?.table.flags.contains(.owner) == true ? session : nil
    return state.generation
  }
}
