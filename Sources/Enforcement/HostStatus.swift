package import AgentProtocol
package import Nftables
internal import NftablesNetlink
package import RulesetShape

extension LocalHost {
  /// What the kernel has of Sekisho.
  ///
  /// - Parameter isFallback: is given the table, and says whether it is what stands where nothing better could be loaded.
  package func status(isFallback: (InstalledTable) -> Bool) throws(AgentFailure) -> HostStatus {
    try reading { (kernel) throws(ReadError) in
      let installed = try kernel.table(family, name)
      let left = try kernel.timeLeft(of: TrialName.clock, family: family, table: name)
      let table = try installed.map { (installed) throws(ReadError) in
        try TableStatus(installed, trialLeft: left, isFallback: isFallback(installed)) {
          (set) throws(ReadError) in
          try kernel.elementCount(of: set, family: family, table: name)
        }
      }
      let generation = if let installed { installed.generation } else { try kernel.generation() }
      return HostStatus(
        generation: generation, table: table,
        foreignChains: try kernel.baseChains().filter { !isOwn($0.table) }.compactMap { ForeignChain($0) },
        sessions: try kernel.sessionCount())
    }
  }
}

extension TableStatus {
  /// - Parameter count: how many elements a set has that rules fill.
  init(
    _ installed: InstalledTable, trialLeft: UInt64?, isFallback: Bool,
    count: (SetName) throws(ReadError) -> Int
  ) throws(ReadError) {
    let table = installed.table
    var directions: [DirectionStatus] = []
    for side in Side.allCases {
      if table.leavesAlone(side, isOnTrial: trialLeft != nil) {
        directions.append(DirectionStatus(hook: .init(side), mode: .leave, packets: 0, records: 0))
        continue
      }
      guard let base = table.base(side) else { continue }
      let judging = trialLeft == nil ? nil : table.chain(TrialName.chain(base.name.text))
      directions.append(
        try DirectionStatus(judging ?? base, of: side, isOnTrial: judging != nil, in: installed, count))
    }
    self.init(
      isOwned: table.flags.contains(.owner), isDormant: table.flags.contains(.dormant),
      directions: directions, chains: table.chains.count,
      rules: table.chains.reduce(0) { $0 + $1.rules.count }, sets: table.sets.count,
      elements: table.sets.filter { !$0.flags.contains(.dynamic) }.reduce(0) { $0 + $1.elements.count },
      trialLeft: trialLeft, isFallback: isFallback)
  }
}

extension DirectionStatus {
  /// Follows a base chain to where it sends what nothing has allowed: the last rule of the chain that its
  /// own last rule leads to.
  fileprivate init(
    _ base: Chain, of side: Side, isOnTrial: Bool, in installed: InstalledTable,
    _ count: (SetName) throws(ReadError) -> Int
  ) throws(ReadError) {
    let hook = Direction(side)
    let invalid = installed.droppedAsInvalid(side, isOnTrial: isOnTrial)
    guard let end = installed.table.ending(of: base), !end.rules.isEmpty else {
      self.init(hook: hook, mode: .unknown, packets: 0, records: 0, invalid: invalid)
      return
    }
    let mode = Mode(isOnTrial ? end.mode : installed.table.mode(of: base))
    var records = 0
    var areFull = false
    for name in installed.table.records(of: end) {
      var held = try count(name)
      if let size = installed.table.set(name)?.size.map(Int.init), size > 0 {
        areFull = areFull || held >= size
        // What moves while it is listed is listed twice (rhashtable_walk_next).
        held = min(held, size)
      }
      records += held
    }
    self.init(
      hook: hook, mode: mode, packets: installed.rules[end.name]?.last?.counter?.packets ?? 0,
      records: records, areRecordsFull: areFull, invalid: invalid,
      unrecorded: installed.unrecorded(behind: end),
      spoofed: installed.packets(of: [.ownAddress, .disguisedSource], in: [base]))
  }
}

extension InstalledTable {
  /// What the chains that record for a denying chain have counted as not recorded; `nil`: they do not count it.
  func unrecorded(behind end: Chain) -> Unrecorded? {
    let chains = table.recording(of: end)
    let notes: [RuleNote] = [.overShare, .overPace, .recordsFull]
    guard chains.contains(where: { $0.rules.contains { RuleNote($0).map(notes.contains) ?? false } }) else {
      return nil
    }
    return Unrecorded(
      overShare: packets(of: [.overShare], in: chains), overPace: packets(of: [.overPace], in: chains),
      full: packets(of: [.recordsFull], in: chains))
  }

  /// Packets that the rules of some notes have counted.
  fileprivate func packets(of notes: [RuleNote], in chains: [Chain]) -> UInt64 {
    chains.reduce(0) { sum, chain in
      guard let states = rules[chain.name], states.count == chain.rules.count else { return sum }
      return zip(chain.rules, states).reduce(sum) { sum, rule in
        RuleNote(rule.0).map(notes.contains) == true ? sum &+ (rule.1.counter?.packets ?? 0) : sum
      }
    }
  }

  /// Packets that the rules ahead of all flows have dropped since the table was made: connection tracking calls them
  /// invalid, or did not see how their connection began.
  fileprivate func droppedAsInvalid(_ side: Side, isOnTrial: Bool) -> UInt64 {
    let own = ChainMeaning.notNew(side).name
    let name = isOnTrial ? TrialName.chain(own.text) : own
    guard let chain = table.chain(name), let states = rules[name], states.count == chain.rules.count else {
      return 0
    }
    return zip(chain.rules, states).reduce(0) { sum, rule in
      rule.0.expressions.last == .verdict(.drop) ? sum &+ (rule.1.counter?.packets ?? 0) : sum
    }
  }
}

extension DirectionStatus.Direction {
  package init(_ side: Side) {
    self =
      switch side {
      case .input: .input
      case .forward: .forward
      case .output: .output
      }
  }
}
