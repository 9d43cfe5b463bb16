internal import Diagnostics
internal import Inventory
internal import InventoryFiles
internal import Policy
internal import Signing

/// What is said of an index beside its hosts.
package struct IndexTerms: Sendable {
  /// `nil`: the seconds since 1970 at which it is made. They grow without anybody who counts, whoever makes it and wherever.
  package let revision: Int64?
  /// For how long hosts take it, in seconds.
  package let seconds: Int64

  package init(revision: Int64? = nil, seconds: Int64 = ChangeIndex.usualTime) {
    self.revision = revision
    self.seconds = seconds
  }

  /// - Parameter loaded: whose guards were judged; `nil`: compiled rulesets.
  func index(
    _ loaded: LoadedPolicy?, path: String?, way: ChangeIndex.Way? = nil, hosts: [ChangeIndex.Host],
    at now: Timestamp = .current()
  ) async -> ChangeIndex {
    let policy = loaded?.policy
    return ChangeIndex(
      revision: revision ?? now.seconds, made: now.seconds, notAfter: now.seconds + seconds,
      inventory: loaded?.digest, git: await loaded?.commit(path),
      guards: policy.map { policy in
        policy.guards.map { .init(name: $0.name, statement: $0.statement.text(in: policy), why: $0.why) }
      } ?? [], way: way, hosts: hosts)
  }
}

extension LoadedPolicy {
  /// The commit that holds the inventory exactly as it is.
  fileprivate func commit(_ path: String?) async -> String? {
    guard let path, let head = await Inventory.head(),
      let committed = try? await LoadedPolicy(path, at: head), committed.digest == digest
    else { return nil }
    return head
  }
}

extension GuardStatement {
  /// As the inventory says it.
  func text(in policy: Policy) -> String {
    func words(_ parts: [(String, String?)]) -> String {
      parts.compactMap { key, value in value.map { "\(key) \($0)" } }.joined(separator: " ")
    }
    func name(_ peers: PeersID?) -> String? { peers.map { policy[$0].name } }
    func name(_ service: ServiceID?) -> String? { service.map { policy[$0].name } }
    switch self {
    case .never(let from, let to, let service, let hops):
      let parts = [("from", name(from)), ("to", name(to)), ("service", name(service))]
      return "never " + words(parts) + " within \(hops == 1 ? "1 hop" : "\(hops) hops")"
    case .only(let from, let to, let service):
      return "only " + words([("from", name(from)), ("to", name(to)), ("service", name(service))])
    case .expect(let from, let to, let service, let allowed):
      let parts = [("from", name(from)), ("to", name(to)), ("service", name(service))]
      return "expect " + words(parts) + (allowed ? " allowed" : " denied")
    case .isolated(let peers): return "isolated \(policy[peers].name)"
    case .through(let from, let to, let via):
      return "through " + words([("from", name(from)), ("to", name(to)), ("via", name(via))])
    }
  }
}
