internal import Addressing
internal import Machine
internal import Netlink
public import Nftables
internal import NftablesNetlink
internal import RulesetDiff
public import RulesetShape
internal import Synchronization

/// The agent of the network namespace this process is in.
///
/// One that has made a ``TrackingTable`` keeps it until it is asked to apply, or is gone.
public final class LocalAgent: Agent {
  /// How often a change is compared again because something else moved the ruleset meanwhile.
  private static let attempts = 5

  private let version: String
  private let runtimeDirectory: String
  private let family: Family
  private let name: TableName
  /// Since ``track(after:)``.
  private let tracking = Mutex<Hold?>(nil)

  /// - Parameters:
  ///   - version: of the tool, for ``hello()``.
  ///   - runtimeDirectory: where the lock is.
  ///   - table: the table of family `inet` that is Sekisho's.
  public init(version: String, runtimeDirectory: String, table name: TableName = .sekisho) {
    self.version = version
    self.runtimeDirectory = runtimeDirectory
    family = .inet
    self.name = name
  }

  public func hello() throws(AgentFailure) -> AgentHello {
    let name: SystemName
    do throws(SystemFailure) { name = try SystemName.current() } catch {
      throw AgentFailure(.failed, "\(error)")
    }
    return AgentHello(
      version: version, node: name.node, kernel: name.release,
      addresses: Interfaces.addresses().map(\.description))
  }

  public func status() throws(AgentFailure) -> HostStatus {
    let connection = try connect()
    let installed = try read(connection)
    var table: TableStatus?
    if let installed {
      table = try TableStatus(installed) { (set) throws(AgentFailure) in
        do throws(ReadError) {
          return try connection.elementCount(of: set, family: family, table: name)
        } catch {
          throw AgentFailure(error)
        }
      }
    }
    return HostStatus(
      generation: try generation(of: installed, connection), table: table,
      foreignChains: try foreignChains(connection))
  }

  public func compare(_ wanted: Table) throws(AgentFailure) -> Comparison {
    try checkTarget(wanted)
    let connection = try connect()
    let installed = try read(connection)
    let change = TableDiff.change(from: installed, to: wanted)
    return Comparison(
      moment: try moment(try generation(of: installed, connection)), isInstalled: installed != nil,
      change: ChangeDescription(change, from: installed, to: wanted),
      foreignChains: try foreignChains(connection))
  }

  /// Tables are read one by one: what was read is of one generation, or read again.
  public func ruleset() throws(AgentFailure) -> HostRuleset {
    let connection = try connect()
    for _ in 0..<Self.attempts {
      let before = try generation(of: nil, connection)
      var tables: [Table] = []
      do throws(ReadError) {
        for message in try connection.tables() where message.family != .arp {
          if let installed = try connection.table(message.family, message.name) {
            tables.append(installed.table)
          }
        }
      } catch {
        throw AgentFailure(error)
      }
      if try generation(of: nil, connection) == before {
        return HostRuleset(generation: before, tables: tables)
      }
    }
    throw AgentFailure(.moved, "the ruleset changes faster than it can be read; try again")
  }

  public func track(after seen: RulesetMoment) throws(AgentFailure) -> RulesetMoment {
    try tracking.withLock { (tracking: inout sending Hold?) throws(AgentFailure) in
      let hold = try newHold()
      let (made, isTracking) = try hold { (connection) throws(AgentFailure) in
        try track(connection, after: seen)
      }
      if isTracking { tracking = hold }
      return try moment(made)
    }
  }

  private func track(_ connection: NftablesConnection, after seen: RulesetMoment) throws(AgentFailure)
    -> (generation: UInt32, isTracking: Bool)
  {
    let installed = try read(connection)
    let present = try self.generation(of: installed, connection)
    try require(seen, is: present)
    if installed != nil { return (present, false) }
    let change = TableDiff.change(from: nil, to: TrackingTable.table(family, name))
    do throws(CommitError) {
      return (try connection.commit(change, expecting: present), true)
    } catch {
      throw AgentFailure(error)
    }
  }

  private func moment(_ generation: UInt32) throws(AgentFailure) -> RulesetMoment {
    RulesetMoment(place: try KernelPlace.current(), generation: generation)
  }

  /// Refuses what was decided by looking at another ruleset.
  private func require(_ seen: RulesetMoment, is present: UInt32) throws(AgentFailure) {
    if try moment(present) == seen { return }
    if seen.generation != present {
      throw AgentFailure(
        .moved,
        "the ruleset is at generation \(present), the change was looked at at \(seen.generation); look again")
    }
    throw AgentFailure(
      .moved, "the host was started anew, or is another, since the change was looked at; look again")
  }

  public func apply(_ request: ApplyRequest) throws(AgentFailure) -> ApplyReport {
    try tracking.withLock { (tracking: inout sending Hold?) throws(AgentFailure) in
      // If the wanted table does not replace the one that only tracks, that one goes.
      let tracked = tracking
      tracking = nil
      try checkTarget(request.wanted)
      let hold = if let tracked { tracked } else { try newHold() }
      return try hold { (connection) throws(AgentFailure) in
        try apply(request, connection, ownsTable: tracked != nil)
      }
    }
  }

  private func apply(_ request: ApplyRequest, _ connection: NftablesConnection, ownsTable: Bool)
    throws(AgentFailure) -> ApplyReport
  {
    var retries = 0
    while true {
      let installed = try read(connection)
      let present = try generation(of: installed, connection)
      if let seen = request.seen { try require(seen, is: present) }
      let change = TableDiff.change(from: installed, to: request.wanted)
      if change.isEmpty { return ApplyReport(operations: 0, generation: present, retries: retries) }
      if !ownsTable { try checkOwner(installed) }
      let made: UInt32
      do throws(CommitError) {
        made = try commit(change, connection, at: present)
      } catch {
        guard case .moved = error, request.seen == nil, retries + 1 < Self.attempts else {
          throw AgentFailure(error)
        }
        retries += 1
        continue
      }
      try ChangeProof(change, of: request.wanted, generation: made).check(connection)
      return ApplyReport(operations: change.operations.count, generation: made, retries: retries)
    }
  }

  /// Carries out a change, its preparations in a transaction ahead of it; both are bound to the
  /// generation that was read.
  private func commit(_ change: Change, _ connection: NftablesConnection, at generation: UInt32)
    throws(CommitError)
    -> UInt32
  {
    var present = generation
    if let preparation = change.preparation {
      present = try connection.commit(preparation, expecting: present)
    }
    return try connection.commit(change.main, expecting: present)
  }

  public func listing() throws(AgentFailure) -> String? {
    guard let installed = try read(try connect()) else { return nil }
    do {
      return String(decoding: try installed.table.listing(states: installed.rules), as: UTF8.self)
    } catch {
      throw AgentFailure(.failed, "the table cannot be shown: \(error)")
    }
  }

  /// The agent owns one table; a request for any other is refused, and so is one for what would not be
  /// sent: an apply that leaves out a part of what was asked for must not be called done.
  private func checkTarget(_ wanted: Table) throws(AgentFailure) {
    guard wanted.family == family, wanted.name == name else {
      throw AgentFailure(
        .badRequest, "asked for table \(wanted.title); this agent owns \(family) \(name)")
    }
    if !wanted.flags.isEmpty {
      throw AgentFailure(.badRequest, "the wanted table has flags, so it would not filter; compile again")
    }
    if let other = wanted.others.first {
      throw AgentFailure(
        .badRequest,
        "the wanted table holds \(other.kind) \(other.name), which Sekisho does not send; compile again"
      )
    }
  }

  /// A table with an owner can be changed by nobody else; the kernel's answer to that is EPERM, which
  /// root would not understand.
  private func checkOwner(_ installed: InstalledTable?) throws(AgentFailure) {
    guard let table = installed?.table, table.flags.contains(.owner) else { return }
    throw AgentFailure(
      .refused,
      "table \(table.title) belongs to another running program, which alone may change it; end that program, then apply again"
    )
  }

  private func newHold() throws(AgentFailure) -> Hold {
    Hold(try ApplyLock(in: runtimeDirectory), try connect())
  }

  private func connect() throws(AgentFailure) -> NftablesConnection {
    do { return try NftablesConnection() } catch { throw AgentFailure(error) }
  }

  private func read(_ connection: NftablesConnection) throws(AgentFailure) -> InstalledTable? {
    do { return try connection.table(family, name) } catch { throw AgentFailure(error) }
  }

  private func generation(of installed: InstalledTable?, _ connection: NftablesConnection)
    throws(AgentFailure)
    -> UInt32
  {
    if let installed { return installed.generation }
    do { return try connection.generation() } catch { throw AgentFailure(error) }
  }

  private func foreignChains(_ connection: NftablesConnection) throws(AgentFailure) -> [ForeignChain] {
    let chains: [ChainMessage]
    do { chains = try connection.baseChains() } catch { throw AgentFailure(error) }
    return chains.compactMap { message in
      guard let base = message.chain.base, message.family != family || message.table != name else {
        return nil
      }
      return ForeignChain(
        table: "\(message.family) \(message.table)", chain: message.chain.name.text, hook: base.hook.rawValue,
        priority: base.priority.rawValue)
    }
  }
}

extension AgentFailure {
  init(_ error: NetlinkError) {
    let code: Code =
      switch error {
      case .failed(.perm, _, _), .failed(.access, _, _): .notPermitted
      default: .failed
      }
    self.init(code, error.remedy.map { "\(error); \($0)" } ?? "\(error)")
  }

  init(_ error: ReadError) {
    if case .netlink(let cause) = error {
      self.init(cause)
    } else {
      self.init(.failed, error.remedy.map { "\(error); \($0)" } ?? "\(error)")
    }
  }

  fileprivate init(_ error: CommitError) {
    switch error {
    case .netlink(let cause): self.init(cause)
    case .moved: self.init(.moved, "\(error); look again")
    case .refused(let refusals) where refusals.contains { $0.code == .perm }:
      self.init(.notPermitted, error.remedy.map { "\(error); \($0)" } ?? "\(error)")
    case .uncertain: self.init(.unproven, "\(error)")
    default: self.init(.refused, error.remedy.map { "\(error); \($0)" } ?? "\(error)")
    }
  }
}
