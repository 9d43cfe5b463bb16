internal import AgentProtocol
internal import Diagnostics
internal import FlowProposal
internal import InventoryText
internal import Policy
internal import Records

/// A proposal of flows as an answer.
struct SuggestReport {
  let now: Timestamp
  let evidence: FlowProposal.Evidence
  private var asked: Set<String> = []
  /// Directions that enforce, and records of them.
  private var passedOver = (directions: 0, records: 0)
  /// Hosts of which nobody knows whether they denied what came first before anybody watched.
  private var unwatched: Set<String> = []
  /// Records that are of probes alone.
  private var ofProbes = 0
  private var remarks: [String] = []
  private var failures: [(host: String, failure: any Error)] = []

  private var peers: [(host: String, list: PeerList)] = []

  init(_ evidence: FlowProposal.Evidence, now: Timestamp) {
    self.evidence = evidence
    self.now = now
  }

  /// Who speaks with a host at the moment.
  mutating func add(_ list: PeerList, at host: String) {
    asked.insert(host)
    peers.append((host, list))
  }

  /// What a host has told, whichever directions of it are asked for.
  mutating func add(_ list: RecordList, at host: String) {
    remarks += RecordGaps.words(of: list.loss, at: host)
    remarks += SilentDirections(list.directions.map { ($0.hook, $0.mode) })
      .words(of: host, .observe, isMeant: true)
  }

  mutating func add(asked direction: RecordList.Direction, at host: String) {
    asked.insert(host)
    let watched = direction.watched ?? -1
    if direction.mode == .observe, direction.inMode == nil,
      direction.entries.contains(where: { $0.firstAge.map { $0 > watched } ?? true })
    {
      unwatched.insert(host)
    }
    remarks += RecordGaps.words(of: direction, at: host)
  }

  mutating func add(passedOver direction: RecordList.Direction, at host: String) {
    guard direction.mode.isRecorded else { return }
    passedOver.directions += 1
    passedOver.records += direction.entries.count
  }

  mutating func add(ofProbes count: Int) { ofProbes += count }

  mutating func add(_ failure: any Error, at host: String) { failures.append((host, failure)) }

  func answer(_ proposal: FlowProposal) -> Answer {
    var answer = Answer()
    var header = ["Proposed at \(now). \(coverage(proposal))"]
    if !failures.isEmpty {
      header.append("Without hosts that could not be asked: \(listed(failures.map(\.host), limit: 20))")
    }
    let text = proposal.file(header: header, of: evidence, now: now).text
    if !proposal.flows.isEmpty { answer.parts.append(.verbatim(Array(text.utf8))) }
    answer.parts.append(.summary(coverage(proposal)))
    for (reason, left) in Self.inOrder(proposal.left) {
      answer.parts.append(.remark("left: \(reason.words(left))"))
      for line in Self.lines(left) { answer.parts.append(.remark("  \(line)")) }
    }
    if !unwatched.isEmpty {
      answer.parts.append(
        .remark(
          "what was denied before it was observed may be among it, since no `sekisho watch` ran then: \(listed(unwatched.sorted()))"
        ))
    }
    for remark in remarks + PeerGaps.words(peers) { answer.parts.append(.remark(remark)) }
    if let remark = ProbeTraces.remark(ofProbes) { answer.parts.append(remark) }
    if passedOver.records > 0 {
      answer.parts.append(
        .remark(
          "\(counted(passedOver.records, "record")) of what was denied not looked at: --denied proposes that, too"
        ))
    }
    if !proposal.flows.isEmpty {
      answer.parts.append(
        .remark("write the `why` of each flow; until then `sekisho check` refuses the file"))
    }
    for (host, failure) in failures {
      answer.parts.append(.failure("\(failure)", of: host))
      answer.exitCode = .failed
    }
    answer.data = .document(
      File(
        proposal, evidence, text: text, hosts: asked.sorted(), peers: peers, failures: failures))
    return answer
  }

  private func coverage(_ proposal: FlowProposal) -> String {
    let hosts = counted(asked.count, "host")
    let (nothing, what, each) =
      switch evidence {
      case .records: ("\(hosts) recorded nothing that is not allowed", "\(hosts) recorded", "records")
      case .sessions:
        ("nothing is seen on \(hosts) that is not allowed", "is seen on \(hosts)", "peers and ports")
      }
    if asked.isEmpty, evidence == .records {
      return "nothing was looked at: no direction only observes"
        + (failures.isEmpty ? "" : ", of hosts that could be asked")
    }
    guard proposal.records > 0 else { return nothing }
    let flows = "\(counted(proposal.flows.count, "flow")) \(proposal.flows.count == 1 ? "covers" : "cover")"
    let share = Self.percent(proposal.covered, of: proposal.records)
    return "\(flows) \(share) of what \(what): \(proposal.covered) of \(proposal.records) \(each)"
  }

  /// Rounded down, so that whatever is left is never nothing.
  private static func percent(_ part: Int, of whole: Int) -> String {
    let tenths = part * 1000 / whole
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }

  // MARK: - What is left

  /// What has no reason of its own comes together, the most of it first.
  private static func inOrder(
    _ left: [FlowProposal.Left]
  ) -> [(FlowProposal.Reason, [FlowProposal.Left])] {
    Dictionary(grouping: left, by: \.reason).map { ($0.key, $0.value) }.sorted { a, b in
      a.1.count != b.1.count ? a.1.count > b.1.count : a.0.words(a.1) < b.0.words(b.1)
    }
  }

  private static let mostLines = 5

  /// Who wanted what, a line a pair of ends.
  private static func lines(_ left: [FlowProposal.Left]) -> [String] {
    let pairs = Dictionary(grouping: left) { "\($0.source) → \($0.destination)" }
    var lines = pairs.sorted { $0.key < $1.key }.prefix(mostLines).map { pair, some in
      let services = Set(some.map(\.service)).sorted()
      return "\(pair)  \(listed(services))"
    }
    if pairs.count > mostLines { lines.append("and \(pairs.count - mostLines) more; --json has all") }
    return lines
  }

  // MARK: - JSON

  private struct File: Encodable {
    struct Flow: Encodable {
      let name: String
      let from: [String]
      let to: [String]
      let services: [String]
      /// Pairs of ends, each for each port or protocol, and how many of them were seen.
      let pairs: Int
      let seen: Int
      /// How many addresses of each network were seen, which is one end.
      let networks: [Network]
      /// How many ports were seen of the range for data of FTP, which is one; nothing where the flow is not about it.
      let passivePorts: Int?
      /// Nothing where sessions were looked at, and the reverse.
      let packets: UInt64?
      let sessions: UInt64?
      /// Seconds since the last packet.
      let lastSeen: Int?
      let remarks: [String]
    }

    struct Network: Encodable {
      let name: String
      let seen: Int
    }

    struct Left: Encodable {
      let source: String
      let destination: String
      let service: String
      let packets: UInt64?
      let sessions: UInt64?
      let reason: String
      let why: String
    }

    struct Host: Encodable {
      let host: String
      let error: FailureJSON
    }

    let hosts: [String]
    /// Records of what nothing allows, and how many of them the flows do.
    let records: Int
    let covered: Int
    let flows: [Flow]
    /// Terms of services that the inventory lacks, by name.
    let services: [String: [String]]
    let left: [Left]
    /// The flows as a file of the inventory.
    let inventory: String
    /// What is seen of each host besides; nothing where records were looked at.
    let peers: [PeersJSON]?
    let failures: [Host]

    init(
      _ proposal: FlowProposal, _ evidence: FlowProposal.Evidence, text: String, hosts: [String],
      peers: [(host: String, list: PeerList)], failures: [(host: String, failure: any Error)]
    ) {
      let isRecorded = evidence == .records
      self.hosts = hosts
      (records, covered) = (proposal.records, proposal.covered)
      flows = proposal.flows.map {
        Flow(
          name: $0.name, from: $0.from, to: $0.to, services: $0.services, pairs: $0.pairs, seen: $0.seen,
          networks: $0.networks.map { Network(name: $0.name, seen: $0.seen) }, passivePorts: $0.passivePorts,
          packets: isRecorded ? $0.packets : nil, sessions: isRecorded ? nil : $0.packets,
          lastSeen: isRecorded ? $0.age : nil, remarks: $0.remarks)
      }
      services = proposal.services
      left = proposal.left.map {
        Left(
          source: $0.source, destination: $0.destination, service: $0.service,
          packets: isRecorded ? $0.packets : nil, sessions: isRecorded ? nil : $0.packets,
          reason: $0.reason.code, why: $0.reason.words([$0]))
      }
      inventory = text
      self.peers = isRecorded ? nil : peers.map { PeersJSON(host: $0.host, $0.list) }
      self.failures = failures.map { Host(host: $0.host, error: FailureJSON($0.failure)) }
    }
  }
}

extension FlowProposal.Reason {
  /// As a part of a sentence about some of it.
  fileprivate func words(_ left: [FlowProposal.Left]) -> String {
    switch self {
    case .noName: "the inventory has no host and no network for an end"
    case .network(let name):
      "an end is in network \(name), which is more than was seen (--generalise proposes it)"
    case .sameEnd: "both ends are one host or network"
    case .nothing: "no service can be about it: port 0, or a number that is no protocol's"
    case .denied:
      "first seen before the direction only observed, or nobody knows when: it may have been denied (--denied proposes it)"
    case .group: "it goes to a group of hosts, for which a service needs `multicast`"
    case .broadcast: "it goes to everybody on the link, which no flow is about"
    case .message: "no flow opens messages of this kind"
    case .scan: "one source wanted \(RecordLine.fewestOfScan) or more ports of one host, as in a scan"
    case .picked: "ports that a kernel has picked, and will not pick again"
    case .passive: "ports that a server of FTP has picked (--generalise proposes the range)"
    case .cause(let cause): cause.words
    }
  }

  /// For programs.
  fileprivate var code: String {
    switch self {
    case .noName: "no-name"
    case .network: "network"
    case .group: "group"
    case .broadcast: "broadcast"
    case .sameEnd: "same-end"
    case .nothing: "no-service"
    case .denied: "denied"
    case .message: "message"
    case .scan: "scan"
    case .picked: "picked-port"
    case .passive: "passive-ftp"
    case .cause(let cause): cause.code
    }
  }
}
