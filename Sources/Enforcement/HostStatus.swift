package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
internal import RulesetShape

extension LocalHost {
  /// What the kernel has of Sekisho.
  package func status() throws(AgentFailure) -> HostStatus {
    let kernel = try openKernel()
    do throws(ReadError) {
      let installed = try kernel.table(family, name)
      let table = try installed.map { (installed) throws(ReadError) in
        try TableStatus(installed) { (set) throws(ReadError) in
          try kernel.elementCount(of: set, family: family, table: name)
        }
      }
      let generation = if let installed { installed.generation } else { try kernel.generation() }
      return HostStatus(
        generation: generation, table: table,
        foreignChains: try kernel.baseChains().filter { !isOwn($0.table) }.compactMap { ForeignChain($0) })
    } catch { throw AgentFailure(error) }
  }
}

extension TableStatus {
  /// - Parameter count: how many elements a set has that rules fill.
  init(_ installed: InstalledTable, count: (SetName) throws(ReadError) -> Int) throws(ReadError) {
    let table = installed.table
    var directions: [DirectionStatus] = []
    for side in Side.allCases {
      guard let chain = table.base(side) else { continue }
      directions.append(try DirectionStatus(chain, of: side, in: installed, count))
    }
    self.init(
      isOwned: table.flags.contains(.owner), isDormant: table.flags.contains(.dormant),
      directions: directions, chains: table.chains.count,
      rules: table.chains.reduce(0) { $0 + $1.rules.count }, sets: table.sets.count,
      elements: table.sets.filter { !$0.flags.contains(.dynamic) }.reduce(0) { $0 + $1.elements.count })
  }
}

extension DirectionStatus {
  /// Follows a base chain to where it sends what nothing has allowed: the last rule of the chain that its
  /// own last rule leads to.
  fileprivate init(
    _ base: Chain, of side: Side, in installed: InstalledTable,
    _ count: (SetName) throws(ReadError) -> Int
  ) throws(ReadError) {
    let hook = Direction(side)
    let invalid = installed.droppedAsInvalid(side)
    guard let end = installed.table.ending(of: base), !end.rules.isEmpty else {
      self.init(hook: hook, mode: .unknown, packets: 0, records: 0, invalid: invalid)
      return
    }
    let mode: Mode =
      switch installed.table.mode(of: base) {
      case .enforce: .enforce
      case .observe: .observe
      case nil: .unknown
      }
    var records = 0
    for set in end.records { records += try count(set) }
    self.init(
      hook: hook, mode: mode, packets: installed.rules[end.name]?.last?.counter?.packets ?? 0,
      records: records, invalid: invalid)
  }
}

extension InstalledTable {
  /// Packets that the rules ahead of all flows have dropped since the table was made: connection tracking calls them
  /// invalid, or did not see how their connection began.
  fileprivate func droppedAsInvalid(_ side: Side) -> UInt64 {
    let name = ChainMeaning.notNew(side).name
    guard let chain = table.chain(name), let states = rules[name], states.count == chain.rules.count else {
      return 0
    }
    return zip(chain.rules, states).reduce(0) { sum, rule in
      rule.0.expressions.last == .verdict(.drop) ? sum &+ (rule.1.counter?.packets ?? 0) : sum
    }
  }
}

extension DirectionStatus.Direction {
  init(_ side: Side) {
    self =
      switch side {
      case .input: .input
      case .forward: .forward
      case .output: .output
      }
  }
}
