package import AgentProtocol
package import Enforcement
internal import HostState
internal import Nftables
package import RulesetShape

/// What is kept of the use of flows beyond the kernel, whose counts go with each rule: how many connections each has let
/// begin altogether, and when it was found to have been used.
package struct UsageMemory: Hashable, Sendable {
  /// For how long a flow is remembered behind its last rule, in seconds: a year and a month, so that what a year's end brings
  /// back is known.
  private static let longest = 400 * 86_400

  /// A break between two looks that is no gap, in seconds: the time between two looks of a watch, and as much again.
  private static let gap: Int64 = 120
  private static let mostGaps = 64

  /// Rules whose counts are gone on with; of more than these nothing is kept.
  package static let mostRules = 65_536

  /// What is counted for itself.
  struct Key: Hashable, Sendable, Comparable {
    let flow: String
    let hook: DirectionStatus.Direction
    let service: String

    static func < (a: Self, b: Self) -> Bool {
      (a.flow, a.hook.rawValue, a.service) < (b.flow, b.hook.rawValue, b.service)
    }
  }

  /// Times are seconds since 1970, UTC, of looks.
  struct Total: Hashable, Sendable {
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    /// Since when it has had rules, at all times.
    var known: Int64
    /// `nil`: it was used before anybody looked, or never.
    var first: Int64?
    var last: Int64?
    /// The look before that; `nil`: there was none.
    var lastAfter: Int64?
    /// When no rule of it was left; `nil`: it has rules.
    var gone: Int64?
  }

  /// What a rule had counted by the last look, which is a part of the sums.
  struct Counted: Hashable, Sendable {
    let key: Key
    let packets: UInt64
    let bytes: UInt64
  }

  struct Gap: Hashable, Sendable, Codable {
    let began: Int64
    let ended: Int64
  }

  /// The boot and the network namespace that were looked at last.
  package let place: String
  /// When: seconds since 1970, UTC.
  package let time: Int64
  /// When somebody looked first.
  let began: Int64
  /// When the boot was, by the clock of that look; `nil`: nobody has said.
  let booted: Int64?
  /// Whether there was a table, and which; `nil`: the kernel does not say.
  let isThere: Bool
  let table: UInt64?
  /// By the handles of rules.
  let counters: [UInt64: Counted]
  let totals: [Key: Total]
  let ports: PortMemory
  let gaps: [Gap]

  /// What somebody remembers who looks for the first time.
  ///
  /// - Parameters:
  ///   - ports: at which sessions are; `nil`: nobody has looked.
  ///   - now: seconds since 1970, UTC.
  ///   - booted: when the boot was by the same clock; it moves where that clock is set.
  package init(
    _ counts: FlowCounts, ports: [FlowPorts]? = nil, at now: Int64, booted: Int64? = nil, in place: String
  ) {
    self.init(counts, ports, behind: nil, at: now, booted: booted, in: place)
  }

  /// What is remembered once somebody has looked again.
  ///
  /// - Parameter counts: what the kernel has; it was asked behind the look that this memory is of, so that a rule has counted
  ///   no less unless it began anew.
  package func adding(
    _ counts: FlowCounts, ports: [FlowPorts]? = nil, at now: Int64, booted: Int64? = nil, in place: String
  ) -> Self {
    Self(counts, ports, behind: corrected(booted: booted, in: place), at: now, booted: booted, in: place)
  }

  private init(
    _ counts: FlowCounts, _ ports: [FlowPorts]?, behind old: Self?, at now: Int64, booted: Int64?,
    in place: String
  ) {
    self.place = place
    self.booted = booted
    table = counts.table
    isThere = true
    time = now
    began = old?.began ?? now
    // A table that is made anew begins its handles anew, so that one of them may be another rule's.
    let isSameTable = old.map { $0.isThere && $0.place == place && $0.table == counts.table } ?? false
    let before = isSameTable ? old?.counters ?? [:] : [:]
    var totals = old?.totals ?? [:]
    var counters: [UInt64: Counted] = [:]
    var added: [Key: (packets: UInt64, bytes: UInt64)] = [:]
    for rule in counts.rules.prefix(Self.mostRules) {
      let key = Key(flow: rule.flow, hook: DirectionStatus.Direction(rule.side), service: rule.service)
      let (packets, bytes) = (rule.counter.packets, rule.counter.bytes)
      counters[rule.handle] = Counted(key: key, packets: packets, bytes: bytes)
      // A count that is lower was set back by somebody.
      let known = before[rule.handle].flatMap { known in
        known.key == key && known.packets <= packets && known.bytes <= bytes ? known : nil
      }
      let sum = added[key] ?? (0, 0)
      added[key] = (
        sum.packets.adding(packets - (known?.packets ?? 0)), sum.bytes.adding(bytes - (known?.bytes ?? 0))
      )
    }
    for (key, more) in added {
      var total = totals[key] ?? Total(known: now)
      let wasNeverUsed = total.packets == 0
      total.packets = total.packets.adding(more.packets)
      total.bytes = total.bytes.adding(more.bytes)
      // What comes back was not there to be used meanwhile.
      if total.gone != nil { (total.known, total.gone) = (now, nil) }
      if more.packets > 0 {
        // At the first look of all nobody knows for how long it has been used.
        if wasNeverUsed, old != nil { total.first = now }
        (total.last, total.lastAfter) = (now, old?.time)
      }
      totals[key] = total
    }
    for (key, total) in totals where added[key] == nil && total.gone == nil { totals[key]?.gone = now }
    self.counters = counters
    self.totals = Self.bounded(totals, at: now)
    let seen = old?.ports ?? PortMemory()
    // What is gone may come back as another.
    self.ports = (ports.map { seen.adding($0, at: now) } ?? seen).keeping { added[$0] != nil }
    gaps =
      old.map { Self.gaps(behind: $0, isSameTable: isSameTable, at: now, booted: booted, in: place) } ?? []
  }

  /// Those of rules that are there, and of too many others those that went last.
  private static func bounded(_ totals: [Key: Total], at now: Int64) -> [Key: Total] {
    let recent = totals.filter { RecordMemory.age($0.value.gone ?? now, at: now) <= longest }
    if recent.count <= UsageList.most { return recent }
    let latest = recent.sorted { a, b in
      let (one, other) = (a.value.gone ?? .max, b.value.gone ?? .max)
      return one == other ? a.key < b.key : one > other
    }
    return Dictionary(latest.prefix(UsageList.most).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }

  /// With the time since a look whose rules have gone uncounted. What came of a boot ahead of it went with that boot.
  private static func gaps(
    behind old: Self, isSameTable: Bool, at now: Int64, booted: Int64?, in place: String
  ) -> [Gap] {
    if isSameTable { return old.gaps }
    let isOfThisBoot = old.place == place || BootPlace.isElsewhere(old.place, than: place)
    let ended = isOfThisBoot ? now : min(now, booted ?? now)
    let (length, isTooMuch) = ended.subtractingReportingOverflow(old.time)
    if isTooMuch || length <= gap { return old.gaps }
    var gaps = old.gaps + [Gap(began: old.time, ended: ended)]
    // Of too many, one that takes in what lies between two as well.
    if gaps.count > mostGaps { gaps[0...1] = [Gap(began: gaps[0].began, ended: gaps[1].ended)] }
    return gaps
  }

  /// The same once the table has gone, and its counts with it: nothing is counted until there is another.
  package var withoutTable: Self { Self(self, isThere: false, counters: [:]) { $0 } }

  /// The same by a clock that was set since, while the host ran: what it said since the boot was wrong by as much. Over a boot
  /// nobody knows which of two clocks was right; what lies ahead then was just now.
  private func corrected(booted: Int64?, in place: String) -> Self {
    guard let before = self.booted, let booted,
      self.place == place || BootPlace.isElsewhere(self.place, than: place)
    else { return self }
    let (shift, isTooMuch) = booted.subtractingReportingOverflow(before)
    if isTooMuch || shift.magnitude <= Self.gap { return self }
    return Self(self, isThere: isThere, counters: counters) { time in
      let (moved, isTooMuch) = time.addingReportingOverflow(time >= before ? shift : 0)
      return isTooMuch ? time : moved
    }
  }

  private init(
    _ other: Self, isThere: Bool, counters: [UInt64: Counted], _ move: (Int64) -> Int64
  ) {
    place = other.place
    booted = other.booted
    table = other.table
    self.isThere = isThere
    self.counters = counters
    time = move(other.time)
    began = move(other.began)
    totals = other.totals.mapValues { total in
      Total(
        packets: total.packets, bytes: total.bytes, known: move(total.known), first: total.first.map(move),
        last: total.last.map(move), lastAfter: total.lastAfter.map(move), gone: total.gone.map(move))
    }
    ports = other.ports.keeping({ _ in true }, move)
    gaps = other.gaps.map { Gap(began: move($0.began), ended: move($0.ended)) }
  }

  /// Whether nothing but time has gone by.
  package func isSame(as other: Self) -> Bool {
    place == other.place && isThere == other.isThere && table == other.table && counters == other.counters
      && totals == other.totals && gaps == other.gaps && ports == other.ports
  }

  /// What is told of it.
  package func list(at now: Int64, untold: Int = 0) -> UsageList {
    func age(_ time: Int64) -> Int { RecordMemory.age(time, at: now) }
    let told = ports.told(age)
    let uses = totals.sorted { $0.key < $1.key }.map { key, total in
      UsageList.Use(
        flow: key.flow, hook: key.hook, service: key.service, packets: total.packets, bytes: total.bytes,
        known: age(total.known), first: total.first.map(age), last: total.last.map(age),
        lastAfter: total.lastAfter.map(age), gone: total.gone.map(age), ports: told[key])
    }
    return UsageList(
      uses: Array(uses.prefix(UsageList.most)), untold: untold + max(0, uses.count - UsageList.most),
      watched: age(began),
      gaps: gaps.map { UsageList.Gap(began: max(age($0.began), age($0.ended)), ended: age($0.ended)) })
  }
}

extension UInt64 {
  fileprivate func adding(_ more: UInt64) -> UInt64 {
    let (sum, isTooMuch) = addingReportingOverflow(more)
    return isTooMuch ? .max : sum
  }
}

// MARK: - As a file

extension UsageMemory: Codable {
  /// A list: flow, direction, service, connections, bytes, known, first, last, the look before, gone.
  private struct Row: Codable {
    let key: Key
    let total: Total

    init(_ key: Key, _ total: Total) {
      self.key = key
      self.total = total
    }

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      key = Key(
        flow: try row.decode(String.self), hook: try row.decode(DirectionStatus.Direction.self),
        service: try row.decode(String.self))
      let (packets, bytes) = (try row.decode(UInt64.self), try row.decode(UInt64.self))
      var total = Total(packets: packets, bytes: bytes, known: try row.decode(Int64.self))
      total.first = try row.decodeIfPresent(Int64.self)
      total.last = try row.decodeIfPresent(Int64.self)
      total.lastAfter = try row.decodeIfPresent(Int64.self)
      total.gone = try row.decodeIfPresent(Int64.self)
      self.total = total
    }

    func encode(to encoder: any Encoder) throws {
      var row = encoder.unkeyedContainer()
      try row.encode(key.flow)
      try row.encode(key.hook)
      try row.encode(key.service)
      try row.encode(total.packets)
      try row.encode(total.bytes)
      try row.encode(total.known)
      for time in [total.first, total.last, total.lastAfter, total.gone] { try row.encode(time) }
    }
  }

  private enum Field: CodingKey { case place, time, began, booted, isThere, table, uses, rules, ports, gaps }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    place = try fields.decode(String.self, forKey: .place)
    time = try fields.decode(Int64.self, forKey: .time)
    began = try fields.decode(Int64.self, forKey: .began)
    booted = try fields.decodeIfPresent(Int64.self, forKey: .booted)
    isThere = try fields.decode(Bool.self, forKey: .isThere)
    table = try fields.decodeIfPresent(UInt64.self, forKey: .table)
    gaps = try fields.decode([Gap].self, forKey: .gaps)
    let rows = try fields.decode([Row].self, forKey: .uses)
    totals = Dictionary(rows.map { ($0.key, $0.total) }, uniquingKeysWith: { $1 })
    var counters: [UInt64: Counted] = [:]
    // Handle, place of its flow in the list, connections, bytes.
    for rule in try fields.decode([[UInt64]].self, forKey: .rules) {
      guard rule.count == 4, let index = Int(exactly: rule[1]), rows.indices.contains(index) else {
        throw DecodingError.dataCorruptedError(forKey: .rules, in: fields, debugDescription: "not a rule")
      }
      counters[rule[0]] = Counted(key: rows[index].key, packets: rule[2], bytes: rule[3])
    }
    self.counters = counters
    let ports = try fields.decodeIfPresent([[Int64]].self, forKey: .ports) ?? []
    guard let memory = PortMemory(rows: ports, of: rows.map(\.key)) else {
      throw DecodingError.dataCorruptedError(forKey: .ports, in: fields, debugDescription: "not ports")
    }
    self.ports = memory
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(place, forKey: .place)
    try fields.encode(time, forKey: .time)
    try fields.encode(began, forKey: .began)
    try fields.encodeIfPresent(booted, forKey: .booted)
    try fields.encode(isThere, forKey: .isThere)
    try fields.encodeIfPresent(table, forKey: .table)
    try fields.encode(gaps, forKey: .gaps)
    let rows = totals.sorted { $0.key < $1.key }
    try fields.encode(rows.map { Row($0.key, $0.value) }, forKey: .uses)
    let places = Dictionary(rows.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { $1 })
    let rules = counters.sorted { $0.key < $1.key }.compactMap { handle, counted in
      places[counted.key].map { [handle, UInt64($0), counted.packets, counted.bytes] }
    }
    try fields.encode(rules, forKey: .rules)
    try fields.encode(ports.rows(places), forKey: .ports)
  }
}
