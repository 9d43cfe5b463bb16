package import AgentProtocol
internal import Netlink
package import Nftables
internal import NftablesNetlink
package import RulesetShape
internal import Sessions

/// What the rules of flows have counted, at one moment.
package struct FlowCounts: Hashable, Sendable {
  /// What the kernel calls the table; `nil`: it does not say.
  package let table: UInt64?
  package let rules: [CountedFlow]
  /// Directions without rules.
  package let leftAlone: [DirectionStatus.Direction]

  package init(table: UInt64?, rules: [CountedFlow], leftAlone: [DirectionStatus.Direction] = []) {
    self.leftAlone = leftAlone
    self.table = table
    self.rules = rules
  }
}

extension LocalHost {
  /// What the rules of flows have counted.
  ///
  /// Rules are listed, and sets only where they may have changed since the table was read last.
  ///
  /// - Parameter made: the table as it was just made, and the generation that made it; `nil`: nobody has made it just before.
  /// - Throws: ``AgentProtocol/AgentFailure``; `refused` where nothing is enforced, so that nothing is counted.
  package func flowCounts(
    behind made: (table: Table, generation: UInt32)? = nil
  ) throws(AgentFailure) -> FlowCounts {
    let kernel = try openKernel()
    var pause = Backoff()
    do throws(ReadError) {
      let counts = try pause.reading { () throws(ReadError) -> FlowCounts? in
        var known = made
        if made == nil, let last = try lastKnown(kernel) { known = (last.table, last.generation) }
        let found = try kernel.table(family, name, knowing: known.map { ($0.table.sets, $0.generation) })
        guard let found else { return nil }
        // What was made need not be all that its sets have.
        if made == nil, known?.generation != found.generation {
          note(FoundTable(own: found, generation: found.generation))
        }
        return FlowCounts(
          table: found.handle, rules: found.countedFlows,
          leftAlone: Side.allCases.filter { found.table.leavesAlone($0) }.map { .init($0) })
      }
      if let counts { return counts }
    } catch { throw AgentFailure(error) }
    throw AgentFailure(.refused, "nothing is enforced on this host: nothing is counted")
  }

  private func lastKnown(_ kernel: any HostKernel) throws(ReadError) -> InstalledTable? {
    let generation = try kernel.generation()
    guard let moment = try? moment(generation) else { return nil }
    return lastRead.found(at: moment)?.own
  }

  /// How many sessions go on that flows let begin, by flow and direction; `nil`: the kernel does not let itself be asked.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where nothing is enforced none is of a flow.
  package func liveSessions() throws(AgentFailure) -> [UsageList.Live]? {
    let hold = try conversation()
    guard let table = try ownTable(hold) else {
      throw AgentFailure(.refused, "nothing is enforced on this host: every session may go on")
    }
    let judge = try judge(of: table, hold.kernel)
    guard let tracked = try tracked(hold.kernel) else { return nil }
    var counts: [DirectionStatus.Direction: [String: Int]] = [:]
    for session in tracked.sessions where !session.isOver {
      guard case .allowed(let flow?) = judge.judge(session), let hook = judge.hook(of: session),
        let side = Side(hook)
      else { continue }
      counts[DirectionStatus.Direction(side), default: [:]][flow, default: 0] += 1
    }
    let live = counts.flatMap { hook, flows in
      flows.map { UsageList.Live(flow: $0, hook: hook, sessions: $1) }
    }
    return Array(
      live.sorted { ($0.flow, $0.hook.rawValue) < ($1.flow, $1.hook.rawValue) }.prefix(UsageList.most))
  }
}
