package import Nftables
package import RulesetDiff

/// What would a change to the wanted table do, and what else does the host have? Reads only.
package struct Look: AgentRequest {
  package static let name = "look"
  package typealias Reply = Looked

  package let wanted: Table

  package init(_ wanted: Table) { self.wanted = wanted }

  package var header: Nothing { Nothing() }
  package var tables: [Table] { [wanted] }

  package init(_ header: Nothing, _ tables: [Table]) throws(AgentFailure) {
    wanted = try Self.only(tables)
  }

  package static func line(_ table: Table) throws(AgentFailure) -> [UInt8] { try TableLine.exact(table) }
}

extension AgentRequest {
  /// The table of a request that carries one.
  static func only(_ tables: [Table]) throws(AgentFailure) -> Table {
    guard tables.count == 1 else {
      throw AgentFailure(.badRequest, "\(name) carries one table, not \(tables.count)")
    }
    return tables[0]
  }
}

/// What a host has, at one moment.
package struct Looked: AgentMessage, Hashable {
  package let seen: Seen
  package let comparison: TableComparison
  /// All tables that may stop an IP packet, whoever made them; the elements of sets that rules fill are not
  /// read. `nil` where the host has what is wanted and nothing else filters.
  package let ruleset: [Table]?
  /// Of directions that are only observed and will be enforced; of none, if no direction is.
  package let recorded: [Recorded]
  /// Milliseconds for which a change is on trial. All else is about the rules that it stands beside.
  package let trialLeft: UInt64?
  /// Sessions that the wanted table would not let begin; `nil`: nothing changes, or the kernel does not let itself be asked.
  package let revoked: CutReport?
  /// By one of which whoever asks is there; none that is known, as at a console.
  package let logins: [Login]
  /// `nil`: nobody has stopped the host.
  package var stop: StopStatus?
  /// Whether the host has what is wanted and boots with something else, or with nothing; `nil`: it does not, or that is not known.
  package var bootsOtherwise: Bool?
  /// What was counted of flows of which something closes; `nil`: nothing is known of it.
  package var usage: UsageList?

  package init(
    seen: Seen, comparison: TableComparison, ruleset: [Table]?, recorded: [Recorded] = [],
    trialLeft: UInt64? = nil, revoked: CutReport? = nil, logins: [Login] = [], stop: StopStatus? = nil
  ) {
    self.stop = stop
    self.logins = logins
    self.revoked = revoked
    self.trialLeft = trialLeft
    self.seen = seen
    self.comparison = comparison
    self.ruleset = ruleset
    self.recorded = recorded
  }

  /// The header of the reply; the ruleset is its tables.
  package struct Header: Sendable, Codable {
    let seen: Seen
    let comparison: TableComparison
    let isRulesetTold: Bool
    /// `nil`: the agent does not know of it.
    let recorded: [Recorded]?
    let trialLeft: UInt64?
    /// `nil`: the agent does not know of it, too.
    let revoked: CutReport?
    let logins: [Login]?
    let stop: StopStatus?
    let usage: UsageList?
    let bootsOtherwise: Bool?
  }

  package var header: Header {
    Header(
      seen: seen, comparison: comparison, isRulesetTold: ruleset != nil, recorded: recorded,
      trialLeft: trialLeft, revoked: revoked, logins: logins, stop: stop, usage: usage,
      bootsOtherwise: bootsOtherwise)
  }
  package var tables: [Table] { ruleset ?? [] }

  package init(_ header: Header, _ tables: [Table]) throws(AgentFailure) {
    seen = header.seen
    comparison = header.comparison
    ruleset = header.isRulesetTold ? tables : nil
    recorded = header.recorded ?? []
    trialLeft = header.trialLeft
    revoked = header.revoked
    logins = header.logins ?? []
    stop = header.stop
    bootsOtherwise = header.bootsOtherwise
    usage = try header.usage.map { (told) throws(AgentFailure) in try UsageList(told, []) }
    guard header.isRulesetTold || tables.isEmpty else {
      throw AgentFailure(.badRequest, "tables that are said not to be told")
    }
    guard Bounds.isTime(header.trialLeft) else {
      throw AgentFailure(.badRequest, "a time that no clock comes to")
    }
    guard logins.count <= Login.most else { throw AgentFailure(.badRequest, "more logins than are told") }
    guard logins.allSatisfy(\.isSound) else {
      throw AgentFailure(.badRequest, "a login between families of addresses")
    }
    // Without it a difference would be told as none.
    guard header.isRulesetTold || comparison.change.isEmpty && comparison.foreignChains.isEmpty else {
      throw AgentFailure(.badRequest, "a difference without the ruleset it is in")
    }
    guard comparison.change.objects.allSatisfy({ (0...1 << 40).contains($0.count) }) else {
      throw AgentFailure(.badRequest, "a number of elements that cannot be")
    }
    guard recorded.count <= DirectionStatus.Direction.allCases.count, recorded.allSatisfy(\.isSound) else {
      throw AgentFailure(.badRequest, "more records than there can be")
    }
    guard Set(tables.map(\.title)).count == tables.count else {
      throw AgentFailure(.badRequest, "a table is told twice")
    }
  }
}

/// The running table against the wanted one.
package struct TableComparison: Hashable, Sendable, Codable {
  /// At which it was read; 0 of rulesets that no kernel has.
  package let generation: UInt32
  /// Whether the host has a table of Sekisho's at all.
  package let isInstalled: Bool
  package let change: ChangeDescription
  /// Base chains of tables that are not ours: their drops still hold, whatever we accept.
  @BoundedList package private(set) var foreignChains: [ForeignChain]

  package init(
    generation: UInt32, isInstalled: Bool, change: ChangeDescription, foreignChains: [ForeignChain]
  ) {
    self.generation = generation
    self.isInstalled = isInstalled
    self.change = change
    self.foreignChains = foreignChains
  }
}

extension Looked {
  /// Whether an apply has something to do: in the kernel, or in books that do not have what the kernel has.
  package var isToChange: Bool { !comparison.change.isEmpty || bootsOtherwise == true }
}

extension TableComparison {
  /// The flows of which something may close.
  package var closingFlows: Set<String> { Set(change.flows.filter { $0.action != .add }.map(\.name)) }
}

/// A base chain of somebody else's table.
package struct ForeignChain: Hashable, Sendable, Codable {
  /// `ip filter`.
  @BoundedWord package private(set) var table: String
  @BoundedWord package private(set) var chain: String
  /// `filter`, `nat` or `route`; `nil`: the agent does not say, and it may be any.
  package let type: String?
  /// Number of the hook (`NF_INET_*`).
  package let hook: UInt32
  package let priority: Int32

  package init(table: String, chain: String, type: String?, hook: UInt32, priority: Int32) {
    self.table = table
    self.chain = chain
    self.type = type
    self.hook = hook
    self.priority = priority
  }
}

extension [ForeignChain] {
  /// The titles of tables that filter, ascending. A chain of type `nat` sees only the first packet of a connection, and is
  /// there to translate: what it leads elsewhere is told for itself.
  package var filteringTables: [String] { Set(filter { $0.type != "nat" }.map(\.table)).sorted() }
}
