internal import Addressing
package import AgentProtocol
internal import Artifacts
internal import Digest
internal import Nftables
package import Signing

/// A saved diff against what there is now: an index of what was shown of each host that was looked at.
///
/// It holds digests, no rulesets: what is applied is compiled again and has to be the same. The same signature covers it as a bundle.
package struct SavedPlan {
  package let index: ChangeIndex
  /// As it lies on the disk; `nil`: it lies on none.
  private let file: IndexFile?

  /// - Throws: ``Artifacts/OutputFailure``.
  package init(reading path: String) throws {
    let file = try IndexFile(reading: path)
    guard file.index.way != nil else {
      throw Misuse("\(path) is a bundle: hosts pull it (sekisho pull), and nothing was shown of them")
    }
    self.file = file
    index = file.index
  }

  /// What was found on hosts.
  ///
  /// - Parameter path: of the inventory.
  package init(of running: RunningHosts, options: TargetRequest, inventory path: String?) async throws {
    let way: ChangeIndex.Way = options.isLab ? .lab : options.isLocal || options.host == nil ? .local : .ssh
    let hosts = try zip(running.targets.hosts, running.answers).map {
      try ChangeIndex.Host($0, try $1.get().seen)
    }
    file = nil
    index = await IndexTerms().index(running.targets.inventory, path: path, way: way, hosts: hosts)
  }

  /// The hosts of the plan, reached as they were.
  package func targets(_ options: TargetRequest) -> TargetRequest {
    var result = options
    result.isLocal = index.way == .local
    result.isLab = index.way == .lab
    result.host = index.hosts.map(\.name).joined(separator: ", ")
    return result
  }

  /// Whether anybody has signed it.
  package var isSigned: Bool { file?.signatures != nil }

  /// The same, each with what it is to accept the change by, where anybody has signed it.
  package func signing(_ targets: Targets) -> Targets {
    guard let file, let signatures = file.signatures else { return targets }
    let hosts = targets.hosts.map { target in
      var signed = target
      signed.signed = SignedIndex(host: target.name, index: file.bytes, signatures: signatures)
      return signed
    }
    return Targets(
      hosts: hosts, all: targets.all, inventory: targets.inventory, remarks: targets.remarks,
      isLab: targets.isLab)
  }

  /// - Throws: ``PlanMoved`` where something is not what was shown.
  package func requireSame(_ targets: Targets) throws {
    if index.inventory != targets.inventory?.digest {
      throw PlanMoved(
        hosts: [],
        reason: index.inventory == nil
          ? "the plan is of compiled rulesets: give --from with the directory"
          : "the inventory is not what it was when the plan was made; nothing was applied; diff again")
    }
    let moved = try targets.hosts.filter { target in
      try index.host(target.name)?.ruleset != target.wanted.digest
    }
    try refuse(moved.map { ($0.name, "the ruleset that is compiled is not the one that was shown") })
  }

  /// - Throws: ``PlanMoved`` where hosts are not what was shown.
  package func requireSame(_ running: RunningHosts) throws {
    var moved: [(String, String)] = []
    for (target, answer) in zip(running.targets.hosts, running.answers) {
      let seen = try answer.get().seen
      guard let shown = index.host(target.name)?.shown else { continue }
      guard let difference = seen.differences(from: shown.seen).first else { continue }
      moved.append(
        (target.name, "the running ruleset is not what it was when the plan was made: \(difference)"))
    }
    try refuse(moved)
  }

  private func refuse(_ hosts: [(name: String, reason: String)]) throws {
    if hosts.isEmpty { return }
    throw PlanMoved(
      hosts: hosts.map { ($0, AgentFailure(.moved, $1)) }, reason: "nothing was applied; diff again")
  }
}

/// Something is not what was shown when a plan was made.
package struct PlanMoved: Error {
  /// Hosts of which it is known, and what.
  package let hosts: [(host: String, error: AgentFailure)]
  package let reason: String
}

extension ChangeIndex.Host {
  fileprivate init(_ target: Target, _ seen: Seen) throws {
    self.init(
      name: target.name, ruleset: try target.wanted.digest,
      addresses: target.identity.addresses.map(\.description),
      shown: .init(place: seen.moment.place, running: seen.own, others: seen.others))
  }
}

extension ChangeIndex.Shown {
  /// At no generation: what counts is the content.
  fileprivate var seen: Seen {
    Seen(moment: RulesetMoment(place: place, generation: 0), own: running, others: others)
  }
}

extension Table {
  /// SHA-256 of the table as JSON, as the books of a host have it.
  var digest: String {
    get throws { SHA256.hex(try fileJSON()) }
  }
}
