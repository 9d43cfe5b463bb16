/// One object to add, change or delete; the kernel takes a list of them in one transaction.
public enum Operation: Hashable, Sendable {
  case addTable(comment: String?, flags: TableFlags = [])
  /// Switches a table off or on, with everything that is in it by then.
  case setFlags(TableFlags)
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
  /// Nothing may refer to the object by then.
  case deleteOther(OpaqueObject, handle: UInt64)
}

/// Where a rule goes in its chain.
public enum RulePosition: Hashable, Sendable {
  case last
  /// Immediately before the rule that the kernel knows by this handle.
  case before(handle: UInt64)
}

/// The operations that turn one table into another, in an order the kernel accepts.
///
/// One transaction where that is enough. What lies between two of them judges every packet as before the change, or, where a
/// table is switched off or on, as behind it.
public struct Change: Hashable, Sendable {
  public let family: Family
  public let table: TableName
  /// Each for itself all or nothing; none is empty.
  public let transactions: [[Operation]]

  public init(family: Family, table: TableName, transactions: [[Operation]]) {
    self.family = family
    self.table = table
    self.transactions = transactions.filter { !$0.isEmpty }
  }

  /// A change in one transaction.
  public init(family: Family, table: TableName, operations: [Operation]) {
    self.init(family: family, table: table, transactions: [operations])
  }

  /// All of them, in their order.
  public var operations: [Operation] { Array(transactions.joined()) }

  public var isEmpty: Bool { transactions.isEmpty }

  /// Each transaction as a change of its own.
  public var steps: [Change] {
    transactions.map { Change(family: family, table: table, operations: $0) }
  }
}
