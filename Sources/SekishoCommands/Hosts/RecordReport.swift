internal import Addressing
internal import AgentProtocol
internal import Operations
internal import Policy
internal import Records

/// What hosts have recorded as an answer.
struct RecordReport {
  /// That of the directions that are meant.
  let mode: DirectionStatus.Mode
  let grouping: RecordGrouping
  /// The hosts that have addresses.
  let names: [Address: String]

  /// What one host has told, read as far as it is meant.
  struct Told: Sendable {
    let directions: [Found]
    /// Those of which nothing is told.
    let silent: SilentDirections
    /// Why it does not tell what it remembers from before.
    let loss: String?
    /// Who has tripped its tripwires, and why that is not known.
    let tripped: [TripStatus]
    let trippedUnknown: String?

    init(
      _ dated: Dated<RecordList>, _ mode: DirectionStatus.Mode, without probes: ProbeTraces,
      _ read: (RecordList.Direction) -> [RecordedConnection]
    ) {
      let list = dated.reply
      directions = list.directions.filter { $0.mode == mode }.map { direction in
        let all = read(direction)
        let ofProbes = Set(all.indices.filter { probes.explain(all[$0], dated.asked) })
        return Found(recorded: direction, all: all, ofProbes: ofProbes)
      }
      silent = SilentDirections(list.directions.map { ($0.hook, $0.mode) })
      loss = list.loss
      // Knocks are counted on the way in and through. Who is not refused tripped where it only observes, or as many are as
      // may be: which of them, the host does not say.
      let isMeant = list.directions.contains { $0.hook != .output && $0.mode == mode }
      tripped = (list.tripped ?? []).filter { $0.isCut ? mode == .enforce : isMeant }
      trippedUnknown = list.trippedUnknown
    }
  }

  /// One direction.
  struct Found: Sendable {
    let recorded: RecordList.Direction
    let all: [RecordedConnection]
    /// Indices of those that are of probes alone.
    let ofProbes: Set<Int>
    let connections: [RecordedConnection]

    init(recorded: RecordList.Direction, all: [RecordedConnection], ofProbes: Set<Int>) {
      self.recorded = recorded
      self.all = all
      self.ofProbes = ofProbes
      connections = ofProbes.isEmpty ? all : all.indices.filter { !ofProbes.contains($0) }.map { all[$0] }
    }

    func judged(by bothEnds: BothEnds) -> Self {
      Self(recorded: recorded, all: bothEnds.judged(all), ofProbes: ofProbes)
    }
  }

  /// The directions of one host that are meant, or why it could not be asked.
  struct Host {
    let name: String
    private(set) var found: Result<[Found], any Error>
    let silent: SilentDirections
    let loss: String?
    let tripped: [TripStatus]
    let trippedUnknown: String?

    init(_ reply: HostReply<Told>) {
      name = reply.host
      found = reply.result.map(\.directions)
      let told = try? reply.result.get()
      silent = told?.silent ?? SilentDirections([])
      loss = told?.loss
      tripped = told?.tripped ?? []
      trippedUnknown = told?.trippedUnknown
    }

    func judged(by bothEnds: BothEnds) -> Self {
      var host = self
      host.found = found.map { some in some.map { $0.judged(by: bothEnds) } }
      return host
    }
  }

  /// Of more lines only the most recent are told.
  private static let mostLines = 200

  /// Hosts that enforce what they have observed remember a great many, which would hide the others.
  private static let mostAllowed = 3

  func answer(_ told: [Host]) -> Answer {
    var answer = Answer()
    var bothEnds = BothEnds()
    for one in told.flatMap({ (try? $0.found.get()) ?? [] }) { bothEnds.add(one.all) }
    let hosts = bothEnds.isEmpty ? told : told.map { $0.judged(by: bothEnds) }
    for host in hosts {
      var failures: [String] = []
      if case .failure(let error) = host.found { failures.append("\(error)") }
      if let reason = host.trippedUnknown {
        failures.append("who has tripped its tripwires is not known: \(reason)")
      }
      if !failures.isEmpty { answer.exitCode = .failed }
      answer.parts += failures.map { .failure($0, of: host.name) }
    }
    let found = hosts.flatMap { (try? $0.found.get()) ?? [] }
    let lines = RecordLine.lines(over: found.flatMap(\.connections), by: grouping)
    for direction in Direction.allCases
    where found.contains(where: { $0.recorded.hook.policyDirection == direction }) {
      answer.parts.append(.chapter(chapter(direction, lines, found)))
    }
    for host in hosts where !host.tripped.isEmpty {
      answer.parts.append(
        .chapter(
          Chapter(
            .facts, "\(host.name, .strong)",
            host.tripped.map { Entry(.risk, Words($0.words(names))) })))
    }
    for host in hosts { answer.parts += remarks(host) }
    answer.data = .document(File(hosts: hosts.map { File.Host($0) }))
    return answer
  }

  private func chapter(_ direction: Direction, _ lines: [RecordLine], _ found: [Found]) -> Chapter {
    let lines = lines.filter { $0.direction == direction }
    let count = found.reduce(0) { sum, one in
      sum + (one.recorded.hook.policyDirection == direction ? one.connections.count : 0)
    }
    let way =
      switch direction {
      case .ingress: "on the way in"
      case .egress: "on the way out"
      case .forward: "on the way through"
      }
    let what = mode == .observe ? "would be denied" : "denied"
    let allowed = lines.filter(\.isAllowed)
    let told = allowed.count > Self.mostAllowed ? lines.filter { !$0.isAllowed } : lines
    var entries = told.prefix(Self.mostLines).map(entry)
    if told.count > Self.mostLines {
      entries.append("and \(told.count - Self.mostLines) more lines; --json has all, --by source fewer")
    }
    if told.count < lines.count {
      entries.append(
        "\(allowed.count) more that flows allow: recorded before they did, or the host has other rules (sekisho diff tells which; --json has all)"
      )
    }
    return Chapter(
      .facts, "\("\(what) \(way)", .strong): \(counted(count, "peer and port", "peers and ports"))",
      entries.isEmpty ? ["none"] : entries)
  }

  private func entry(_ line: RecordLine) -> Entry {
    var note = ["\(counted(line.packets, "packet")), \(roughly(seconds: line.age)) ago"]
    // Of one packet, or all at once, the last says when.
    if let first = line.firstAge, roughly(seconds: first) != roughly(seconds: line.age) {
      note.append("first \(roughly(seconds: first)) ago")
    }
    // Only of what is forwarded a host is neither end.
    if line.direction == .forward { note.append("at \(line.hosts.prefix(3).joined(separator: ", "))") }
    if let cause = line.cause { note.append(cause.words) }
    // The change is known to a minute.
    if line.isInOtherMode {
      note.append(mode == .enforce ? "perhaps while it only observed" : "perhaps while it enforced")
    }
    return Entry(
      line.isScan ? .risk : mode == .enforce ? .closes : nil, Words(line.words),
      note: note.joined(separator: ", "))
  }

  private func remarks(_ host: Host) -> [Answer.Part] {
    guard case .success(let found) = host.found else { return [] }
    var parts: [Answer.Part] = []
    parts += RecordGaps.words(of: host.loss, at: host.name).map { .remark($0) }
    parts += host.silent.words(of: host.name, mode, isMeant: !found.isEmpty).map { .remark($0) }
    for (one, all) in found.map({ ($0.recorded, $0.all) }) {
      // Where some that were told are too old already, the others are too.
      let isUntoldMeant = all.count == one.entries.count
      parts += RecordGaps.words(of: one, at: host.name, isUntoldMeant: isUntoldMeant).map { .remark($0) }
    }
    return parts
  }

  // MARK: - JSON

  private struct File: Encodable {
    /// There may be a million, which nobody may want as JSON.
    struct Rows: Encodable {
      let found: RecordReport.Found

      func encode(to encoder: any Encoder) throws {
        var rows = encoder.unkeyedContainer()
        for (index, connection) in found.all.enumerated() {
          try rows.encode(RecordJSON(connection, ofProbe: found.ofProbes.contains(index)))
        }
      }
    }

    struct Direction: Encodable {
      let direction: String
      let mode: String
      /// For how many seconds the host remembers.
      let memory: Int
      /// For how many seconds everything is known to be recorded; nothing where nobody watches.
      let watched: Int?
      /// For how many seconds the mode has been what it is; nothing where it is not known to have been another.
      let inMode: Int?
      /// Whether there is no room for further records.
      let full: Bool
      /// Packets that no record tells of, since the rules were made; nothing where the host does not tell.
      let unrecorded: Unrecorded?
      /// Older records that the host has not told.
      let untold: Int
      /// The most recent first.
      let records: Rows

      init(_ found: RecordReport.Found) {
        let recorded = found.recorded
        (direction, mode, memory) = (recorded.hook.rawValue, recorded.mode.rawValue, recorded.memory)
        (watched, inMode) = (recorded.watched, recorded.inMode)
        (full, unrecorded, untold) = (recorded.isFull, recorded.unrecorded, recorded.untold)
        records = Rows(found: found)
      }
    }

    struct Host: Encodable {
      let host: String
      var directions: [Direction]?
      /// Why what was recorded before is not among it.
      let loss: String?
      /// Who has tripped its tripwires: those whom it refuses where what it denies is asked for, and those
      /// whom it does not where a direction that counts is in the mode that is asked for.
      let tripped: [TripStatus]?
      /// Why that is not known; left out where it is.
      let trippedUnknown: String?
      var error: FailureJSON?

      init(_ host: RecordReport.Host) {
        self.host = host.name
        loss = host.loss
        tripped = host.tripped.isEmpty ? nil : host.tripped
        trippedUnknown = host.trippedUnknown
        switch host.found {
        case .success(let found): directions = found.map { Direction($0) }
        case .failure(let failure): error = FailureJSON(failure)
        }
      }
    }

    let hosts: [Host]
  }
}
