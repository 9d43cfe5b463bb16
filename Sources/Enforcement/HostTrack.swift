internal import AgentProtocol
internal import Glibc
internal import Machine
internal import Netlink
internal import Nftables
internal import NftablesNetlink
internal import RulesetDiff
internal import Sessions

extension LocalHost {
  /// Lets connection tracking learn the connections that are there, where no table of ours asks for it yet.
  ///
  /// - Returns: `nil` when a ``TrackingTable`` was made; else what is there.
  func track(
    _ kernel: any HostKernel, _ basis: inout Basis
  ) throws(AgentFailure) -> FoundTable? {
    while basis.pause.hasMore {
      let found = try current(kernel, &basis)
      if let own = found.own, own.table.chains.contains(where: { $0.base != nil && !$0.rules.isEmpty }) {
        return found
      }
      do throws(CommitError) {
        for step in TableDiff.change(from: nil, to: TrackingTable.table(beside: name)).steps {
          _ = try kernel.commit(step, expecting: found.generation)
        }
        usleep(UInt32(clamping: Int64(learning / .microseconds(1))))
        return nil
      } catch {
        // The table goes with the conversation, made or not.
        guard case .moved = error else { throw AgentFailure(error) }
      }
      basis.pause.wait()
    }
    throw Self.tooFast
  }

  /// Lets connection tracking know the sessions that are there and that a table would let begin, however silent they are:
  /// from now on it follows those that begin, and what of older ones it has not seen it takes for no session at all.
  ///
  /// - Returns: whether it could be told of them.
  func keepSessions(allowedBy wanted: Table, _ kernel: any HostKernel) throws(AgentFailure) -> Bool {
    guard let sockets = try sockets(kernel) else { return false }
    let now = UInt64(clamping: time(nil))
    let sessions = wanted.sessionsItAllows(
      of: sockets, exits: Routes.exits().map { ($0.link, $0.destinations) }, at: now * 1_000_000_000)
    if sessions.isEmpty { return true }
    do throws(NetlinkError) { return try kernel.enter(sessions) } catch { throw AgentFailure(error) }
  }
}
