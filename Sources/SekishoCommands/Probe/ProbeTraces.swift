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
  /// Seconds since 1970.
  let since: Int64
  let until: Int64
  /// `host direction peer destination service`: what a host has recorded if it has denied it; the destination of what is
  /// forwarded, else `-`.
  let records: [String]

  init(_ report: ProbeReport) {
    since = report.began.seconds
    until = report.ended.seconds
    let run = report.run
    var lines: [String] = []
    for (probe, explanation) in zip(run.plan.probes, run.explanations) {
      let (source, destination) = (probe.connection.source, probe.connection.destination)
      let service = ExplanationReport.service(probe.connection)
      for hop in explanation.hops {
        let place = "\(report.policy[hop.host].name) \(hop.direction.rawValue)"
        switch hop.direction {
        case .ingress: lines.append("\(place) \(source) - \(service)")
        case .egress: lines.append("\(place) \(destination) - \(service)")
        case .forward: lines.append("\(place) \(source) \(destination) \(service)")
        }
      }
    }
    records = lines
  }
}

/// Tells what probes have left in records from what others have: who asks for something that is denied is meant, and
/// no probe.
///
/// A record does not say who has sent a packet. It is a probe's where all of its packets can be: not more than were
/// sent, and the last one while it ran.
struct ProbeTraces: Sendable {
  private struct Kept: Decodable {
    let trace: ProbeTrace
  }

  private let runs: [(since: Int64, until: Int64, counts: [String: UInt64])]
  private let now: Int64

  /// Rules remember for a day.
  private static let memory: Int64 = 86_400
  /// The newest of those that are kept.
  private static let most = 64
  /// Packets of a connection that is tried, at most: it is tried up to three times, and sent again while it is silent.
  private static let packets: UInt64 = 6
  /// Seconds by which two clocks that count whole ones may differ.
  private static let slack: Int64 = 2

  /// - Parameter directory: where outcomes are kept; without any, none has left a trace.
  init(keptIn directory: String, now: Timestamp) {
    self.now = now.seconds
    let oldest = ProbeReport.name(Timestamp(seconds: now.seconds - Self.memory))
    guard let kept = try? Directory(opening: "\(directory)/probes"), let entries = try? kept.entries() else {
      runs = []
      return
    }
    runs = entries.keys.filter { $0 >= oldest }.sorted().suffix(Self.most).compactMap { name in
      guard let bytes = try? kept.read(name),
        let trace = try? JSONDecoder().decode(Kept.self, from: Data(bytes)).trace
      else { return nil }
      var counts: [String: UInt64] = [:]
      for record in trace.records { counts[record, default: 0] += Self.packets }
      return (trace.since, trace.until, counts)
    }
  }

  /// Whether none has left a trace.
  var isEmpty: Bool { runs.isEmpty }

  /// Whether a record is of a probe alone.
  func explain(_ recorded: RecordedConnection) -> Bool {
    let seen = now - Int64(recorded.age)
    let record = recorded.record
    let key =
      "\(recorded.host) \(recorded.direction.rawValue) \(record.peer) \(record.destination.map { "\($0)" } ?? "-") "
      + recorded.serviceByNumber
    let before = runs.filter { $0.since - Self.slack <= seen }
    guard before.contains(where: { seen <= $0.until + Self.slack && $0.counts[key] != nil }) else {
      return false
    }
    return recorded.packets <= before.reduce(0) { $0 + $1.counts[key, default: 0] }
  }
}
