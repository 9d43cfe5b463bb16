public import Nftables

/// What a host can be asked, wherever it is.
public protocol Agent: Sendable {
  /// Reads what the host's kernel has now.
  func state() async throws -> HostState
  /// Makes the host's table equal to the wanted one, in one transaction, or leaves it as it was.
  func apply(_ request: ApplyRequest) async throws -> ApplyReport
}

/// A host as its kernel has it at one generation.
public struct HostState: Hashable, Sendable {
  /// Sekisho's table; `nil` when there is none.
  public let installed: InstalledTable?
  /// Generation of the whole ruleset.
  public let generation: UInt32
  /// Base chains of tables that are not ours: their drops still hold, whatever we accept.
  public let foreignChains: [ForeignChain]

  public init(installed: InstalledTable?, generation: UInt32, foreignChains: [ForeignChain]) {
    self.installed = installed
    self.generation = generation
    self.foreignChains = foreignChains
  }
}

/// A base chain of somebody else's table.
public struct ForeignChain: Hashable, Sendable {
  /// `ip filter`.
  public let table: String
  public let chain: String
  public let hook: String
  public let priority: Int32

  public init(table: String, chain: String, hook: String, priority: Int32) {
    self.table = table
    self.chain = chain
    self.hook = hook
    self.priority = priority
  }
}

/// A table to put in place.
public struct ApplyRequest: Hashable, Sendable {
  public let wanted: Table
  /// The generation at which the change was looked at: any other refuses. `nil`: whatever is there now.
  public let expectedGeneration: UInt32?

  public init(wanted: Table, expectedGeneration: UInt32? = nil) {
    self.wanted = wanted
    self.expectedGeneration = expectedGeneration
  }
}

/// What an apply did.
public struct ApplyReport: Hashable, Sendable {
  /// Objects added, changed and deleted; 0: the host had what was wanted and nothing was sent.
  public let operations: Int
  /// Generation after the transaction.
  public let generation: UInt32
  /// How often the kernel's ruleset moved between reading and writing.
  public let retries: Int

  public init(operations: Int, generation: UInt32, retries: Int) {
    self.operations = operations
    self.generation = generation
    self.retries = retries
  }
}
