internal import AgentProtocol
internal import Explanation
internal import FoundationEssentials
internal import Machine
internal import Operations
internal import Policy
internal import ProbePlan
internal import Records

/// What a probe may have left in hosts' records.
struct ProbeTrace: Codable {
  struct Record: Codable {
    /// `host direction peer destination service`: what a host has recorded if it has denied it; the destination of what
    /// is forwarded, else `-`.
    let record: String
    /// Those that were sent, at most.
    let packets: UInt64
  }

  /// Whether it ran in a lab, whose hosts have the names and addresses of others.
  let isLab: Bool
  /// Seconds since 1970.
  let since: Int64
  let until: Int64
  let records: [Record]

  private enum CodingKeys: String, CodingKey {
    case isLab = "lab"
    case since, until, records
  }

  init(_ report: ProbeReport) {
    isLab = report.isLab
    since = report.began.seconds
    until = report.ended.seconds
    let run = report.run
    var records: [Record] = []
    for (index, explanation) in run.explanations.enumerated() where run.sent[index] > 0 {
      let connection = run.plan.probes[index].connection
      let (source, destination) = (connection.source, connection.destination)
      let service = ExplanationReport.service(connection)
      for hop in run.judgements[index].met(of: explanation.hops) {
        let ends =
          switch hop.direction {
          case .ingress: "\(source) -"
          case .egress: "\(destination) -"
          case .forward: "\(source) \(destination)"
          }
        let place = "\(report.policy[hop.host].name) \(hop.direction.rawValue)"
        records.append(Record(record: "\(place) \(ends) \(service)", packets: run.sent[index]))
      }
    }
    self.records = records
  }
}

extension ProbeJudgement {
  /// The hops that a packet may have come to: behind the one that was seen to stop it, what is recorded is not its.
  fileprivate func met(of hops: [Hop]) -> [Hop] {
    let stops = deviations.compactMap { deviation in
      deviation.kind == .stops ? deviation.host.map { ($0, deviation.direction) } : nil
    }
    let end = (stop.map { ($0.host, $0.direction) } ?? stops.first).flatMap { host, direction in
      hops.firstIndex { $0.host == host && $0.direction == direction }
    }
    return end.map { Array(hops[...$0]) } ?? hops
  }
}

/// Tells what probes have left in records from what others have: who asks for something that is denied is meant, and
/// no probe.
///
/// A record does not say who has sent a packet. It is a probe's where no packet need be anybody else's: the first and
/// the last came while probes ran, and there are no more than those sent. What it is not known of may be an intruder's.
struct ProbeTraces: Sendable {
  private struct Kept: Decodable {
    let trace: ProbeTrace
  }

  private struct Run {
    let time: ClosedRange<Int64>
    let packets: [String: UInt64]
  }

  private let runs: [Run]

  /// Rules remember for a day.
  private static let memory: Int64 = 86_400
  /// The newest of those that are kept.
  private static let most = 64
  /// Bytes of all of them that are read.
  private static let longest = 1 << 27
  /// Seconds by which two clocks that count whole ones may differ.
  private static let slack: Int64 = 2

  /// - Parameters:
  ///   - isLab: whether the records are of hosts of a lab: what ran elsewhere has left nothing there.
  ///   - directory: where outcomes are kept; without any, none has left a trace.
  ///   - now: by the clock of this machine.
  init(ofLab isLab: Bool, keptIn directory: String = "build", now: Timestamp = .current()) {
    let names = ProbeReport.name(Timestamp(seconds: now.seconds - Self.memory))...ProbeReport.name(now)
    guard let kept = try? Directory(opening: "\(directory)/probes"), let entries = try? kept.entries() else {
      runs = []
      return
    }
    var left = Self.longest
    runs = entries.keys.filter(names.contains).sorted().suffix(Self.most).reversed().compactMap { name in
      // Whoever could write one could hide what they do.
      guard let bytes = try? kept.read(name, atMost: left, isOwn: true) else { return nil }
      left -= bytes.count
      guard let trace = try? JSONDecoder().decode(Kept.self, from: Data(bytes)).trace,
        trace.isLab == isLab,
        (now.seconds - Self.memory...now.seconds).contains(trace.since),
        (trace.since...now.seconds).contains(trace.until),
        name == ProbeReport.name(Timestamp(seconds: trace.since))
      else { return nil }
      return Run(
        time: trace.since - Self.slack...trace.until + Self.slack,
        packets: Dictionary(trace.records.map { ($0.record, $0.packets) }) { $0.addingCapped($1) })
    }
  }

  /// Whether none has left a trace.
  var isEmpty: Bool { runs.isEmpty }

  /// Whether a record is of probes alone.
  ///
  /// - Parameter asked: when the host told it.
  func explain(_ recorded: RecordedConnection, _ asked: ClosedRange<Timestamp>) -> Bool {
    guard !runs.isEmpty, let firstAge = recorded.firstAge else { return false }
    let record = recorded.record
    let key =
      "\(recorded.host) \(recorded.direction.rawValue) \(record.peer) \(record.destination.map { "\($0)" } ?? "-") "
      + recorded.serviceByNumber
    let (first, last) = (asked.before(firstAge), asked.before(recorded.age))
    func isOfRun(_ time: ClosedRange<Int64>) -> Bool {
      runs.contains { $0.packets[key] != nil && $0.time.contains(time) }
    }
    guard isOfRun(first), isOfRun(last) else { return false }
    let sent = runs.filter { $0.time.overlaps(first.lowerBound...max(first.lowerBound, last.upperBound)) }
      .reduce(0 as UInt64) { $0.addingCapped($1.packets[key] ?? 0) }
    return recorded.packets <= sent
  }

  /// How many were left out.
  static func remark(_ count: Int) -> Answer.Part? {
    count == 0 ? nil : .remark("\(counted(count, "record")) of probes left out (build/probes)")
  }
}

/// What was asked of a host, and when it answered.
struct Dated<Reply: Sendable>: Sendable {
  let reply: Reply
  let asked: ClosedRange<Timestamp>

  init(_ ask: () async throws -> Reply) async rethrows {
    let before = Timestamp.current()
    reply = try await ask()
    // A clock that is set back meanwhile has told nothing.
    asked = before...max(before, .current())
  }
}

extension ClosedRange<Timestamp> {
  /// When something was that is some seconds old.
  fileprivate func before(_ age: Int) -> ClosedRange<Int64> {
    lowerBound.seconds - Int64(age)...upperBound.seconds - Int64(age)
  }
}

extension UInt64 {
  fileprivate func addingCapped(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
