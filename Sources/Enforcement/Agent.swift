public import Nftables
public import RulesetDiff

/// What a host can be asked, wherever it is.
public protocol Agent: Sendable {
  /// Who is there.
  func hello() async throws -> AgentHello
  /// What the kernel has of Sekisho.
  func status() async throws -> HostStatus
  /// What a change to the wanted table would do; reads only.
  func compare(_ wanted: Table) async throws -> Comparison
  /// All tables that may stop an IP packet, whoever made them.
  func ruleset() async throws -> HostRuleset
  /// Lets connection tracking learn the connections that are there, ahead of a first ``apply(_:)``.
  ///
  /// The kernel tracks nothing until a rule asks for it. A session from before is then a stream of
  /// packets that begin nothing, and would be denied: the operator's own among them. So a first apply
  /// makes a table that only tracks and accepts, lets the session say something, and replaces it. The
  /// table goes with the agent, however that ends, unless ``apply(_:)`` has replaced it.
  ///
  /// - Parameter seen: when the host was looked at; anything else refuses.
  /// - Returns: the moment to apply at.
  func track(after seen: RulesetMoment) async throws -> RulesetMoment
  /// Makes the host's table equal to the wanted one, in one transaction, or leaves it as it was.
  func apply(_ request: ApplyRequest) async throws -> ApplyReport
  /// Sekisho's table as `nft list table` prints it, counters included; `nil` when there is none.
  func listing() async throws -> String?
}

/// The other end of a connection to an agent.
public struct AgentHello: Hashable, Sendable, Codable {
  /// Version of the tool.
  public let version: String
  /// The host's own idea of its name, as in `uname -n`.
  public let node: String
  /// Release of the running kernel.
  public let kernel: String
  /// The addresses of all its interfaces, as text: by them a host is known.
  public let addresses: [String]
}

/// What a host's kernel has that may stop an IP packet.
public struct HostRuleset: Hashable, Sendable {
  /// The ruleset generation at which it was read.
  public let generation: UInt32
  /// Of all families but `arp`; the elements of sets that rules fill are not read.
  public let tables: [Table]

  public init(generation: UInt32, tables: [Table]) {
    self.generation = generation
    self.tables = tables
  }
}

/// The running table against the wanted one.
public struct Comparison: Hashable, Sendable, Codable {
  /// When the host was looked at.
  public let moment: RulesetMoment
  /// Whether the host has a table of Sekisho's at all.
  public let isInstalled: Bool
  public let change: ChangeDescription
  /// Base chains of tables that are not ours: their drops still hold, whatever we accept.
  public let foreignChains: [ForeignChain]

  public init(
    moment: RulesetMoment, isInstalled: Bool, change: ChangeDescription, foreignChains: [ForeignChain]
  ) {
    self.moment = moment
    self.isInstalled = isInstalled
    self.change = change
    self.foreignChains = foreignChains
  }
}

/// A base chain of somebody else's table.
public struct ForeignChain: Hashable, Sendable, Codable {
  /// `ip filter`.
  public let table: String
  public let chain: String
  /// Number of the hook (`NF_INET_*`).
  public let hook: UInt32
  public let priority: Int32
}

/// A table to put in place.
public struct ApplyRequest: Hashable, Sendable {
  public let wanted: Table
  /// When the host was looked at: anything else refuses. `nil`: whatever is there now.
  public let seen: RulesetMoment?

  public init(wanted: Table, seen: RulesetMoment? = nil) {
    self.wanted = wanted
    self.seen = seen
  }
}

/// What an apply did.
public struct ApplyReport: Hashable, Sendable, Codable {
  /// Objects added, changed and deleted; 0: the host had what was wanted and nothing was sent.
  public let operations: Int
  /// Generation after the transaction.
  public let generation: UInt32
  /// How often the kernel's ruleset moved between reading and writing.
  public let retries: Int
}
