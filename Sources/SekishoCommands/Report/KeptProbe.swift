internal import Evidence
internal import FoundationEssentials
internal import Machine

/// The outcome of a probe as it was kept, for a report.
struct KeptProbe: Decodable {
  struct Connection: Decodable {
    let fromHost: String
    let toHost: String
    let `protocol`: String
    let port: Int?
    let outcome: String
    let verdict: String
    let reason: String?
    let deviations: [Deviation]
  }

  struct Deviation: Decodable { let sentence: String }

  struct Confidence: Decodable {
    let samples: Int
    let shareBelow: Double
  }

  struct Denials: Decodable {
    let host: String
    let direction: String
    let proven: Int
    let notReached: Int
    let notProven: Int
  }

  struct Missing: Decodable {
    let host: String
    let reason: String
  }

  struct Trace: Decodable { let lab: Bool }

  let began: String
  let ended: String
  let inventory: String
  let tried: Int
  let population: Int
  let open: Int
  let denied: Int
  let deviating: Int
  let unproven: Int
  let confidence: Confidence?
  let connections: [Connection]
  let denials: [Denials]
  let missingHosts: [Missing]
  let untriedFlows: [String]
  let trace: Trace

  /// Bytes of an outcome that are read.
  private static let longest = 1 << 27
  /// Of those that are kept, so many of the newest are looked at.
  private static let most = 64

  /// The newest outcome that is kept.
  ///
  /// - Parameters:
  ///   - isLab: whether of a lab: its hosts have the names of others, and what was shown there holds for none of these.
  ///   - directory: whose `probes` has them.
  /// - Returns: `nil`: there is none that can be read and is this user's own.
  static func newest(ofLab isLab: Bool, keptIn directory: String = "build") -> Self? {
    guard let kept = try? Directory(opening: "\(directory)/probes"), let entries = try? kept.entries() else {
      return nil
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // Names are times. Whoever could write one could tell of a proof that never was.
    for name in entries.keys.filter({ $0.hasSuffix(".json") }).sorted().suffix(most).reversed() {
      guard let bytes = try? kept.read(name, atMost: longest, isOwn: true),
        let probe = try? decoder.decode(Self.self, from: Data(bytes)), probe.trace.lab == isLab
      else { continue }
      return probe
    }
    return nil
  }

  // MARK: - Chapter

  private static let mostConnections = 200

  /// - Parameter digest: of the inventory that the report is of.
  func chapter(_ digest: String) -> ReportChapter {
    let isSame = inventory == digest
    var lead = [
      "What real packets did between hosts, held against the policy at every hop, the last time that sekisho probe ran."
    ]
    if !isSame {
      lead.append(
        "It ran for another state of the inventory (\(inventory)), and says nothing of what has changed since."
      )
    }
    if connections.count > Self.mostConnections {
      lead.append("Of \(connections.count) connections \(Self.mostConnections) are shown.")
    }
    return ReportChapter(
      "probe", "Probe: what packets did", lead: lead,
      tables: [
        ReportTable("Outcome", ["what", "how many, or when"], outcome(isSame)),
        ReportTable(
          "Otherwise than the policy says, or not proven",
          ["from", "to", "service", "by the packets", "by the policy", "what is known"],
          connections.prefix(Self.mostConnections).map { one in
            .init(
              [
                one.fromHost, one.toHost, one.port.map { "\(one.protocol)/\($0)" } ?? one.protocol,
                one.outcome,
                one.verdict,
                ([one.reason].compactMap { $0 } + one.deviations.map(\.sentence)).joined(separator: "; "),
              ], one.deviations.isEmpty ? .notice : .bad)
          }),
        ReportTable(
          "What each host was seen to deny", ["host", "direction", "seen", "no packet came", "not proven"],
          denials.map {
            .init([$0.host, $0.direction, "\($0.proven)", "\($0.notReached)", "\($0.notProven)"])
          }),
      ])
  }

  private func outcome(_ isSame: Bool) -> [ReportTable.Row] {
    var rows: [ReportTable.Row] = [
      .init(["began (UTC)", began]), .init(["ended (UTC)", ended]),
      .init(
        ["inventory", isSame ? "the one that this report is of" : "another: \(inventory)"],
        isSame ? .good : .notice),
      .init(["connections that are worth trying", "\(population)"]), .init(["tried", "\(tried)"]),
      .init(["open, as the policy says", "\(open)"]), .init(["denied, as the policy says", "\(denied)"]),
      .init(["otherwise than the policy says", "\(deviating)"], deviating > 0 ? .bad : .good),
      .init(["not proven", "\(unproven)"], unproven > 0 ? .notice : .good),
    ]
    if let confidence {
      rows.append(
        .init([
          "of all, with 99 % confidence, deviate under",
          "\(ProbeReport.percent(confidence.shareBelow)) (\(confidence.samples) by chance)",
        ]))
    }
    return rows
  }

  /// What it has not shown.
  var gaps: [(what: String, why: String)] {
    var gaps: [(what: String, why: String)] = missingHosts.map {
      ("packets from and to \($0.host)", "it could not be asked while sekisho probe ran: \($0.reason)")
    }
    if !untriedFlows.isEmpty {
      gaps.append(
        (
          "packets of the flows \(untriedFlows.joined(separator: ", "))",
          "an end has no agent, or nothing answers what they allow"
        ))
    }
    return gaps
  }
}
