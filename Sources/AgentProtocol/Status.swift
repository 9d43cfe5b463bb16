package import Nftables

/// What does the kernel have of Sekisho?
package struct Status: AgentRequest, Codable {
  package static let name = "status"
  package typealias Reply = HostStatus

  package init() {}
}

/// What a host's kernel has of Sekisho, by itself and without an inventory.
package struct HostStatus: AgentMessage, Hashable, Codable {
  /// The ruleset generation at which it was read.
  package let generation: UInt32
  /// `nil`: the host has no table of Sekisho's, and nothing is enforced.
  package let table: TableStatus?
  /// Base chains of tables that are not ours.
  @BoundedList package private(set) var foreignChains: [ForeignChain]
  /// `nil`: nobody has stopped the host, or whoever is asked may not read its books.
  package var stop: StopStatus?
  /// Whom the host has cut off; `nil`: nobody, or it is not known.
  package var quarantine: [QuarantineStatus]?
  /// Why it is not known whom the host has cut off; `nil`: it is known.
  package var quarantineUnknown: String?
  /// What the host has opened for a time; `nil`: nothing, or it is not known.
  package var opened: [OpenedStatus]?
  /// Why it is not known what the host has opened; `nil`: it is known.
  package var openedUnknown: String?
  /// Who has tripped tripwires of the host; `nil`: nobody has who is not let go, or the agent does not tell.
  package var tripped: [TripStatus]?
  /// Why it is not known who has tripped tripwires of the host; `nil`: it is known, or the agent does not tell.
  package var trippedUnknown: String?
  /// What boots; `nil`: nothing was ever confirmed, or whoever is asked may not read the host's books.
  package var confirmed: ConfirmedStatus?
  /// Why it is not known what boots: the books are damaged, and a boot would end in the fallback; `nil`: it is known.
  package var confirmedUnknown: String?
  /// Services that take the table away, as far as files of the host say; `nil`: it was not looked for them.
  package var flushing: [FlushingService]?
  /// Tables of iptables as it was before nftables that judge beside ours, such as `ip filter`; `nil`: there are none, or the agent
  /// does not tell.
  package var legacyTables: [String]?
  /// `nil`: the agent does not tell.
  package let sessions: SessionCount?

  package init(
    generation: UInt32, table: TableStatus?, foreignChains: [ForeignChain], stop: StopStatus? = nil,
    confirmed: ConfirmedStatus? = nil, flushing: [FlushingService]? = nil, sessions: SessionCount? = nil
  ) {
    self.sessions = sessions
    self.confirmed = confirmed
    self.stop = stop
    self.flushing = flushing
    self.generation = generation
    self.table = table
    self.foreignChains = foreignChains
  }

  package init(_ header: Self, _ tables: [Table]) throws(AgentFailure) {
    guard tables.isEmpty else { throw AgentFailure(.badRequest, "tables where none belong") }
    guard header.table?.directions.count ?? 0 <= DirectionStatus.Direction.allCases.count else {
      throw AgentFailure(.badRequest, "more directions than there are")
    }
    guard header.flushing?.count ?? 0 <= Bounds.list else {
      throw AgentFailure(.badRequest, "more services than there can be")
    }
    guard header.legacyTables?.count ?? 0 <= Bounds.list else {
      throw AgentFailure(.badRequest, "more tables of iptables than there can be")
    }
    guard Bounds.isTime(header.table?.trialLeft), Bounds.isTime(header.confirmed?.time) else {
      throw AgentFailure(.badRequest, "a time that no clock comes to")
    }
    guard header.quarantine?.count ?? 0 <= 2 * QuarantineHosts.most,
      header.quarantine?.allSatisfy(\.isSound) ?? true
    else {
      throw AgentFailure(.badRequest, "a quarantine that no host can have")
    }
    guard header.tripped?.count ?? 0 <= TripStatus.most, header.tripped?.allSatisfy(\.isSound) ?? true else {
      throw AgentFailure(.badRequest, "tripped tripwires that no host can have")
    }
    guard header.opened?.count ?? 0 <= OpenDoors.most, header.opened?.allSatisfy(\.isSound) ?? true else {
      throw AgentFailure(.badRequest, "doors that no host can have")
    }
    guard header.sessions?.isSound ?? true else {
      throw AgentFailure(.badRequest, "more sessions than there can be")
    }
    self = header
    confirmedUnknown = header.confirmedUnknown.map { Bounds.clamped($0, to: Bounds.message) }
    quarantineUnknown = header.quarantineUnknown.map { Bounds.clamped($0, to: Bounds.message) }
    openedUnknown = header.openedUnknown.map { Bounds.clamped($0, to: Bounds.message) }
    trippedUnknown = header.trippedUnknown.map { Bounds.clamped($0, to: Bounds.message) }
  }
}

extension HostStatus {
  /// What of the host's books and exceptions is not known, in sentences; empty: all is.
  package var unknown: [String] {
    [
      confirmedUnknown.map { "what it boots with is not known: \($0)" },
      quarantineUnknown.map { "whom it refuses is not known: \($0)" },
      openedUnknown.map { "what it has opened for a time is not known: \($0)" },
      trippedUnknown.map { "who has tripped its tripwires is not known: \($0)" },
    ].compactMap { $0 }
  }
}

/// How many sessions the kernel tracks in the network namespace of a host.
package struct SessionCount: Hashable, Sendable, Codable {
  /// Those that are over and not forgotten are among them; `nil`: the kernel has not loaded what tracks them.
  package let count: Int?
  /// How many it can track (`net.netfilter.nf_conntrack_max`); `nil`: there is no such number.
  package let limit: Int?

  package init(count: Int?, limit: Int?) {
    self.count = count
    self.limit = limit
  }

  /// How much of it is in use; once that is all, the kernel drops what would begin another session, whatever rules say
  /// (`__nf_conntrack_alloc`, net/netfilter/nf_conntrack_core.c).
  package var percent: Int? {
    guard let count, let limit, limit > 0 else { return nil }
    return count * 100 / limit
  }

  /// Whether so much of it is in use that somebody should know.
  package var isNearlyFull: Bool { (percent ?? 0) >= 90 }

  /// Whether it is what a host can say.
  var isSound: Bool { Bounds.isCount(count ?? 0) && Bounds.isCount(limit ?? 1) && limit != 0 }
}

/// The revision that a host boots with.
package struct ConfirmedStatus: Hashable, Sendable, Codable {
  package let revision: Int
  /// When the host was given it: seconds since 1970, UTC; `nil`: that cannot be read.
  package let time: Int64?
  /// Whether the kernel has something else; `nil`: nothing is compared while a trial or a stop lasts, or the ruleset cannot be
  /// read.
  package let isDrifted: Bool?

  package init(revision: Int, time: Int64?, isDrifted: Bool?) {
    self.revision = revision
    self.time = time
    self.isDrifted = isDrifted
  }
}

/// Sekisho's table in numbers.
package struct TableStatus: Hashable, Sendable, Codable {
  /// Whether a running program owns the table: it goes with that program.
  package let isOwned: Bool
  /// Whether the table is switched off (`dormant`).
  package let isDormant: Bool
  @BoundedList package private(set) var directions: [DirectionStatus]
  @BoundedCount package private(set) var chains: Int
  @BoundedCount package private(set) var rules: Int
  @BoundedCount package private(set) var sets: Int
  /// Of sets that rules do not fill.
  @BoundedCount package private(set) var elements: Int
  /// Milliseconds for which a change is on trial; the directions are then those of its rules.
  package let trialLeft: UInt64?
  /// Whether it is what a boot loads where what was confirmed cannot be; `nil`: it is not.
  package let isFallback: Bool?

  package init(
    isOwned: Bool, isDormant: Bool, directions: [DirectionStatus], chains: Int, rules: Int, sets: Int,
    elements: Int, trialLeft: UInt64? = nil, isFallback: Bool = false
  ) {
    self.isFallback = isFallback ? true : nil
    self.trialLeft = trialLeft
    self.isOwned = isOwned
    self.isDormant = isDormant
    self.directions = directions
    self.chains = chains
    self.rules = rules
    self.sets = sets
    self.elements = elements
  }
}

/// One direction: what happens to a packet that nothing allows.
package struct DirectionStatus: Hashable, Sendable, Codable {
  /// Where packets are looked at, in nft's words.
  package enum Direction: String, Hashable, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
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
    /// There are no rules: everything passes, and nothing is recorded.
    case leave
    /// The rules say neither: they are not what was compiled.
    case unknown

    /// Whether what is not allowed is recorded.
    package var isRecorded: Bool { self == .enforce || self == .observe }
  }

  package let hook: Direction
  package let mode: Mode
  /// Packets that nothing allowed, since the table was made.
  package let packets: UInt64
  /// Peers and ports of such packets that are remembered.
  @BoundedCount package private(set) var records: Int
  /// Whether a set of them is full, so that no others are remembered until some are forgotten; `nil`: the agent does not tell.
  package let areRecordsFull: Bool?
  /// Packets that belong to no connection and begin none, and were dropped for that; `nil`: the agent does not tell.
  package let invalid: UInt64?
  /// Those of the packets that no record tells of; `nil`: the agent does not tell.
  package let unrecorded: Unrecorded?
  /// Those of the packets whose source nobody there can have: the host's own address, or IPv4 in IPv6; `nil`: the agent does
  /// not tell.
  package let spoofed: UInt64?

  package init(
    hook: Direction, mode: Mode, packets: UInt64, records: Int, areRecordsFull: Bool? = nil,
    invalid: UInt64? = nil, unrecorded: Unrecorded? = nil, spoofed: UInt64? = nil
  ) {
    self.areRecordsFull = areRecordsFull
    self.invalid = invalid
    self.unrecorded = unrecorded
    self.spoofed = spoofed
    self.hook = hook
    self.mode = mode
    self.packets = packets
    self.records = records
  }
}
