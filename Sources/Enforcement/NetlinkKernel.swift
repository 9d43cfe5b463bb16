package import AgentProtocol
package import Netlink
package import Nftables
package import NftablesNetlink

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

  package func table(_ family: Family, _ name: TableName) throws(ReadError) -> InstalledTable? {
    try connection.table(family, name)
  }

  package func elements(
    _ wanted: NamedSet, family: Family, table: TableName
  ) throws(ReadError) -> SetElements {
    try connection.elements(wanted, family: family, table: table)
  }

  package func elementCount(of set: SetName, family: Family, table: TableName) throws(ReadError) -> Int {
    try connection.elementCount(of: set, family: family, table: table)
  }

  package func elementKeys(
    of set: SetName, family: Family, table: TableName
  ) throws(ReadError) -> [[UInt8]] {
    try connection.elementKeys(of: set, family: family, table: table)
  }

  package func baseChains() throws(ReadError) -> [PlacedChain] {
    try connection.baseChains().map { PlacedChain(TablePlace($0.family, $0.table), $0.chain) }
  }

  package func commit(_ change: Change, expecting generation: UInt32) throws(CommitError) -> UInt32 {
    try connection.commit(change, expecting: generation)
  }
}
