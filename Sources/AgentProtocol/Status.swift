/// What does the kernel have of Sekisho?
package struct Status: AgentRequest, Codable {
  package static let name = "status"
  package typealias Reply = HostStatus

  package init() {}
}

/// What a host's kernel has of Sekisho, by itself and without an inventory.
package struct HostStatus: AgentMessage, Hashable {
  /// The ruleset generation at which it was read.
  package let generation: UInt32
  /// `nil`: the host has no table of Sekisho's, and nothing is enforced.
  package let table: TableStatus?
  /// Base chains of tables that are not ours.
  package let foreignChains: [ForeignChain]

  package init(generation: UInt32, table: TableStatus?, foreignChains: [ForeignChain]) {
    self.generation = generation
    self.table = table
    self.foreignChains = foreignChains
  }
}

extension HostStatus: Codable {
  private enum Key: CodingKey {
    case generation, table, foreignChains
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    generation = try fields.decode(UInt32.self, forKey: .generation)
    table = try fields.decodeIfPresent(TableStatus.self, forKey: .table)
    foreignChains = try fields.list(ForeignChain.self, .foreignChains)
  }
}

/// Sekisho's table in numbers.
package struct TableStatus: Hashable, Sendable {
  /// Whether a running program owns the table: it goes with that program.
  package let isOwned: Bool
  /// Whether the table is switched off (`dormant`).
  package let isDormant: Bool
  package let directions: [DirectionStatus]
  package let chains: Int
  package let rules: Int
  package let sets: Int
  /// Of sets that rules do not fill.
  package let elements: Int

  package init(
    isOwned: Bool, isDormant: Bool, directions: [DirectionStatus], chains: Int, rules: Int, sets: Int,
    elements: Int
  ) {
    self.isOwned = isOwned
    self.isDormant = isDormant
    self.directions = directions
    self.chains = chains
    self.rules = rules
    self.sets = sets
    self.elements = elements
  }
}

extension TableStatus: Codable {
  private enum Key: CodingKey {
    case isOwned, isDormant, directions, chains, rules, sets, elements
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    isOwned = try fields.decode(Bool.self, forKey: .isOwned)
    isDormant = try fields.decode(Bool.self, forKey: .isDormant)
    directions = try fields.list(DirectionStatus.self, .directions, atMost: 3)
    chains = try fields.count(.chains)
    rules = try fields.count(.rules)
    sets = try fields.count(.sets)
    elements = try fields.count(.elements)
  }
}

/// One direction: what happens to a packet that nothing allows.
package struct DirectionStatus: Hashable, Sendable {
  /// Where packets are looked at, in nft's words.
  package enum Direction: String, Hashable, Sendable, Codable, CaseIterable {
    case input
    case forward
    case output
  }

  /// What the last rules do.
  package enum Mode: String, Hashable, Sendable, Codable {
    /// It is dropped or rejected.
    case enforce
    /// It is recorded and let pass.
    case observe
    /// The rules say neither: they are not what was compiled.
    case unknown
  }

  package let hook: Direction
  package let mode: Mode
  /// Packets that nothing allowed, since the table was made.
  package let packets: UInt64
  /// Peers and ports of such packets that are remembered.
  package let records: Int

  package init(hook: Direction, mode: Mode, packets: UInt64, records: Int) {
    self.hook = hook
    self.mode = mode
    self.packets = packets
    self.records = records
  }
}

extension DirectionStatus: Codable {
  private enum Key: CodingKey {
    case hook, mode, packets, records
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    hook = try fields.decode(Direction.self, forKey: .hook)
    mode = try fields.decode(Mode.self, forKey: .mode)
    packets = try fields.decode(UInt64.self, forKey: .packets)
    records = try fields.count(.records)
  }
}
