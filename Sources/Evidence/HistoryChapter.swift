package import AgentProtocol

/// What hosts were given, by whom, and how it was confirmed.
package enum HistoryChapter {
  private static let mostEvents = 200
  /// Of all hosts together; each has its newest, however many there are.
  private static let mostRevisions = 2000

  package static func of(_ hosts: [(host: String, books: Books)]) -> ReportChapter {
    let all = hosts.flatMap { host, books in books.events.map { (host: host, event: $0) } }
      .sorted { ($1.event.time, $0.host) < ($0.event.time, $1.host) }
    var lead = [
      "What hosts were given, by whom and why, whose signatures they counted (where they had asked for any), and how it was confirmed; each host keeps it in a chain of digests.",
      "It does not cover: revisions that a host keeps no more (the newest 50 are kept); who has reviewed a change that came without signatures; what somebody changed past Sekisho, which is drift; and what root on a host has written in its own books, beyond what the chain shows.",
    ]
    let share = max(1, mostRevisions / max(1, hosts.count))
    let left = hosts.reduce(0) { $0 + max(0, $1.books.revisions.count - share) }
    if left > 0 {
      lead.append(
        "Of each host the newest \(share == 1 ? "revision is" : "\(share) revisions are") shown, and \(left) older ones are not: sekisho history has them."
      )
    }
    if all.count > mostEvents {
      lead.append("Of \(all.count) events the newest \(mostEvents) are shown.")
    }
    return ReportChapter(
      "history", "History", lead: lead,
      tables: [
        ReportTable(
          "Revisions",
          [
            "host", "revision", "index", "given (UTC)", "by", "approved by", "why", "confirmed (UTC)",
            "confirmed by", "now",
          ], hosts.flatMap { revisions($0, $1, share) }),
        ReportTable(
          "Chains of events", ["host", "chain", "digest of its last line"], hosts.map { chain($0, $1) }),
        ReportTable(
          "Events", ["host", "time (UTC)", "by", "event", "revision", "detail", "why"],
          all.prefix(mostEvents).map { host, event in
            .init([
              host, HostChapters.moment(event.time), event.by, event.event,
              event.revision.map { "\($0)" } ?? "", event.detail ?? "", event.why ?? "",
            ])
          }),
      ])
  }

  /// The newest of them, the newest first.
  private static func revisions(_ host: String, _ books: Books, _ most: Int) -> [ReportTable.Row] {
    books.revisions.suffix(most).reversed().map { entry in
      let now =
        entry.number == books.trial?.revision
        ? "on trial" : entry.number == books.confirmed ? "confirmed" : ""
      return .init(
        [
          host, "\(entry.number)", entry.index.map { "\($0)" } ?? "none",
          HostChapters.moment(entry.time), entry.by ?? "cannot be read",
          entry.approvedBy.map { $0.joined(separator: ", ") } ?? "not asked for",
          entry.why ?? "", HostChapters.moment(entry.confirmedAt), entry.confirmedBy ?? "", now,
        ], entry.digest == nil ? .bad : nil)
    }
  }

  private static func chain(_ host: String, _ books: Books) -> ReportTable.Row {
    let faults = books.chainFaults + books.damage
    return .init(
      [host, faults.isEmpty ? "holds" : faults.joined(separator: "; "), books.chainTip],
      faults.isEmpty ? .good : .bad)
  }
}
