/// One object to add, change or delete; the kernel takes a list of them in one transaction.
public enum Operation: Hashable, Sendable {
  case addTable(comment: String?, flags: TableFlags = [])
  /// With everything in it.
  case deleteTable
  /// Without rules. A base chain that exists keeps its rules and gets the policy.
  case addChain(ChainName, BaseChain?, comment: String?)
  case setPolicy(ChainName, ChainPolicy)
  /// The chain must be empty and nothing may jump to it by then.
  case deleteChain(ChainName)
  /// With its elements.
  case addSet(NamedSet)
  /// Raises the declared size in place; the kernel lets more elements in from the next transaction on.
  case resizeSet(NamedSet, to: UInt32)
  /// Nothing may refer to the set by then.
  case deleteSet(SetName)
  /// The set as it will be declared, holding only the elements to add.
  case addElements(NamedSet)
  /// The set as it is declared, holding only the elements to delete.
  case deleteElements(NamedSet)
  case addRule(ChainName, Rule, RulePosition)
  case deleteRule(ChainName, handle: UInt64)
}

/// Where a rule goes in its chain.
public enum RulePosition: Hashable, Sendable {
  case last
  /// Immediately before the rule that the kernel knows by this handle.
  case before(handle: UInt64)
}

/// The operations that turn one table into another, in an order the kernel accepts.
public struct Change: Hashable, Sendable {
  public let family: Family
  public let table: TableName
  /// What has to be done in a transaction of its own before, and changes no packet's fate: the kernel
  /// counts elements against a raised size only from the next transaction on.
  public let preparations: [Operation]
  public let operations: [Operation]

  public init(family: Family, table: TableName, preparations: [Operation] = [], operations: [Operation]) {
    self.family = family
    self.table = table
    self.preparations = preparations
    self.operations = operations
  }

  public var isEmpty: Bool { operations.isEmpty && preparations.isEmpty }

  /// The preparations as a change of their own; `nil` when there are none.
  public var preparation: Change? {
    preparations.isEmpty ? nil : Change(family: family, table: table, operations: preparations)
  }

  /// The change without its preparations.
  public var main: Change { Change(family: family, table: table, operations: operations) }
}
