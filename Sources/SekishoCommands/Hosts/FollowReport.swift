internal import AgentProtocol
internal import Operations
internal import Policy
internal import Records
internal import Synchronization

/// What hosts record, said as it comes.
final class FollowReport: RecordListener {
  private let mode: DirectionStatus.Mode
  private let isJSON: Bool
  private let console: Console
  /// Hosts tell at once, and lines come one after the other.
  private let reader: Mutex<RenewedReader>
  private let state = Mutex(State())

  private struct State {
    /// Hosts of which it was said what they judge.
    var known: Set<String> = []
    /// Hosts that are not followed for the time being, and what was said of that.
    var broken: [String: String] = [:]
  }

  init(_ mode: DirectionStatus.Mode, _ reader: sending RenewedReader, json: Bool, _ console: Console) {
    self.mode = mode
    isJSON = json
    self.console = console
    self.reader = Mutex(reader)
  }

  /// Lines that are written of what one host tells at once.
  private static let mostLines = 50

  func begins(_ host: String, _ directions: [DirectionStatus]) throws {
    guard state.withLock({ $0.known.insert(host).inserted }) else { return }
    let silent = SilentDirections(directions.map { ($0.hook, $0.mode) })
    for remark in silent.words(of: host, mode, isMeant: directions.contains(where: { $0.mode == mode })) {
      console.message(remark)
    }
  }

  func breaks(_ host: String, _ error: any Error) throws {
    // Nobody reads any more.
    if error is UnwrittenOutput { return }
    let isNew = state.withLock { state in
      defer { state.broken[host] = "\(error)" }
      return state.broken[host] != "\(error)"
    }
    guard isNew else { return }
    console.error("\(host): \(error)")
    guard isJSON else { return }
    let line = Failed(time: Timestamp.current().seconds, host: host, error: FailureJSON(error))
    try reader.withLock { _ in try console.write(line: try JSONOutput.bytes(.lines([line]))) }
  }

  func tell(_ host: String, _ list: RecordList) throws {
    if state.withLock({ $0.broken.removeValue(forKey: host) }) != nil {
      console.message("\(host) is followed again: `sekisho \(verb)` lists what came meanwhile")
    }
    try reader.withLock { reader in
      let time = Timestamp.current()
      let reader = reader.reader(at: time)
      for direction in list.directions where direction.mode == mode {
        let connections = reader.connections(direction, at: host)
        if isJSON {
          for connection in connections {
            let line = Line(time, direction, connection)
            try console.write(line: try JSONOutput.bytes(.lines([line])))
          }
        } else {
          try write(RecordLine.lines(over: connections), host, direction, time)
        }
      }
    }
  }

  private func write(
    _ lines: [RecordLine], _ host: String, _ direction: RecordList.Direction, _ time: Timestamp
  ) throws {
    let what = mode == .observe ? "would deny" : "denied"
    let head = "\(time)  \(host) \(direction.hook.rawValue) \(what)  "
    for line in lines.prefix(Self.mostLines).reversed() {
      let parts = [counted(line.packets, "packet"), line.firstAge == nil ? nil : "new", line.cause?.words]
      try write(head + "\(line.words)  \(parts.compactMap(\.self).joined(separator: ", "))")
    }
    if lines.count > Self.mostLines {
      try write(head + "\(lines.count - Self.mostLines) more at once (sekisho \(verb) lists them)")
    }
  }

  private var verb: String { mode == .observe ? "observed" : "denied" }

  private func write(_ line: String) throws {
    try console.write(line: Array((Console.shown(line) + "\n").utf8))
  }

  private struct Failed: Encodable {
    /// Seconds since 1970, UTC, here.
    let time: Int64
    let host: String
    let error: FailureJSON
  }

  private struct Line: Encodable {
    /// Seconds since 1970, UTC, here: when it was told.
    let time: Int64
    let host: String
    let direction: String
    let mode: String
    /// Whether it was not recorded before.
    let isNew: Bool
    let record: RecordJSON

    init(_ time: Timestamp, _ direction: RecordList.Direction, _ connection: RecordedConnection) {
      self.time = time.seconds
      (host, self.direction, mode) = (connection.host, direction.hook.rawValue, direction.mode.rawValue)
      isNew = connection.firstAge != nil
      record = RecordJSON(connection)
    }
  }
}
