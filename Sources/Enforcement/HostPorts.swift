internal import Addressing
package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
package import RulesetShape
internal import Sessions

extension LocalHost {
  /// Of more sessions none is looked at: the list takes some hundred bytes of memory for each.
  private static let mostLookedAt = 250_000

  /// At which ports of services that have several the kernel tracks sessions that flows let begin, those that are over and not
  /// forgotten among them.
  ///
  /// Where no flow has such a service the kernel is not asked for its sessions.
  ///
  /// - Returns: every such flow; `nil`: the kernel does not let itself be asked, or tracks too many.
  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func seenPorts() throws(AgentFailure) -> [FlowPorts]? {
    let hold = try conversation()
    guard let table = try ownTable(hold)?.withoutTrial else { return [] }
    let flows = table.flowPorts
    if flows.isEmpty { return [] }
    do throws(ReadError) {
      if let count = try hold.kernel.sessionCount()?.count, count > Self.mostLookedAt { return nil }
    } catch { throw AgentFailure(error) }
    guard let tracked = try tracked(hold.kernel) else { return nil }
    var meant: [IPProtocol: PortSet] = [:]
    for (ipProtocol, ports) in flows.values.joined().flatMap(\.allowed) {
      meant[ipProtocol] = meant[ipProtocol]?.union(ports) ?? ports
    }
    let judge = try judge(of: table, hold.kernel)
    // A client begins the same session again and again.
    var known: Set<TrackedSession.Tuple> = []
    var seen: [ChainName: [String: [IPProtocol: Set<UInt16>]]] = [:]
    for session in tracked.sessions {
      let (original, reply) = (session.original, session.reply)
      guard let ports = meant[original.ipProtocol], ports.contains(original.destinationPort) else { continue }
      let kind = TrackedSession.Tuple(
        from: original.source, to: reply.source, original.ipProtocol, sourcePort: reply.sourcePort,
        destinationPort: original.destinationPort)
      guard known.insert(kind).inserted, let rule = judge.rule(of: session), let flow = rule.flow else {
        continue
      }
      seen[rule.chain, default: [:]][flow, default: [:]][original.ipProtocol, default: []].insert(
        original.destinationPort)
    }
    return flows.flatMap { chain, own in
      own.map { one in
        var one = one
        one.seen = seen[chain]?[one.flow] ?? [:]
        return one
      }
    }
  }
}
