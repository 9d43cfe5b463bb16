internal import Diagnostics
internal import Evidence
internal import Policy

/// The list of allowed connections as an answer.
struct ListReport {
  private let list: AllowedList
  private let policy: Policy
  private let sources: Sources

  init(_ list: AllowedList, _ policy: Policy, _ sources: Sources) {
    self.list = list
    self.policy = policy
    self.sources = sources
  }

  var answer: Answer {
    let entries = list.lines.map { line in
      var below: [Entry] = []
      let about = [
        line.why, line.owner.map { "owner \($0)" }, line.ticket.map { "ticket \($0)" },
        line.until.map { "until \($0)" },
      ]
      below.append(Entry(nil, Words(about.compactMap { $0 }.joined(separator: "; "), .faint)))
      let ends = (Self.end(line.from), Self.end(line.to))
      let service = line.service == line.ports ? line.service : "\(line.service) (\(line.ports))"
      return Entry(nil, ends: ends, Words(service), note: line.flow, below: below)
    }
    var answer = Answer(
      parts: entries.isEmpty
        ? [.chapter(.sentence("Nothing of the kind is allowed."))]
        : [.chapter(Chapter(.connections, Words(""), entries))])
    answer.data = .document(ListFile(list, policy, sources))
    return answer
  }

  private static func end(_ end: AllowedEnd) -> String {
    end.hosts > 1 ? "\(end.name) (\(end.hosts))" : end.name
  }

  /// What a list leaves out, by name.
  static func remarks(_ list: AllowedList, _ policy: Policy) -> [Answer.Part] {
    var parts: [Answer.Part] = []
    if !list.ended.isEmpty {
      parts.append(
        .remark(
          "\(counted(list.ended.count, "flow has", "flows have")) ended and \(list.ended.count == 1 ? "allows" : "allow") nothing: \(list.ended.joined(separator: ", "))"
        ))
    }
    if !list.unenforced.isEmpty {
      let names = PeerNames(policy).name(list.unenforced)
      parts.append(
        .remark(
          "\(counted(list.unenforced.count, "host")) \(list.unenforced.count == 1 ? "denies" : "deny") nothing in some direction, and what is in no line passes there too: \(names)"
        ))
    }
    if !list.together.isEmpty {
      let pairs = list.together.map { $0.map { policy[$0].name }.joined(separator: " with ") }
      parts.append(
        .remark(
          "networks have addresses of hosts, so that flows allow together what is in no line (sekisho reach tells): \(pairs.joined(separator: ", "))"
        ))
    }
    return parts
  }
}

/// The list for programs.
private struct ListFile: Encodable {
  struct End: Encodable {
    let name: String
    let hosts: Int

    init(_ end: AllowedEnd) { (name, hosts) = (end.name, end.hosts) }
  }

  struct Line: Encodable {
    let from: End
    let to: End
    let service: String
    let ports: String
    let flow: String
    let why: String
    let owner: String?
    let ticket: String?
    let until: String?
    let at: String
  }

  let lines: [Line]
  let ended: [String]
  let unenforced: [String]
  let together: [[String]]

  init(_ list: AllowedList, _ policy: Policy, _ sources: Sources) {
    lines = list.lines.map { line in
      Line(
        from: End(line.from), to: End(line.to), service: line.service, ports: line.ports, flow: line.flow,
        why: line.why, owner: line.owner, ticket: line.ticket, until: line.until?.description,
        at: sources.shownLine(line.place))
    }
    ended = list.ended
    unenforced = list.unenforced.map { policy[$0].name }
    together = list.together.map { $0.map { policy[$0].name } }
  }
}
