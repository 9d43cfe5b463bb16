internal import Nftables
internal import RulesetShape

/// What a host's kernel has of Sekisho, by itself and without an inventory.
public struct HostStatus: Hashable, Sendable, Codable {
  /// The ruleset generation at which it was read.
  public let generation: UInt32
  /// `nil`: the host has no table of Sekisho's, and nothing is enforced.
  public let table: TableStatus?
  /// Base chains of tables that are not ours.
  public let foreignChains: [ForeignChain]
}

/// Sekisho's table in numbers.
public struct TableStatus: Hashable, Sendable, Codable {
  /// Whether a running program owns the table: it goes with that program.
  public let isOwned: Bool
  /// Whether the table is switched off (`dormant`).
  public let isDormant: Bool
  public let directions: [DirectionStatus]
  public let chains: Int
  public let rules: Int
  public let sets: Int
  /// Of sets that rules do not fill.
  public let elements: Int
}

/// One direction: what happens to a packet that nothing allows.
public struct DirectionStatus: Hashable, Sendable, Codable {
  /// What the last rules do.
  public enum Mode: String, Hashable, Sendable, Codable {
    /// It is dropped or rejected.
    case enforce
    /// It is recorded and let pass.
    case observe
    /// The rules say neither: they are not what was compiled.
    case unknown
  }

  /// The hook in nft's words: `input`, `forward` or `output`.
  public let hook: String
  public let mode: Mode
  /// Packets that nothing allowed, since the table was made.
  public let packets: UInt64
  /// Peers and ports of such packets that are remembered.
  public let records: Int
}

extension TableStatus {
  /// - Parameter count: how many elements a set has that rules fill.
  init(_ installed: InstalledTable, count: (SetName) throws(AgentFailure) -> Int) throws(AgentFailure) {
    let table = installed.table
    isOwned = table.flags.contains(.owner)
    isDormant = table.flags.contains(.dormant)
    chains = table.chains.count
    rules = table.chains.reduce(0) { $0 + $1.rules.count }
    sets = table.sets.count
    elements = table.sets.filter { !$0.flags.contains(.dynamic) }.reduce(0) { $0 + $1.elements.count }
    var directions: [DirectionStatus] = []
    for side in Side.allCases {
      guard let chain = table.base(side) else { continue }
      directions.append(try DirectionStatus(chain, named: side.baseName, in: installed, count))
    }
    self.directions = directions
  }
}

extension DirectionStatus {
  /// Follows a base chain to where it sends what nothing has allowed: the last rule of the chain that its
  /// own last rule leads to.
  fileprivate init(
    _ base: Chain, named hook: String, in installed: InstalledTable,
    _ count: (SetName) throws(AgentFailure) -> Int
  ) throws(AgentFailure) {
    self.hook = hook
    guard let end = installed.table.ending(of: base), !end.rules.isEmpty else {
      (mode, packets, records) = (.unknown, 0, 0)
      return
    }
    mode =
      switch installed.table.mode(of: base) {
      case .enforce: .enforce
      case .observe: .observe
      case nil: .unknown
      }
    packets = installed.rules[end.name]?.last?.counter?.packets ?? 0
    var records = 0
    for set in end.records { records += try count(set) }
    self.records = records
  }
}
