package import AgentProtocol
internal import Netlink
internal import Nftables
internal import NftablesNetlink
internal import RulesetShape
package import SystemPackage

/// What the kernel says of changes of this host's ruleset, by whomever.
package final class HostNotices {
  /// One of them.
  package struct Notice: Hashable, Sendable {
    /// Whether our table may have been changed.
    package let isOwn: Bool
    /// Other tables that were changed, in order, as `ip filter`.
    package let others: [String]
    /// Whether anything before was not heard.
    package let isLoss: Bool
    /// What the thread called itself, and its number; of a loss nobody knows.
    package let program: String?
    package let process: UInt32?
  }

  private let notices: NftablesNotices
  private let host: LocalHost

  init(_ notices: NftablesNotices, of host: LocalHost) {
    self.notices = notices
    self.host = host
  }

  /// What is waited on.
  package var descriptor: FileDescriptor { FileDescriptor(rawValue: notices.descriptor ?? -1) }

  /// The next; `nil`: nothing waits.
  package func next() throws(AgentFailure) -> Notice? {
    let notice: NftablesNotices.Notice?
    do throws(NetlinkError) { notice = try notices.next() } catch { throw AgentFailure(error) }
    switch notice {
    case nil: return nil
    case .lost: return Notice(isOwn: true, others: [], isLoss: true, program: nil, process: nil)
    case .transaction(let transaction):
      let learning = TrackingTable.table(beside: host.name)
      let places = transaction.touched.map { TablePlace($0.family, $0.name) }
      let others = places.filter {
        !host.isOwn($0) && $0 != TablePlace(learning.family, learning.name)
      }
      return Notice(
        isOwn: !transaction.isWhole || places.contains(where: host.isOwn),
        others: others.map { "\($0.family) \($0.name)" }.sorted(), isLoss: false,
        program: transaction.program, process: transaction.process)
    }
  }
}

extension LocalHost {
  /// Begins to listen; what happens from here on is told.
  package func notices() throws(AgentFailure) -> HostNotices {
    do throws(NetlinkError) { return HostNotices(try NftablesNotices(), of: self) } catch {
      throw AgentFailure(error)
    }
  }
}
