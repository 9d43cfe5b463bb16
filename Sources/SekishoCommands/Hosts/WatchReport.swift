internal import Diagnostics
internal import HostState
internal import Machine

/// What a watch says, as a line for people and for programs.
struct WatchReport {
  private let saying: WatchSaying

  init(_ saying: WatchSaying) { self.saying = saying }

  /// With a line break. What others have named cannot move a terminal's cursor, nor make a line of its own.
  var line: [UInt8] {
    Array((Console.shown(text.split(separator: "\n").joined(separator: " ")) + "\n").utf8)
  }

  private var text: String {
    switch saying {
    case .found(let sight): Self.text(sight)
    case .deviates(let number, let deviation, let hints, let consequence):
      "\(Self.text(deviation, number))\(Self.text(hints)); "
        + (deviation.kind == .trial
          ? "that ends with the trial, also where it is confirmed" : Self.text(consequence))
    case .restored(let number, let restored):
      "restored: revision \(number) stands again, as it was confirmed; counters began anew\(Self.text(restored))"
    case .notRestored(let number, let reason):
      "revision \(number) could not be put back: \(reason); it is tried again"
    case .notLedOut(let reason):
      "what a command or a stop has left could not be ended: \(reason); it is tried again"
    case .damaged(let parts):
      "of what the host remembers this cannot be read, and does not count: \(parts.joined(separator: "; "))"
    case .tripped(let trips, let more):
      (trips.map(Self.text) + (more > 0 ? ["and \(more) more"] : [])).joined(separator: "; ")
    case .foreign(let tables, let hint):
      "\(tables.count == 1 ? "table" : "tables") \(listed(tables)) changed\(Self.text([hint]))"
    case .more(let foreign, let own):
      [
        foreign > 0 ? "\(counted(foreign, "more change")) of tables of others" : nil,
        own > 0 ? "\(counted(own, "more change")) of table inet sekisho" : nil,
      ].compactMap(\.self).joined(separator: ", ") + " within a minute"
    case .lost:
      "changes came faster than they were heard; the ruleset was read anew, by whom it was changed is not known"
    case .ended: "ended: nobody watches this host any more"
    }
  }

  private static func text(_ trip: WatchSaying.Trip) -> String {
    let wire = trip.tripwires.isEmpty ? "a tripwire" : "tripwire \(listed(trip.tripwires))"
    return trip.isCut
      ? "\(trip.address) has tripped \(wire) and is refused for another \(roughly(seconds: trip.seconds))"
      : "\(trip.address) has tripped \(wire) and is not refused: it is only observed, or as many are as may be"
  }

  private static func text(_ sight: Sight) -> String {
    switch sight {
    case .nothingConfirmed(nil): "nothing was ever confirmed on this host; waiting for it"
    case .nothingConfirmed(let number?):
      "revision \(number) is on trial; nothing was ever confirmed on this host"
    case .stopped(let stop, let left):
      "nothing is enforced: \(stop.by.invokedBy ?? stop.by.user) has stopped it"
        + (stop.until == nil ? " for good" : left == 0 ? ", and the time for that is over" : " for a time")
    case .asConfirmed(let number, nil): "revision \(number) stands, as it was confirmed"
    case .asConfirmed(let number, let trial?):
      "revision \(number) stands, as it was confirmed; revision \(trial) is on trial"
    case .deviates(let number, let deviation, _): text(deviation, number)
    case .unfinished:
      "a command of Sekisho's has ended in the middle; the next one leads out of it (sekisho history says which)"
    case .unknown(let reason, let kind):
      "it cannot be told whether the table is as it was confirmed: \(reason)"
        + (kind.map { "; \(text($0))" } ?? "")
    }
  }

  private static func text(_ deviation: Deviation, _ number: RevisionNumber) -> String {
    let objects = deviation.objects.map { object in
      let text = object.text.isEmpty ? "" : " { \(object.text) }"
      return "\(object.way) \(object.kind) \(object.kind == "rule" ? "in " : "")\(object.name)\(text)"
    }
    let more = deviation.more > 0 ? ["and \(deviation.more) more"] : []
    let list = deviation.kind == .fallback ? [] : objects + more
    let state = deviation.kind == .trial ? "not as tried" : "not as confirmed"
    return "\(state) (revision \(number)): \(text(deviation.kind))"
      + (list.isEmpty ? "" : ", \(list.joined(separator: ", "))")
  }

  private static func text(_ kind: Deviation.Kind) -> String {
    switch kind {
    case .gone: "the table is gone"
    case .fallback: "the fallback stands, which only ssh passes"
    case .dormant: "the table is switched off (dormant)"
    case .altered: "the table was altered"
    case .trial: "the rules on trial were altered"
    }
  }

  private static func text(_ hints: [ChangeHint]) -> String {
    if hints.isEmpty { return "" }
    let names = hints.map { hint in
      let parts = [hint.process.map { "pid \($0)" }, hint.cgroup.map { "cgroup \($0)" }].compactMap(\.self)
      return parts.isEmpty ? hint.program : "\(hint.program) (\(parts.joined(separator: ", ")))"
    }
    return ", by \(listed(names)), as a hint"
  }

  private static func text(_ consequence: WatchSaying.Consequence) -> String {
    switch consequence {
    case .told: "sekisho drift shows what passes by it, sekisho watch --restore would put it back"
    case .restoring: "putting it back"
    case .waiting: "it is put back when the trial is over that runs"
    case .givenUp:
      "it is left so: it was put back \(WatchState.mostRestores) times within 10 minutes, and something undoes it. "
        + "Find out what, then start the watch again (systemctl restart sekisho-watch)"
    }
  }

  private static func text(_ restored: WatchSaying.Restored) -> String {
    let counted = restored.counted.map { counted in
      let allowed = counted.allowed.values.reduce(0) { $0 &+ $1 }
      return " (they were at \(allowed) allowed and \(counted.denied) denied when they were looked at last)"
    }
    return (counted ?? "") + sessions(restored)
  }

  private static func sessions(_ restored: WatchSaying.Restored) -> String {
    switch restored.sessions {
    case nil: "; sessions that began meanwhile may go on"
    case 0: ""
    case let count?: "; \(counted(count, "session")) that began meanwhile ended"
    }
  }
}

extension WatchReport {
  /// What programs read: an object a line, which says by `event` what it is about.
  var json: Line {
    var line = Line(time: WallClock.seconds())
    switch saying {
    case .found(let sight): line.take(sight)
    case .deviates(let number, let deviation, let hints, let consequence):
      line.event = "not-as-confirmed"
      line.revision = number.rawValue
      line.deviation = Line.Found(deviation)
      line.by = hints.map { Line.Hint($0) }
      line.then = consequence.rawValue
    case .restored(let number, let restored):
      line.event = "restored"
      line.revision = number.rawValue
      line.operations = restored.operations
      line.sessions = restored.sessions
      line.counted = restored.counted.map { Line.Counted($0) }
    case .notRestored(let number, let reason):
      line.event = "not-restored"
      line.revision = number.rawValue
      line.reason = reason
    case .notLedOut(let reason):
      line.event = "not-led-out"
      line.reason = reason
    case .damaged(let parts):
      line.event = "damaged"
      line.reason = parts.joined(separator: "; ")
    case .tripped(let trips, let more):
      line.event = "tripped"
      line.tripped = trips.map { Line.Trip($0) }
      line.more = more
    case .foreign(let tables, let hint):
      line.event = "foreign"
      line.tables = tables
      line.by = [Line.Hint(hint)]
    case .more(let foreign, let own):
      line.event = "more"
      line.foreign = foreign
      line.own = own
    case .lost: line.event = "lost"
    case .ended: line.event = "ended"
    }
    return line
  }

  /// One line; what does not belong to its event is left out.
  struct Line: Encodable {
    /// Seconds since 1970, UTC.
    let time: Int64
    /// `as-confirmed`, `not-as-confirmed`, `restored`, `not-restored`, `not-led-out`, `damaged`, `nothing-confirmed`,
    /// `stopped`, `unfinished`, `unknown`, `tripped`, `foreign`, `more`, `lost`, `ended`.
    var event = ""
    var revision: Int?
    /// The revision on trial.
    var trial: Int?
    var deviation: Found?
    /// Hints: who it was is what the kernel says a process calls itself.
    var by: [Hint]?
    /// `told`, `restoring`, `waiting` or `given-up`.
    var then: String?
    var operations: Int?
    /// Ended, because they had begun meanwhile.
    var sessions: Int?
    /// What the rules had counted when they were looked at last.
    var counted: Counted?
    var tables: [String]?
    /// Who has tripped a tripwire, and how many more have.
    var tripped: [Trip]?
    var more: Int?
    var foreign: Int?
    var own: Int?
    var fallback: Bool?
    /// Who has stopped the host, until when in seconds since 1970, UTC, and whether that is over; without a time until
    /// somebody ends it.
    var stoppedBy: String?
    var until: Int64?
    var isOver: Bool?
    var reason: String?

    init(time: Int64) { self.time = time }

    mutating func take(_ sight: Sight) {
      switch sight {
      case .nothingConfirmed(let trial):
        event = "nothing-confirmed"
        self.trial = trial?.rawValue
      case .stopped(let stop, let left):
        event = "stopped"
        stoppedBy = stop.by.invokedBy ?? stop.by.user
        until = stop.until
        isOver = left == 0
      case .asConfirmed(let number, let trial):
        event = "as-confirmed"
        revision = number.rawValue
        self.trial = trial?.rawValue
      case .deviates(let number, let deviation, _):
        event = "not-as-confirmed"
        revision = number.rawValue
        self.deviation = Found(deviation)
      case .unfinished: event = "unfinished"
      case .unknown(let reason, let kind):
        event = "unknown"
        self.reason = reason
        deviation = kind.map { Found(Deviation($0)) }
        fallback = kind == .fallback
      }
    }

    struct Trip: Encodable {
      let address: String
      let tripwires: [String]
      /// For which he is still refused.
      let seconds: Int64
      let isCut: Bool

      init(_ trip: WatchSaying.Trip) {
        address = "\(trip.address)"
        tripwires = trip.tripwires
        seconds = trip.seconds
        isCut = trip.isCut
      }
    }

    struct Found: Encodable {
      struct Object: Encodable {
        let way: String
        let kind: String
        let name: String
        let text: String
      }

      /// `gone`, `fallback`, `dormant`, `altered` or `trial`.
      let kind: String
      let objects: [Object]
      let more: Int

      init(_ deviation: Deviation) {
        kind = deviation.kind.rawValue
        objects = deviation.objects.map {
          Object(way: $0.way.rawValue, kind: $0.kind, name: $0.name, text: $0.text)
        }
        more = deviation.more
      }
    }

    /// Packets, each the first of a connection.
    struct Counted: Encodable {
      struct Flow: Encodable {
        let flow: String
        let packets: UInt64
      }

      let allowed: [Flow]
      let denied: UInt64

      init(_ counted: WatchSaying.Counted) {
        allowed = counted.allowed.sorted { $0.key < $1.key }.map { Flow(flow: $0.key, packets: $0.value) }
        denied = counted.denied
      }
    }

    struct Hint: Encodable {
      let program: String
      let pid: UInt32?
      let cgroup: String?

      init(_ hint: ChangeHint) {
        program = hint.program
        pid = hint.process
        cgroup = hint.cgroup
      }
    }
  }
}
