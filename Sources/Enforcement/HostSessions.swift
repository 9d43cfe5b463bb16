package import Addressing
package import AgentProtocol
internal import Glibc
internal import Machine
internal import Netlink
package import Nftables
internal import NftablesNetlink
internal import RulesetShape
internal import Sessions

extension LocalHost {
  /// Something that opens sessions faster than they are ended, past the rules, is not waited out.
  private static let mostSweeps = 5

  /// Ends every session that the table in force would not let begin, or counts them.
  ///
  /// What fails is in the report: the rules stand by then, and nothing that follows may wait for it.
  ///
  /// - Parameters:
  ///   - wanted: the rules that judge; `nil`: those in force.
  ///   - before: the rules that let them begin, which say of which flows they are.
  ///   - isCounting: whether they go on.
  /// - Returns: `nil`: the kernel does not let itself be asked.
  package func cut(
    deniedBy wanted: Table? = nil, before: Table?, isCounting: Bool, _ hold: Hold
  ) -> CutReport? {
    do throws(AgentFailure) {
      // Without rules everything may begin.
      let inForce: Table? = if let wanted { wanted } else { try ownTable(hold) }
      guard let table = inForce else {
        return CutReport(isDone: !isCounting, flows: [], sessions: 0, uncertain: 0, left: 0)
      }
      let choose = denied(by: table, before: before) { () throws(AgentFailure) in
        try sockets(hold.kernel)
      }
      return isCounting ? try counted(hold.kernel, choose) : try sweep(hold.kernel, choose)
    } catch {
      return CutReport(
        isDone: false, flows: [], sessions: 0, uncertain: 0, left: 0, failure: error.message)
    }
  }

  /// Sessions that a table would not let begin, which all go on.
  ///
  /// - Parameters:
  ///   - before: the rules that are in force.
  ///   - sockets: of the host.
  /// - Returns: `nil`: the kernel does not let itself be asked.
  func revoked(
    by wanted: Table, before: Table, among sockets: [TCPSocket]?, _ kernel: any HostKernel
  ) throws(AgentFailure) -> CutReport? {
    try counted(kernel, denied(by: wanted, before: before) { () throws(AgentFailure) in sockets })
  }

  /// The TCP sockets of this host; `nil`: they cannot be read. To list them the kernel walks all that it could have, so that it is
  /// asked once for whatever needs them at one moment.
  func sockets(_ kernel: any HostKernel) throws(AgentFailure) -> [TCPSocket]? {
    do throws(ReadError) { return try kernel.sockets() } catch { throw AgentFailure(error) }
  }

  /// Ends the sessions that are meant: each that is there now. What the rules allow may come back at once.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where nothing is enforced no session is denied, and none is of a flow.
  package func end(_ request: EndSessions, _ hold: Hold) throws(AgentFailure) -> EndedSessions {
    let judge = try judge(of: try enforced(hold), hold.kernel)
    let choose = { (session: TrackedSession) -> Choice in
      if let peer = request.peer {
        guard session.ends.contains(peer) else { return .other }
      }
      switch judge.judge(session) {
      case .denied: return request.flow == nil ? .chosen(of: nil) : .other
      case .allowed(let flow):
        let isMeant = request.flow.map { $0 == flow } ?? (request.peer != nil)
        return isMeant ? .chosen(of: flow) : .other
      case .uncertain: return request.peer != nil && request.flow == nil ? .chosen(of: nil) : .uncertain
      case .exempt: return .other
      }
    }
    let repeats = request.flow == nil && request.peer == nil
    let report = try sweep(hold.kernel, repeats: repeats) { (_) throws(AgentFailure) in choose }
    guard let report else { throw Self.untracked }
    return EndedSessions(cut: report)
  }

  /// Ends every session that one of some addresses has a part in, until none is found.
  ///
  /// - Parameter before: the rules that let them begin, which say of which flows they are.
  /// - Returns: what became of them, or why it is not known.
  package func end(of addresses: Set<Address>, before: Table, _ hold: Hold) -> CutReport {
    ending(hold) { (tracked) throws(AgentFailure) in
      func isMeant(_ session: TrackedSession) -> Bool { !addresses.isDisjoint(with: session.ends) }
      let meant = tracked.sessions.filter(isMeant)
      // As a rule there are none, and nothing more need be known of the host.
      if meant.isEmpty { return { _ in .other } }
      let listeners = meant.contains(where: \.isPickedUp) ? try sockets(hold.kernel) : []
      let judge = try judging(among: listeners)(before)
      return { session in
        guard isMeant(session) else { return .other }
        return switch judge.judge(session) {
        case .allowed(let flow): .chosen(of: flow)
        case .denied, .uncertain: .chosen(of: nil)
        case .exempt: .other
        }
      }
    }
  }

  /// Ends the sessions that came by some doors and that the rules would not let begin any more.
  ///
  /// - Returns: what became of them, or why it is not known.
  package func end(through doors: [Door], _ hold: Hold) -> CutReport {
    let meant = Set(doors)
    return ending(hold) { (_) throws(AgentFailure) in
      // What a door's time has ended changes no generation: what was read before may have it still.
      guard let table = try own(hold.kernel).own?.table else { return { _ in .other } }
      let judge = try judge(of: table, hold.kernel)
      return { session in
        let original = session.original
        let door: Door
        switch judge.hook(of: session) {
        case .input?: door = Door(.in, [original.source], original.ipProtocol, original.destinationPort)
        case .output?:
          door = Door(.out, [original.destination], original.ipProtocol, original.destinationPort)
        case .forward?:
          door = Door(
            .through, [original.source, original.destination], original.ipProtocol, original.destinationPort)
        default: return .other
        }
        return meant.contains(door) && judge.judge(session) == .denied ? .chosen(of: nil) : .other
      }
    }
  }

  /// Ends sessions behind a change that stays: what fails is in the report.
  private func ending(_ hold: Hold, _ choose: Chooser) -> CutReport {
    do throws(AgentFailure) {
      guard let report = try sweep(hold.kernel, choose) else { throw Self.untracked }
      return report
    } catch {
      return CutReport(isDone: false, flows: [], sessions: 0, uncertain: 0, left: 0, failure: error.message)
    }
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
      guard !session.isOver, let ends = Ends(session, judge) else {
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

  func tracked(_ kernel: any HostKernel) throws(AgentFailure) -> Tracked? {
    do throws(NetlinkError) { return try kernel.tracked() } catch { throw AgentFailure(error) }
  }

  /// What is done with a session.
  private enum Choice {
    /// It ends; by the name of the flow that let it begin.
    case chosen(of: String?)
    case uncertain
    case other
  }

  /// What is done with each of some sessions.
  private typealias Chooser = (Tracked) throws(AgentFailure) -> (TrackedSession) -> Choice

  /// Chooses the sessions that a table would not let begin.
  ///
  /// - Parameter sockets: those of the host; asked for where it matters which of them listen.
  private func denied(
    by table: Table, before: Table?, among sockets: @escaping () throws(AgentFailure) -> [TCPSocket]?
  ) -> Chooser {
    var judges: (now: SessionJudge, earlier: SessionJudge?, knowListeners: Bool)?
    return { (tracked) throws(AgentFailure) in
      // Who began what was come upon half-way; of other sessions tracking knows it.
      let needListeners = tracked.sessions.contains(where: \.isPickedUp)
      if judges == nil || needListeners && judges?.knowListeners == false {
        let judging = try judging(among: needListeners ? try sockets() : [])
        judges = (judging(table), before.map(judging), needListeners)
      }
      guard let (judge, earlier, _) = judges else { return { _ in .uncertain } }
      return { session in
        switch judge.judge(session) {
        case .denied:
          if case .allowed(let flow)? = earlier?.judge(session) {
            .chosen(of: flow)
          } else {
            .chosen(of: nil)
          }
        case .uncertain: .uncertain
        case .allowed, .exempt: .other
        }
      }
    }
  }

  private func counted(
    _ kernel: any HostKernel, _ choose: Chooser
  ) throws(AgentFailure) -> CutReport? {
    guard let tracked = try tracked(kernel) else { return nil }
    var (chosen, uncertain) = Self.choice(of: tracked, try choose(tracked))
    chosen.removeAll { $0.session.isOver }
    return CutReport(
      isDone: false, flows: Self.flows(chosen.map(\.flow)), sessions: chosen.count, uncertain: uncertain,
      left: chosen.count)
  }

  /// Ends sessions until none is found; ended is what a listing behind it does not have any more.
  ///
  /// Those that are over end too, since two ends that want it could go on in what is left of one; they are not counted.
  ///
  /// A packet that was judged by the rules from before may still enter its session just behind a sweep: so at least two are
  /// made, 10 ms apart.
  ///
  /// - Parameter repeats: whether those that come behind the first sweep end as well.
  /// - Returns: `nil`: the kernel does not let itself be asked.
  private func sweep(
    _ kernel: any HostKernel, repeats: Bool = true, _ choose: Chooser
  ) throws(AgentFailure) -> CutReport? {
    var ended: [String?] = []
    var pending: [(session: TrackedSession, flow: String?)] = []
    var uncertain = 0
    var failure: AgentFailure?
    for sweep in 0...Self.mostSweeps {
      if sweep > 0 { usleep(10_000) }
      guard let tracked = try tracked(kernel) else { return nil }
      var (chosen, unclear) = Self.choice(of: tracked, try choose(tracked))
      uncertain = unclear
      if !repeats, sweep > 0, !chosen.isEmpty {
        let meant = Set(pending.map(\.session.name))
        chosen.removeAll { !meant.contains($0.session.name) }
      }
      var names = Set<TrackedSession.Name>(minimumCapacity: chosen.count)
      // The kernel may list one twice where others come and go meanwhile.
      chosen.removeAll { !names.insert($0.session.name).inserted }
      for (session, flow) in pending where !session.isOver && !names.contains(session.name) {
        ended.append(flow)
      }
      pending = chosen
      if pending.isEmpty, sweep > 0 { break }
      if pending.isEmpty || sweep == Self.mostSweeps { continue }
      do throws(NetlinkError) { _ = try kernel.end(chosen.map(\.session)) } catch {
        failure = AgentFailure(error)
      }
    }
    return CutReport(
      isDone: true, flows: Self.flows(ended), sessions: ended.count, uncertain: uncertain,
      left: pending.count, failure: pending.isEmpty ? nil : failure?.message)
  }

  private static func choice(
    of tracked: Tracked, _ choose: (TrackedSession) -> Choice
  ) -> (chosen: [(session: TrackedSession, flow: String?)], uncertain: Int) {
    var chosen: [(session: TrackedSession, flow: String?)] = []
    var uncertain = tracked.unread
    for session in tracked.sessions {
      switch choose(session) {
      case .chosen(let flow): chosen.append((session, flow))
      case .uncertain: if !session.isOver { uncertain += 1 }
      case .other: break
      }
    }
    return (chosen, uncertain)
  }

  /// Those with the most sessions first.
  private static func flows(_ names: [String?]) -> [CutReport.Flow] {
    names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      .sorted { ($1.1, $0.0 ?? "") < ($0.1, $1.0 ?? "") }
      .prefix(CutReport.mostFlows).map { CutReport.Flow(flow: $0, sessions: $1) }
  }

  func judge(of table: Table, _ kernel: any HostKernel) throws(AgentFailure) -> SessionJudge {
    try judging(among: try sockets(kernel))(table)
  }

  /// Judges of tables over what this machine is like at the moment.
  private func judging(among sockets: [TCPSocket]?) throws(AgentFailure) -> (Table) -> SessionJudge {
    let listeners = sockets?.filter { $0.state == .listening }.map(\.local)
    let addresses = try addresses()
    let exits = Routes.exits().map { (link: $0.link, destinations: $0.destinations) }
    let now = UInt64(clamping: time(nil)) * 1_000_000_000
    return { table in
      SessionJudge(table.withNobodyCut, addresses, listeners: listeners, exits: exits, at: now)
    }
  }

  func addresses() throws(AgentFailure) -> HostAddresses {
    do throws(SystemFailure) {
      return HostAddresses(own: Set(try Interfaces.addresses()), forMany: Set(try Interfaces.broadcasts()))
    } catch { throw AgentFailure(error) }
  }
}

extension TrackedSession {
  /// Who has a part in it: whoever began it, whom he asked, and who answers.
  fileprivate var ends: [Address] { [original.source, original.destination, reply.source] }
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
