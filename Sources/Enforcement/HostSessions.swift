package import AgentProtocol
internal import Glibc
internal import Machine
internal import Netlink
package import Nftables
internal import NftablesNetlink
internal import Sessions

extension LocalHost {
  /// Something that opens sessions faster than they are ended, past the rules, is not waited out.
  private static let mostSweeps = 5

  /// Ends every session that a table in force would not let begin, or counts them.
  ///
  /// A packet that was judged by the rules from before may still enter its session just behind a sweep: so at least two are
  /// made, 10 ms apart.
  ///
  /// - Parameters:
  ///   - before: the rules that let them begin, which say of which flows they are.
  ///   - isCounting: whether they go on.
  /// - Returns: `nil`: the kernel does not let itself be asked.
  package func cut(
    _ table: Table, before: Table?, isCounting: Bool = false, _ hold: Hold
  ) throws(AgentFailure) -> CutReport? {
    let judge = try judge(of: table, hold.kernel)
    var earlier: SessionJudge?
    var counts: [String?: Int] = [:]
    var total = 0
    var uncertain = 0
    var isUnfinished = true
    for sweep in 0..<(isCounting ? 1 : Self.mostSweeps) {
      if sweep > 0 { usleep(10_000) }
      let tracked: Tracked?
      do throws(NetlinkError) { tracked = try hold.kernel.tracked() } catch { throw AgentFailure(error) }
      guard let tracked else { return nil }
      uncertain = tracked.unread
      let revoked = tracked.sessions.filter { session in
        switch judge.judge(session) {
        case .denied: return true
        case .uncertain:
          uncertain += 1
          return false
        case .allowed, .exempt: return false
        }
      }
      if revoked.isEmpty {
        isUnfinished = false
        if sweep > 0 { break }
        continue
      }
      if earlier == nil, let before { earlier = try self.judge(of: before, hold.kernel) }
      for session in revoked {
        var flow: String?
        if case .allowed(let name)? = earlier?.judge(session) { flow = name }
        counts[flow, default: 0] += 1
      }
      total += revoked.count
      if isCounting {
        isUnfinished = false
      } else {
        do throws(NetlinkError) { _ = try hold.kernel.end(revoked) } catch { throw AgentFailure(error) }
        isUnfinished = true
      }
    }
    let flows = counts.sorted { ($1.value, $0.key ?? "") < ($0.value, $1.key ?? "") }
    return CutReport(
      isDone: !isCounting, flows: flows.prefix(100).map { CutReport.Flow(flow: $0.key, sessions: $0.value) },
      sessions: total, uncertain: uncertain, isUnfinished: isUnfinished)
  }

  private func judge(of table: Table, _ kernel: any HostKernel) throws(AgentFailure) -> SessionJudge {
    let sockets: [TCPSocket]?
    do throws(ReadError) { sockets = try kernel.sockets() } catch { throw AgentFailure(error) }
    return SessionJudge(
      table, own: Set(Interfaces.addresses()),
      listeners: (sockets ?? []).filter { $0.state == .listening }.map(\.local),
      exits: Routes.exits().map { ($0.link, $0.destinations) },
      at: UInt64(clamping: time(nil)) * 1_000_000_000)
  }
}
