internal import AgentProtocol
internal import ArgumentParser
internal import Operations

/// Hosts that are to have again what they had, judged together before any of them has it.
struct GoingBack: Sendable {
  private let read: [String: Result<EarlierRuleset?, any Error>]
  private let seen: [String: Result<Seen, any Error>]

  /// - Parameter reading: asks a host for what it had; `nil`: it had nothing, and no login can be lost by that.
  /// - Throws: what ``LockoutOptions`` throws.
  init(
    of named: Targets, _ lockout: LockoutOptions, _ console: Console,
    reading: @escaping @Sendable (Target) async throws -> EarlierRuleset?
  ) async throws {
    let replies = await HostReply.asking(each: named, watch: WaitingLine(console), reading)
    let targets = Targets(
      hosts: replies.compactMap { (try? $0.result.get())?.target }, all: named.all,
      inventory: named.inventory, isLab: named.isLab)
    let change = try await FleetChange(of: targets, watch: WaitingLine(console))
    try lockout.require(change, of: named)
    read = Dictionary(replies.map { ($0.host, $0.result) }, uniquingKeysWith: { first, _ in first })
    seen = Dictionary(
      zip(targets.hosts, change.running.answers).map { ($0.name, $1.map(\.seen)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// What was judged of a host; without a revision, that it goes back to none.
  ///
  /// - Throws: why it was not judged. Such a host is left as it is.
  func judged(_ target: Target) throws -> (revision: Int?, seen: Seen?) {
    guard let answer = read[target.name] else { throw Refusal(.failed, "\(target.name) was not asked") }
    guard let earlier = try answer.get() else { return (nil, nil) }
    guard let seen = seen[target.name] else { throw Refusal(.failed, "\(target.name) was not looked at") }
    return (earlier.revision, try seen.get())
  }
}
