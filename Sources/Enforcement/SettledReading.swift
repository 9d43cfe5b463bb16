internal import AgentProtocol
internal import Netlink
internal import NftablesNetlink

extension LocalHost {
  /// Reads our table and what rules have put into its sets, which are asked for one by one: once more where somebody has taken
  /// the table, or one of them, away in between.
  func reading<Value>(
    _ read: (any HostKernel) throws(ReadError) -> Value
  ) throws(AgentFailure) -> Value {
    let kernel = try openKernel()
    var pause = Backoff()
    do throws(ReadError) {
      return try pause.reading { () throws(ReadError) in
        do throws(ReadError) { return try read(kernel) } catch .netlink(.failed(.noEntry, _, _)) {
          throw .unsettled(attempts: 1)
        }
      }
    } catch { throw AgentFailure(error) }
  }
}
