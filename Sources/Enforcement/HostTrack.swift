internal import AgentProtocol
internal import Glibc
internal import Nftables
internal import NftablesNetlink
internal import RulesetDiff

extension LocalHost {
  /// Lets connection tracking learn the connections that are there, where no table of ours asks for it yet.
  ///
  /// - Returns: `nil` when a ``TrackingTable`` was made; else what is there.
  func track(
    _ kernel: any HostKernel, _ basis: inout Basis
  ) throws(AgentFailure) -> FoundTable? {
    while basis.pause.hasMore {
      let found = try current(kernel, &basis)
      if let own = found.own, own.table.chains.contains(where: { $0.base != nil }) { return found }
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
}
