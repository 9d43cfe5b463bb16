package import AgentProtocol
package import Nftables
internal import NftablesNetlink
internal import RulesetShape
internal import Sessions

extension LocalHost {
  /// Comparison and ruleset of one moment.
  ///
  /// - Parameter remembered: who is remembered of a direction beside what the table has recorded, and for how many seconds.
  package func look(
    _ wanted: Table,
    remembering remembered: (DirectionStatus.Direction) -> (records: [Recorded.Record], memory: Int)? = { _ in
      nil
    }
  ) throws(AgentFailure) -> Looked {
    try checkTarget(wanted)
    var (pause, digests) = (Backoff(), ContentDigests())
    let kernel = try openKernel()
    let found = try read(kernel, &pause)
    lastRead.note(
      FoundTable(own: found.own, generation: found.generation), at: try moment(found.generation))
    // A trial ends, one way or the other: what it stands beside is what there is.
    let own = found.own?.beneathTrial
    let (change, described) = Self.comparison(of: own, with: wanted)
    let comparison = TableComparison(
      generation: found.generation, isInstalled: own != nil, change: described,
      foreignChains: found.foreignChains)
    let isTold = !change.isEmpty || !found.foreignChains.isEmpty
    let recorded: [Recorded]
    let left: UInt64?
    do throws(ReadError) {
      recorded = try self.recorded(own, wanted: wanted, remembering: remembered, kernel)
      left = try kernel.timeLeft(of: TrialName.clock, family: family, table: name)
    } catch { throw AgentFailure(error) }
    var revoked: CutReport?
    var logins: [Login] = []
    if !change.isEmpty {
      let sockets = try sockets(kernel)
      // Nothing was tracked for us yet where there is no table.
      if let own {
        revoked = try self.revoked(
          by: wanted.keeping(own.table), before: own.table, among: sockets, kernel)
      }
      logins = try self.logins(found.tables, sockets, kernel)
    }
    return Looked(
      seen: try seen(found, &digests), comparison: comparison,
      ruleset: isTold
        ? found.tables.compactMap { isOwn(TablePlace($0.family, $0.name)) ? own?.table : $0 } : nil,
      recorded: recorded, trialLeft: left, revoked: revoked,
      logins: logins)
  }

  /// All tables of one moment.
  package func read() throws(AgentFailure) -> HostRuleset {
    var pause = Backoff()
    let found = try read(try openKernel(), &pause)
    return HostRuleset(generation: found.generation, tables: found.tables)
  }

  /// Sekisho's table as nft(8) prints it; `nil` when there is none.
  package func list() throws(AgentFailure) -> String? {
    guard let installed = try own(try openKernel()).own else { return nil }
    do {
      return String(decoding: try installed.table.listing(states: installed.rules), as: UTF8.self)
    } catch {
      throw AgentFailure(.failed, "the table cannot be shown: \(error)")
    }
  }

  /// All that may stop an IP packet, at one generation: tables are read one by one, so that what was read is
  /// of one, or read again.
  func read(
    _ kernel: any HostKernel, _ pause: inout Backoff
  ) throws(AgentFailure) -> FoundRuleset {
    do throws(ReadError) {
      return try pause.reading { () throws(ReadError) in
        let before = try kernel.generation()
        var own: InstalledTable?
        var tables: [Table] = []
        var places = Set([TablePlace(family, name)])
        let tracking = TrackingTable.table(beside: name)
        for place in try kernel.tables() where place.family != .arp {
          guard let installed = try kernel.table(place.family, place.name) else { continue }
          if isOwn(place) { own = installed }
          // An apply's own, as long as it takes.
          if installed.table == tracking { places.insert(place) } else { tables.append(installed.table) }
        }
        let chains = try kernel.baseChains()
        guard try kernel.generation() == before else { throw .unsettled(attempts: 1) }
        return FoundRuleset(
          generation: before, own: own, tables: tables,
          foreignChains: chains.filter { !places.contains($0.table) }.compactMap { ForeignChain($0) })
      }
    } catch { throw AgentFailure(error) }
  }

  /// The agent owns one table; a request for any other is refused, and so is one for what would not be
  /// sent: an apply that leaves out a part of what was asked for must not be called done.
  package func checkTarget(_ wanted: Table) throws(AgentFailure) {
    guard wanted.family == family, wanted.name == name else {
      throw AgentFailure(
        .badRequest, "asked for table \(wanted.title); this agent owns \(family) \(name)")
    }
    if !wanted.flags.isEmpty {
      throw AgentFailure(
        .badRequest, "the wanted table has flags, so it would not filter", remedy: "compile again")
    }
    if let other = wanted.others.first {
      throw AgentFailure(
        .badRequest, "the wanted table holds \(other.kind) \(other.name), which Sekisho does not send",
        remedy: "compile again")
    }
    if let missing = wanted.missingReference {
      throw AgentFailure(
        .badRequest, "the wanted table refers to \(missing), which it does not have", remedy: "compile again")
    }
  }
}

extension Table {
  /// A set or chain that rules or maps refer to and the table has not; `nil`: there is none. The kernel would refuse it, but for
  /// what another table had left behind under that name.
  fileprivate var missingReference: String? {
    let (sets, chains) = (Set(sets.map(\.name)), Set(chains.map(\.name)))
    func missing(_ verdicts: SetElements) -> String? {
      guard case .verdicts(let verdicts) = verdicts.payload else { return nil }
      return verdicts.lazy.compactMap(\.chain).first { !chains.contains($0) }.map { "chain \($0)" }
    }
    for set in self.sets {
      if let found = missing(set.elements) { return found }
    }
    for expression in self.chains.lazy.flatMap(\.rules).flatMap(\.expressions) {
      switch expression {
      case .lookup(.named(let name), _, _, _):
        if !sets.contains(name) { return "set \(name)" }
      case .lookup(.inline(let set), _, _, _):
        if let found = missing(set.elements) { return found }
      case .dynamicSet(let update):
        if !sets.contains(update.set) { return "set \(update.set)" }
      case .verdict(let verdict):
        if let chain = verdict.chain, !chains.contains(chain) { return "chain \(chain)" }
      default: break
      }
    }
    return nil
  }
}

/// What a kernel has, at one generation.
struct FoundRuleset {
  let generation: UInt32
  let own: InstalledTable?
  /// All of them, ours too.
  let tables: [Table]
  let foreignChains: [ForeignChain]
}

extension ForeignChain {
  init?(_ placed: PlacedChain) {
    guard let base = placed.chain.base else { return nil }
    self.init(
      table: "\(placed.table.family) \(placed.table.name)", chain: placed.chain.name.text,
      type: base.type, hook: base.hook.rawValue, priority: base.priority.rawValue)
  }
}
