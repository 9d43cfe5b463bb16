package import AgentProtocol
internal import ConntrackNetlink
internal import Machine
package import Netlink
package import Nftables
package import NftablesNetlink
package import Sessions
internal import SystemPackage

/// The kernel that runs here: each conversation is a socket of its own.
package struct NetlinkSource: KernelSource {
  package init() {}

  package func open() throws(AgentFailure) -> any HostKernel {
    do throws(NetlinkError) { return try NetlinkKernel() } catch { throw AgentFailure(error) }
  }
}

/// The kernel that runs here, in the network namespace of this thread.
package final class NetlinkKernel: HostKernel {
  private let connection: NftablesConnection

  package convenience init() throws(NetlinkError) { self.init(over: try NftablesConnection()) }

  package init(over connection: NftablesConnection) { self.connection = connection }

  package func generation() throws(ReadError) -> UInt32 {
    do throws(NetlinkError) { return try connection.generation() } catch { throw .netlink(error) }
  }

  package func tables() throws(ReadError) -> [TablePlace] {
    try connection.tables().map { TablePlace($0.family, $0.name) }
  }

  package func table(
    _ family: Family, _ name: TableName, knowing known: (sets: [NamedSet], generation: UInt32)?
  ) throws(ReadError) -> InstalledTable? { try connection.table(family, name, knowing: known) }

  package func elements(
    _ wanted: NamedSet, family: Family, table: TableName
  ) throws(ReadError) -> SetElements {
    try connection.elements(wanted, family: family, table: table)
  }

  package func elementCount(of set: SetName, family: Family, table: TableName) throws(ReadError) -> Int {
    try connection.elementCount(of: set, family: family, table: table)
  }

  package func elementStates(
    of set: SetName, family: Family, table: TableName
  ) throws(ReadError) -> [ElementState] {
    try connection.elementStates(of: set, family: family, table: table)
  }

  package func letPacketsThrough() { KernelReaders.wait() }

  package func sockets() throws(ReadError) -> [TCPSocket]? {
    sockets(of: "tcp", TCPSocket.sockets)
  }

  package func datagramSockets() throws(ReadError) -> [UDPSocket]? {
    sockets(of: "udp", UDPSocket.sockets)
  }

  private func sockets<Socket>(of name: String, _ read: ([UInt8]) -> [Socket]) -> [Socket]? {
    var sockets: [Socket] = []
    // Those of the namespace that this thread is in; a kernel without IPv6 has no second list.
    for (name, isNeeded) in [(name, true), ("\(name)6", false)] {
      do throws(SystemFailure) {
        sockets += read(try Files.read("/proc/thread-self/net/\(name)", atMost: 1 << 28))
      } catch {
        if error.errno == .noSuchFileOrDirectory, !isNeeded { continue }
        return nil
      }
    }
    return sockets
  }

  package func sessionCount() throws(ReadError) -> SessionCount? {
    // Of the namespace that this thread is in (`net_ctl_header_lookup`, net/sysctl_net.c).
    func number(_ name: String) throws(SystemFailure) -> Int? {
      let line = try Files.read("/proc/sys/net/netfilter/nf_conntrack_\(name)", atMost: 4096)
      return Int(String(decoding: line.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
    do throws(SystemFailure) {
      guard let count = try number("count"), count >= 0 else { return nil }
      // 0 is no limit, and so is what is too large for the number that the kernel prints.
      return SessionCount(count: count, limit: try number("max").flatMap { $0 > 0 ? $0 : nil })
    } catch {
      return error.errno == .noSuchFileOrDirectory ? SessionCount(count: nil, limit: nil) : nil
    }
  }

  package func enter(_ sessions: [Session]) throws(NetlinkError) -> Bool {
    try tracking { (connection) throws(NetlinkError) in try connection.enter(sessions) } != nil
  }

  package func tracked() throws(NetlinkError) -> Tracked? {
    try tracking { (connection) throws(NetlinkError) in try connection.tracked() }
  }

  package func end(_ sessions: [TrackedSession]) throws(NetlinkError) -> Int {
    try tracking { (connection) throws(NetlinkError) in try connection.end(sessions) } ?? 0
  }

  /// `nil`: the kernel has no part that lets itself be told of what it tracks.
  private func tracking<Result>(
    _ body: (ConntrackConnection) throws(NetlinkError) -> Result
  ) throws(NetlinkError) -> Result? {
    do throws(NetlinkError) { return try body(ConntrackConnection()) } catch {
      // What nfnetlink answers of a subsystem that it does not have (`nfnetlink_rcv_msg`).
      if case .failed(let code, _, _) = error, code == .invalid || code == .notSupported { return nil }
      throw error
    }
  }

  package func timeLeft(
    of set: SetName, family: Family, table: TableName
  ) throws(ReadError) -> UInt64? {
    try connection.timeLeft(of: set, family: family, table: table)
  }

  package func baseChains() throws(ReadError) -> [PlacedChain] {
    try connection.baseChains().map { PlacedChain(TablePlace($0.family, $0.table), $0.chain) }
  }

  package func commit(_ change: Change, expecting generation: UInt32) throws(CommitError) -> UInt32 {
    try connection.commit(change, expecting: generation)
  }
}
