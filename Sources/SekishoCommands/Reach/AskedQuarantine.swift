internal import Addressing
internal import AgentProtocol
internal import Operations
internal import Policy
internal import Reachability

/// Whom hosts say they refuse, as far as it takes a way from an intruder.
struct AskedQuarantine {
  let refused: [RefusedHost]
  private let policy: Policy
  private let asked: Int
  private let unheard: [HostReply<HostStatus>]

  init(_ targets: Targets, _ policy: Policy, _ console: Console) async {
    let replies = await HostReply.asking(targets, watch: WaitingLine(console)) { target in
      try await Status().asked(of: target)
    }
    let owners = policy.owners
    var refusers: [HostID: [HostID]] = [:]
    for reply in replies {
      guard case .success(let status) = reply.result, let host = policy.host(named: reply.host),
        let quarantine = status.quarantine, status.refuses
      else { continue }
      let refused = Set(quarantine.filter(\.isInForce).map(\.address))
      let owners = Set(quarantine.compactMap { owners[$0.address] })
      // One address that is not refused is a way to all the others.
      for owner in owners where owner != host && refused.isSuperset(of: policy[owner].addresses) {
        refusers[owner, default: []].append(host)
      }
    }
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
    if refused.isEmpty {
      return [
        "Nobody is in quarantine on \(counted(asked, "host")) that \(asked == 1 ? "was" : "were") asked."
      ]
    }
    return refused.map { host in
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
  }

  private struct Told: Encodable {
    let host: String
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
