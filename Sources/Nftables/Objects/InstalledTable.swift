/// What a counter has counted.
public struct CounterValues: Hashable, Sendable {
  public let packets: UInt64
  public let bytes: UInt64

  public init(packets: UInt64, bytes: UInt64) {
    self.packets = packets
    self.bytes = bytes
  }
}

/// What the kernel keeps of a rule beside the rule itself.
public struct RuleState: Hashable, Sendable {
  /// Identifies the rule within its table for as long as it exists.
  public let handle: UInt64
  /// Of the rule's first counter, if it has one.
  public let counter: CounterValues?

  public init(handle: UInt64, counter: CounterValues?) {
    self.handle = handle
    self.counter = counter
  }
}

/// A table as it stands in a kernel at one generation.
public struct InstalledTable: Hashable, Sendable {
  public let table: Table
  /// For each chain the states of its rules, in their order.
  public let rules: [ChainName: [RuleState]]
  /// What the kernel calls each of the table's other objects, in their order; 0: it has not said.
  public let otherHandles: [UInt64]
  /// The ruleset generation the table was read at (`NFTA_GEN_ID`).
  public let generation: UInt32
  /// What the kernel calls the table, and no other for as long as it knows tables at all (`NFTA_TABLE_HANDLE`); `nil`: it has
  /// not said. One that is made anew under the same name counts its rules anew, too.
  public let handle: UInt64?

  public init(
    table: Table, rules: [ChainName: [RuleState]], otherHandles: [UInt64] = [], generation: UInt32,
    handle: UInt64? = nil
  ) {
    self.handle = handle
    self.table = table
    self.rules = rules
    self.otherHandles = otherHandles
    self.generation = generation
  }
}
