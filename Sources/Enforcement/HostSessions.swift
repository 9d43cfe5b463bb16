internal import Addressing
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
  /// - Parameters:
  ///   - before: the rules that let them begin, which say of which flows they are.
  ///   - isCounting: whether they go on.
  /// - Returns: `nil`: the kernel does not let itself be asked.
  package func cut(
    _ table: Table, before: Table?, isCounting: Bool = false, _ hold: Hold
  ) throws(AgentFailure) -> CutReport? {
    try cut(table, before: before, isCounting: isCounting, hold.kernel)
  }

  /// The same, over a conversation.
  func cut(
    _ table: Table, before: Table?, isCounting: Bool, _ kernel: any HostKernel
  ) throws(AgentFailure) -> CutReport? {
    let judge = try judge(of: table, kernel)
    let earlier: SessionJudge? = if let before { try self.judge(of: before, kernel) } else { nil }
    return try sweep(kernel, isCounting: isCounting) { session in
      switch judge.judge(session) {
      case .denied:
        if case .allowed(let flow)? = earlier?.judge(session) { .chosen(of: flow) } else { .chosen(of: nil) }
      case .uncertain: .uncertain
      case .allowed, .exempt: .other
      }
    }
  }

  /// Ends the sessions that are meant.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where nothing is enforced no session is denied, and none is of a flow.
  package func end(_ request: EndSessions) throws(AgentFailure) -> EndedSessions {
    let hold = try hold()
    let judge = try judge(of: try enforced(hold), hold.kernel)
    let isMeant = { (session: TrackedSession) in
      request.peer.map { peer in
        [session.original.source, session.original.destination, session.reply.source].contains(peer)
      } ?? true
    }
    let report = try sweep(hold.kernel, isCounting: false) { session in
      guard isMeant(session) else { return .other }
      switch judge.judge(session) {
      case .denied: return request.flow == nil ? .chosen(of: nil) : .other
      case .allowed(let flow):
        let isOfFlow = request.flow.map { $0 == flow } ?? (request.peer != nil)
        return isOfFlow ? .chosen(of: flow) : .other
      case .uncertain: return request.peer != nil && request.flow == nil ? .chosen(of: nil) : .uncertain
      case .exempt: return .other
      }
    }
    guard let report else { throw Self.untracked }
    return EndedSessions(cut: report)
  }

  /// The sessions of this host and what its rules say of them.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where nothing is enforced there is nothing to say.
  package func sessions() throws(AgentFailure) -> SessionList {
    let hold = try conversation()
    let judge = try judge(of: try enforced(hold), hold.kernel)
    guard let tracked = try tracked(hold.kernel) else { throw Self.untracked }
    var counts: [Ends: Int] = [:]
    var exempt = 0
    for session in tracked.sessions {
      guard let ends = Ends(session, judge) else {
        exempt += 1
        continue
      }
      counts[ends, default: 0] += 1
    }
    let order = SessionList.Group.State.allCases
    let groups = counts.map { $0.group(sessions: $1) }.sorted { one, other in
      let (first, second) = (order.firstIndex(of: one.state) ?? 0, order.firstIndex(of: other.state) ?? 0)
      return (first, other.sessions, one.client, one.server, one.port)
        < (second, one.sessions, other.client, other.server, other.port)
    }
    let told = Array(groups.prefix(SessionList.most))
    let untold = groups.dropFirst(SessionList.most).reduce(tracked.unread) { $0 + $1.sessions }
    return SessionList(groups: told, exempt: exempt, untold: untold)
  }

  private static var untracked: AgentFailure {
    AgentFailure(
      .failed, "the kernel does not let itself be asked for sessions",
      remedy: "load the module nf_conntrack_netlink")
  }

  private func enforced(_ hold: Hold) throws(AgentFailure) -> Table {
    guard let table = try ownTable(hold) else {
      throw AgentFailure(.refused, "nothing is enforced on this host: every session may go on")
    }
    return table
  }

  private func tracked(_ kernel: any HostKernel) throws(AgentFailure) -> Tracked? {
    do throws(NetlinkError) { return try kernel.tracked() } catch { throw AgentFailure(error) }
  }

  /// What is done with a session.
  private enum Choice {
    /// It ends; by the name of the flow that let it begin.
    case chosen(of: String?)
    case uncertain
    case other
  }

  /// Ends sessions until none is found.
  ///
  /// A packet that was judged by the rules from before may still enter its session just behind a sweep: so at least two are
  /// made, 10 ms apart.
  ///
  /// - Returns: `nil`: the kernel does not let itself be asked.
  private func sweep(
    _ kernel: any HostKernel, isCounting: Bool, _ choose: (TrackedSession) -> Choice
  ) throws(AgentFailure) -> CutReport? {
    var counts: [String?: Int] = [:]
    var uncertain = 0
    var isUnfinished = true
    for sweep in 0..<(isCounting ? 1 : Self.mostSweeps) {
      if sweep > 0 { usleep(10_000) }
      guard let tracked = try tracked(kernel) else { return nil }
      uncertain = tracked.unread
      var chosen: [TrackedSession] = []
      for session in tracked.sessions {
        switch choose(session) {
        case .chosen(let flow):
          chosen.append(session)
          counts[flow, default: 0] += 1
        case .uncertain: uncertain += 1
        case .other: break
        }
      }
      isUnfinished = !chosen.isEmpty && !isCounting
      if chosen.isEmpty {
        if sweep > 0 { break }
      } else if !isCounting {
        do throws(NetlinkError) { _ = try kernel.end(chosen) } catch { throw AgentFailure(error) }
      }
    }
    let flows = counts.sorted { ($1.value, $0.key ?? "") < ($0.value, $1.key ?? "") }
    return CutReport(
      isDone: !isCounting, flows: flows.prefix(100).map { CutReport.Flow(flow: $0.key, sessions: $0.value) },
      sessions: counts.values.reduce(0, +), uncertain: uncertain, isUnfinished: isUnfinished)
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

/// What sessions of one group have in common.
private struct Ends: Hashable {
  let way: SessionList.Group.Way
  let ipProtocol: IPProtocol
  let client: Address
  let server: Address
  let port: UInt16
  let led: Address?
  let ledPort: UInt16?
  let state: SessionList.Group.State
  let flow: String?

  init?(_ session: TrackedSession, _ judge: SessionJudge) {
    switch judge.judge(session) {
    case .exempt: return nil
    case .denied: (state, flow) = (.denied, nil)
    case .uncertain: (state, flow) = (.uncertain, nil)
    case .allowed(let name): (state, flow) = (.allowed, name)
    }
    switch judge.hook(of: session) {
    case .input?: way = .in
    case .output?: way = .out
    default: way = .through
    }
    let (original, reply) = (session.original, session.reply)
    (ipProtocol, client, server) = (original.ipProtocol, original.source, original.destination)
    port = original.destinationPort
    led = reply.source == original.destination ? nil : reply.source
    ledPort = reply.sourcePort == original.destinationPort ? nil : reply.sourcePort
  }

  func group(sessions: Int) -> SessionList.Group {
    SessionList.Group(
      way: way, ipProtocol: ipProtocol.rawValue, client: client, server: server, port: port, ledTo: led,
      ledToPort: ledPort, state: state, flow: flow, sessions: sessions)
  }
}
