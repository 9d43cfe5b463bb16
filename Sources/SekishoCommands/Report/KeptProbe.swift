internal import Evidence
internal import FoundationEssentials
internal import Machine

/// The outcome of a probe as it was kept, for a report.
struct KeptProbe {
  private let probe: ProbeJSON

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
        let probe = try? decoder.decode(ProbeJSON.self, from: Data(bytes)), probe.trace?.isLab == isLab
      else { continue }
      return Self(probe: probe)
    }
    return nil
  }

  // MARK: - Chapter

  private static let mostConnections = 200

  /// - Parameter digest: of the inventory that the report is of.
  func chapter(_ digest: String) -> ReportChapter {
    let isSame = probe.inventory == digest
    var lead = [
      "What real packets did between hosts, held against the policy at every hop, the last time that sekisho probe ran."
    ]
    if !isSame {
      lead.append(
        "It ran for another state of the inventory (\(probe.inventory)), and says nothing of what has changed since."
      )
    }
    if probe.connections.count > Self.mostConnections {
      lead.append("Of \(probe.connections.count) connections \(Self.mostConnections) are shown.")
    }
    return ReportChapter(
      "probe", "Probe: what packets did", lead: lead,
      tables: [
        ReportTable("Outcome", ["what", "how many, or when"], outcome(isSame)),
        ReportTable(
          "Otherwise than the policy says, or not proven",
          ["from", "to", "service", "by the packets", "by the policy", "what is known"],
          probe.connections.prefix(Self.mostConnections).map { one in
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
          probe.denials.map {
            .init([$0.host, $0.direction, "\($0.proven)", "\($0.notReached)", "\($0.notProven)"])
          }),
      ])
  }

  private func outcome(_ isSame: Bool) -> [ReportTable.Row] {
    var rows: [ReportTable.Row] = [
      .init(["began (UTC)", probe.began]), .init(["ended (UTC)", probe.ended]),
      .init(
        ["inventory", isSame ? "the one that this report is of" : "another: \(probe.inventory)"],
        isSame ? .good : .notice),
      .init(["connections that are worth trying", "\(probe.population)"]),
      .init(["tried", "\(probe.tried)"]),
      .init(["open, as the policy says", "\(probe.open)"]),
      .init(["denied, as the policy says", "\(probe.denied)"]),
      .init(["otherwise than the policy says", "\(probe.deviating)"], probe.deviating > 0 ? .bad : .good),
      .init(["not proven", "\(probe.unproven)"], probe.unproven > 0 ? .notice : .good),
    ]
    if let confidence = probe.confidence {
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
    var gaps: [(what: String, why: String)] = probe.missingHosts.map {
      ("packets from and to \($0.host)", "it could not be asked while sekisho probe ran: \($0.reason)")
    }
    if !probe.untriedFlows.isEmpty {
      gaps.append(
        (
          "packets of the flows \(probe.untriedFlows.joined(separator: ", "))",
          "an end has no agent, or nothing answers what they allow"
        ))
    }
    return gaps
  }
}
