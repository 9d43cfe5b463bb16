internal import Addressing
internal import AgentProtocol
internal import Diagnostics
internal import Operations

/// What flows were used for as an answer.
struct UsageReport {
  private let replies: [HostReply<UsageList>]
  private let grouping: UsageCommand.Grouping
  private let told: [(host: String, list: UsageList)]
  private let flows: [FlowUsage]
  /// `nil`: everything is told.
  private let unused: UnusedFlows?

  init(replies: [HostReply<UsageList>], by grouping: UsageCommand.Grouping, unusedIn seconds: Int?) {
    self.replies = replies
    self.grouping = grouping
    told = replies.compactMap { reply in (try? reply.result.get()).map { (reply.host, $0) } }
    flows = FlowUsage.all(of: told)
    unused = seconds.map { [told] in UnusedFlows(in: $0, told) }
  }

  var answer: Answer {
    var answer = Answer()
    for reply in replies {
      guard case .failure(let error) = reply.result else { continue }
      answer.parts.append(.failure("\(error)", of: reply.host))
      answer.exitCode = .failed
    }
    if told.isEmpty {
      // Why is told.
    } else if let unused {
      answer.parts += parts(unused)
    } else {
      switch grouping {
      case .flow: answer.parts.append(.chapter(chapter))
      case .host: answer.parts += told.map { .chapter(chapter($0.host, $0.list)) }
      }
    }
    for (host, list) in told {
      for direction in list.leftAlone ?? [] {
        answer.parts.append(
          .remark(
            "\(host), \(direction.rawValue): left alone, so that nothing counts what goes that way there"))
      }
      if let loss = list.loss { answer.parts.append(.failure("what it kept is not told: \(loss)", of: host)) }
      if list.untold > 0 {
        answer.parts.append(.remark("\(host): of \(counted(list.untold, "further rule")) nothing is told"))
      }
    }
    answer.data = .document(UsageJSON(replies, flows, unused))
    return answer
  }

  // MARK: - Everything

  private var chapter: Chapter {
    let standing = flows.filter(\.stands)
    let rows = standing.map { flow in
      [
        flow.flow, counted(flow.connections, "connection"), flow.lastWords,
        flow.sessions.map { counted($0, "session") } ?? "",
      ]
    }
    let gone = flows.count - standing.count
    let more: [Entry] =
      gone == 0 ? [] : ["and \(counted(gone, "flow")) of which no rule is left (--json has all)"]
    return Chapter(
      .facts, "\(counted(standing.count, "flow"), .strong) on \(counted(told.count, "host"))",
      rows.isEmpty && more.isEmpty ? ["none"] : Self.entries(rows) + more)
  }

  private func chapter(_ host: String, _ list: UsageList) -> Chapter {
    let rows = list.uses.filter { $0.gone == nil }.map { use in
      [
        use.flow, use.hook.way, use.service, counted(use.packets, "connection"), use.lastWords(of: use.known),
      ]
    }
    return Chapter(.facts, Words(host, .strong), rows.isEmpty ? ["none"] : Self.entries(rows))
  }

  /// Rows of as many cells, the first of which is a name.
  private static func entries(_ rows: [[String]]) -> [Entry] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let last = row.lastIndex { !$0.isEmpty } ?? 0
      let cells = row[...last].enumerated().map { $0 == last ? $1 : $1.padded(to: widths[$0]) }
      return Entry(nil, Words(cells[0], .strong) + Words(([""] + cells.dropFirst()).joined(separator: "  ")))
    }
  }

  // MARK: - What is not used

  private func parts(_ unused: UnusedFlows) -> [Answer.Part] {
    let time = roughly(seconds: unused.seconds)
    var idle: [Entry] = []
    var open: [Entry] = []
    for flow in flows where flow.stands {
      switch unused.finding(flow) {
      case .used: break
      case .unused: idle.append(Entry(nil, Words(flow.flow, .strong), note: flow.lastWords))
      case .perhaps: open.append(Entry(nil, "\(flow.flow, .strong)  \(flow.lastWords)"))
      case .young(let age):
        open.append(Entry(nil, "\(flow.flow, .strong)  stands for \(roughly(seconds: age))"))
      case .unknown(let hosts, let age):
        let words =
          "not used, and nobody has looked at \(listed(hosts)) for longer than \(roughly(seconds: age))"
        open.append(Entry(nil, "\(flow.flow, .strong)  \(words)"))
      }
    }
    let wider = flows.filter(\.stands).compactMap { unused.wider($0) }.map { found in
      Entry(nil, "\(found.flow, .strong)  \(found.words)")
    }
    let chapters = [
      Chapter(.facts, Words("Not used in \(time)", .strong), idle.isEmpty ? ["none"] : idle),
      Chapter(.facts, Words("Not known to be used in \(time), nor not to be", .strong), open),
      Chapter(.facts, Words("Used, and wider than their use", .strong), wider),
    ]
    return chapters.filter { !$0.entries.isEmpty }.map { .chapter($0) }
      + unused.gaps.map {
        .remark("\($0.host): of \(roughly(seconds: $0.seconds)) in that time it is not known what was used")
      }
  }
}

extension DirectionStatus.Direction {
  /// How connections go through the host.
  fileprivate var way: String {
    switch self {
    case .input: "in"
    case .output: "out"
    case .forward: "through"
    }
  }
}

extension FlowUsage {
  /// When it was used last.
  var lastWords: String { latest?.lastWords(of: known) ?? "not used in \(roughly(seconds: known))" }
}

extension UsageList.Use {
  /// Two looks that are so far apart are told, in seconds.
  private static let gap = 120

  /// - Parameter known: seconds since somebody knows of it.
  func lastWords(of known: Int) -> String {
    guard let last else { return "not used in \(roughly(seconds: known))" }
    guard let lastAfter else { return "used \(roughly(seconds: last)) ago, or earlier" }
    return lastAfter - last > Self.gap
      ? "last used \(roughly(seconds: last)) to \(roughly(seconds: lastAfter)) ago"
      : "last used \(roughly(seconds: last)) ago"
  }
}

extension UnusedFlows.Wider {
  fileprivate var words: String {
    [
      services.isEmpty ? nil : "nobody asked for \(listed(services))",
      silent.isEmpty ? nil : "\(listed(silent)) did not ask",
      unasked.isEmpty ? nil : "nobody asked \(listed(unasked))",
      ports.isEmpty ? nil : ports.map(\.words).joined(separator: "; "),
    ].compactMap(\.self).joined(separator: "; ")
  }
}

extension UnusedFlows.IdlePorts {
  /// Of more a part is told; the JSON has all.
  private static let mostRanges = 12

  fileprivate var words: String {
    let told = listed(idle.ranges.map(\.rangeText), limit: Self.mostRanges, noun: "ranges")
    return "no session of \(service) was seen at \(ipProtocol) \(told), in \(counted(looks, "look"))"
  }
}
