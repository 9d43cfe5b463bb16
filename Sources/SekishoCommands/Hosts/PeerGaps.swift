internal import Addressing
internal import AgentProtocol
internal import Diagnostics

/// What is seen of hosts at a moment and no flow can be made of, in words.
enum PeerGaps {
  private static let mostLines = 5

  static func words(_ hosts: [(host: String, list: PeerList)]) -> [String] {
    func sum(_ count: (PeerList) -> Int) -> Int { hosts.reduce(0) { $0 + count($1.list) } }
    var words: [String] = []
    let others = [
      (sum(\.own), "of hosts with themselves"), (sum(\.linkLocal), "over addresses of a link"),
      (sum(\.groups), "to groups of hosts"),
    ].filter { $0.0 > 0 }
    if !others.isEmpty {
      let parts = others.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      words.append("\(counted(others.reduce(0) { $0 + $1.0 }, "session")) not looked at: \(parts)")
    }
    let unanswered = sum(\.unanswered)
    if unanswered > 0 { words.append("\(counted(unanswered, "attempt")) left out that nobody answered") }
    let uncertain = sum(\.uncertain)
    if uncertain > 0 {
      words.append("\(counted(uncertain, "session")) left out of which no end tells who began")
    }
    let untold = sum(\.untold)
    if untold > 0 { words.append("\(counted(untold, "further peer")) not told, or not read") }
    let untracked = hosts.filter { !$0.list.isTracked }.map(\.host).sorted()
    if !untracked.isEmpty {
      words.append(
        "sockets alone tell of hosts on which the kernel tracks nothing, not what passes through them, and nothing of UDP that is not connected: \(listed(untracked, limit: 20))"
      )
    }
    return words + waiting(hosts)
  }

  /// Ports at which nobody is seen.
  private static func waiting(_ hosts: [(host: String, list: PeerList)]) -> [String] {
    let some = hosts.filter { !$0.list.waiting.isEmpty }.sorted { $0.host < $1.host }
    if some.isEmpty { return [] }
    var lines = some.prefix(mostLines).map {
      "  \($0.host)  \(listed($0.list.waiting.map(\.text), limit: 20))"
    }
    if some.count > mostLines { lines.append("  and \(some.count - mostLines) more; --json has all") }
    return ["unknown is who speaks with ports at which a host waits and nobody is seen:"] + lines
  }
}

extension PeerList.Waiting {
  /// `udp/53`.
  fileprivate var text: String { "\(IPProtocol(rawValue: ipProtocol))/\(port)" }
}

/// What is seen of a host besides its peers, for programs.
struct PeersJSON: Encodable {
  let host: String
  /// Whether the kernel tracks connections, so that more is known than what sockets tell.
  let tracked: Bool
  /// Sessions of the host with itself, over addresses of a link, and to groups of hosts.
  let own: Int
  let linkLocal: Int
  let groups: Int
  /// Attempts that nobody has answered.
  let unanswered: Int
  /// Sessions of which no end tells who began.
  let uncertain: Int
  /// Peers that were not told, or not read.
  let untold: Int
  /// Ports at which the host waits and nobody is seen.
  let waiting: [String]

  init(host: String, _ list: PeerList) {
    self.host = host
    (tracked, own, linkLocal, groups) = (list.isTracked, list.own, list.linkLocal, list.groups)
    (unanswered, uncertain, untold) = (list.unanswered, list.uncertain, list.untold)
    waiting = list.waiting.map(\.text)
  }
}
