internal import Addressing
internal import AgentProtocol
internal import Diagnostics
internal import Operations
internal import Policy
internal import Reachability

/// Whom hosts say they refuse, as far as it takes a way from an intruder.
struct AskedQuarantine {
  let refused: [RefusedHost]
  /// Addresses that are refused and take no host out of the ways, by whom.
  private let others: [Address: [HostID]]
  private let policy: Policy
  private let asked: Int
  private let unheard: [HostReply<HostStatus>]

  init(_ targets: Targets, _ policy: Policy, _ console: Console) async {
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      try await Status().asked(of: target)
    }
    let owners = policy.owners
    var refusers: [HostID: [HostID]] = [:]
    var others: [Address: [HostID]] = [:]
    for reply in replies {
      guard case .success(let status) = reply.result, let host = policy.host(named: reply.host),
        let quarantine = status.quarantine, status.refuses
      else { continue }
      let refused = Set(quarantine.filter(\.isInForce).map(\.address))
      // One address that is not refused is a way to all the others.
      for address in refused.sorted() {
        guard let owner = owners[address], owner != host, refused.isSuperset(of: policy[owner].addresses)
        else {
          others[address, default: []].append(host)
          continue
        }
        if refusers[owner]?.last != host { refusers[owner, default: []].append(host) }
      }
    }
    self.others = others
    refused = refusers.sorted { $0.key < $1.key }.map { RefusedHost($0.key, by: $0.value.sorted()) }
    self.policy = policy
    asked = replies.count
    unheard = replies.filter { reply in
      guard case .success(let status) = reply.result else { return true }
      return status.quarantineUnknown != nil
    }
  }

  /// An answer with who is in quarantine ahead of it, and behind it who did not say.
  func added(to answer: Answer) -> Answer {
    var answer = answer
    answer.parts = sentences.map { .chapter(.sentence($0)) } + answer.parts + failures
    if case .document(let document) = answer.data {
      answer.data = .document(File(document: document, quarantine: told))
    }
    if !unheard.isEmpty { answer.exitCode = .failed }
    return answer
  }

  private var sentences: [Words] {
    if refused.isEmpty, others.isEmpty {
      return [
        "Nobody is in quarantine on \(counted(asked, "host")) that \(asked == 1 ? "was" : "were") asked."
      ]
    }
    let uncounted = others.sorted { $0.key < $1.key }.map { address, hosts in
      let owner = policy.owners[address].map { " (one address of \(policy[$0].name))" } ?? ""
      let names = listed(hosts.sorted().map { policy[$0].name }, limit: 3)
      return Words(
        "\(address)\(owner) is in quarantine at \(names); the ways below are told as if it were not: explain says what is refused."
      )
    }
    return uncounted
      + refused.map { host in
        let others = policy.hosts.count - 1
        let count = host.by.count
        let rest =
          count == others
          ? "all other hosts refuse it"
          : "\(count) of \(others) other hosts \(count == 1 ? "refuses" : "refuse") it"
        return Words("\(policy[host.refused].name) is in quarantine: \(rest).")
      }
  }

  private var failures: [Answer.Part] {
    unheard.map { reply in
      switch reply.result {
      case .success(let status): .failure(status.quarantineUnknown ?? "", of: reply.host)
      case .failure(let error): .failure("\(error)", of: reply.host)
      }
    }
  }

  private var told: [Told] {
    refused.map { Told(host: policy[$0.refused].name, refusedBy: $0.by.map { policy[$0].name }) }
      + others.sorted { $0.key < $1.key }.map { address, hosts in
        Told(address: "\(address)", refusedBy: hosts.sorted().map { policy[$0].name })
      }
  }

  private struct Told: Encodable {
    var host: String?
    var address: String?
    let refusedBy: [String]
  }

  /// The document of an answer, with one key more.
  private struct File: Encodable {
    let document: any Encodable
    let quarantine: [Told]

    private enum CodingKeys: CodingKey { case quarantine }

    func encode(to encoder: any Encoder) throws {
      try document.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(quarantine, forKey: .quarantine)
    }
  }
}

extension HostStatus {
  /// Whether rules ask, of what comes and of what goes, whom the host is to refuse: none do in a direction that is left alone, in
  /// a table that is switched off, or where they are not what was compiled.
  fileprivate var refuses: Bool {
    guard let table, !table.isDormant, stop == nil else { return false }
    return [DirectionStatus.Direction.input, .output].allSatisfy { hook in
      table.directions.contains { $0.hook == hook && $0.mode.isRecorded }
    }
  }
}
