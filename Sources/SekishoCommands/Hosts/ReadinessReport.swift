internal import Addressing
internal import AgentProtocol
internal import Operations
internal import Records

/// Whether hosts can go over from observing to enforcing, as an answer.
struct ReadinessReport {
  let replies: [HostReply<Told>]
  /// The hosts that have addresses.
  let names: [Address: String]

  /// What one host has told, less what is of probes alone.
  struct Told: Sendable {
    let readiness: EnforcingReadiness
    /// How many records of each direction that observes are left out.
    let ofProbes: [DirectionStatus.Direction: Int]

    init(
      _ dated: Dated<EnforcingReadiness>, without probes: ProbeTraces,
      _ read: (RecordList.Direction) -> [RecordedConnection]
    ) {
      var left: [DirectionStatus.Direction: Set<Recorded.Record>] = [:]
      if !probes.isEmpty {
        for direction in dated.reply.records.directions where direction.mode == .observe {
          left[direction.hook] = Set(
            read(direction).filter { probes.explain($0, dated.asked) }.map(\.record))
        }
      }
      readiness = dated.reply.without(left)
      ofProbes = left.mapValues(\.count)
    }
  }

  var answer: Answer {
    var answer = Answer()
    var entries: [Entry] = []
    for reply in replies {
      switch reply.result {
      case .failure(let error):
        answer.parts.append(.failure("\(error)", of: reply.host))
        answer.exitCode = .failed
      case .success(let told):
        let readiness = told.readiness
        let observing = readiness.records.directions.filter { $0.mode == .observe }
        entries += observing.map { entry(reply.host, $0, readiness) }
      }
    }
    if !entries.isEmpty {
      answer.parts.append(.chapter(Chapter(.facts, Words("If it were enforced", .strong), entries)))
    }
    answer.parts += replies.flatMap(remarks)
    let ofProbes = replies.compactMap { try? $0.result.get() }.flatMap(\.ofProbes.values).reduce(0, +)
    if let remark = ProbeTraces.remark(ofProbes) { answer.parts.append(remark) }
    answer.data = .document(File(hosts: replies.map { File.Host($0) }))
    return answer
  }

  private func entry(
    _ host: String, _ direction: RecordList.Direction, _ readiness: EnforcingReadiness
  ) -> Entry {
    var note: [String] = []
    if let watched = direction.watched {
      note.append("recorded for \(roughly(seconds: watched))")
      note.append(direction.quiet.map { "nothing new for \(roughly(seconds: $0))" } ?? "nothing ever came")
    }
    guard let denied = readiness.denied.first(where: { $0.hook == direction.hook }) else {
      return Entry(
        nil, "\(host) \(direction.hook.rawValue): what it should have does not judge this direction",
        note: note.joined(separator: ", "))
    }
    return denied.entry(at: host, names, note: note.joined(separator: ", "))
  }

  private func remarks(_ reply: HostReply<Told>) -> [Answer.Part] {
    guard let readiness = (try? reply.result.get())?.readiness else { return [] }
    var parts: [Answer.Part] = []
    let records = readiness.records
    parts += RecordGaps.words(of: records.loss, at: reply.host).map { .remark($0) }
    let observing = records.directions.filter { $0.mode == .observe }
    parts += SilentDirections(records.directions.map { ($0.hook, $0.mode) })
      .words(of: reply.host, .observe, isMeant: !observing.isEmpty).map { .remark($0) }
    if observing.contains(where: { $0.watched == nil }) {
      parts.append(
        .remark(
          "\(reply.host) remembers a day, and not since when anything comes: that `sekisho watch` keeps, where it runs"
        ))
    }
    parts += observing.flatMap { RecordGaps.words(of: $0, at: reply.host) }.map { .remark($0) }
    return parts
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Direction: Encodable {
      let direction: String
      let mode: String
      /// For how many seconds everything is known to be recorded; nothing where nobody watches.
      let watched: Int?
      /// Seconds since something came that had not come before; nothing where nobody watches, or nothing came.
      let quiet: Int?
      let unrecorded: Unrecorded?
      /// How many records are left out, because they are of probes alone.
      let ofProbes: Int
      /// Nothing of a direction that does not only observe.
      let deniedFromNowOn: DeniedJSON?
    }

    struct Host: Encodable {
      let host: String
      var directions: [Direction]?
      var loss: String?
      var error: FailureJSON?

      init(_ reply: HostReply<Told>) {
        host = reply.host
        switch reply.result {
        case .failure(let failure): error = FailureJSON(failure)
        case .success(let told):
          let readiness = told.readiness
          loss = readiness.records.loss
          directions = readiness.records.directions.map { direction in
            Direction(
              direction: direction.hook.rawValue, mode: direction.mode.rawValue, watched: direction.watched,
              quiet: direction.quiet, unrecorded: direction.unrecorded,
              ofProbes: told.ofProbes[direction.hook] ?? 0,
              deniedFromNowOn: readiness.denied.first { $0.hook == direction.hook }.map { DeniedJSON($0) })
          }
        }
      }
    }

    let hosts: [Host]
  }
}
