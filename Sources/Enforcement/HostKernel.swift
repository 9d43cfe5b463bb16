package import AgentProtocol
package import Netlink
package import Nftables
package import NftablesNetlink
package import Sessions

/// Where conversations with a kernel begin.
package protocol KernelSource: Sendable {
  /// - Throws: ``AgentProtocol/AgentFailure`` when the kernel cannot be spoken to.
  func open() throws(AgentFailure) -> any HostKernel
}

/// What of a kernel is touched: one conversation with it, in one network namespace.
///
/// A table that was made with an owner (`NFT_TABLE_F_OWNER`) goes with the conversation that made it, however
/// that ends.
package protocol HostKernel: AnyObject {
  /// The number that every transaction of anybody changes.
  func generation() throws(ReadError) -> UInt32
  /// All tables, in order of family and name.
  func tables() throws(ReadError) -> [TablePlace]
  /// One table as it stands at one generation; `nil` when there is none.
  ///
  /// - Parameter known: sets as they are at a generation; if that is the kernel's, their elements need not be read.
  func table(
    _ family: Family, _ name: TableName, knowing known: (sets: [NamedSet], generation: UInt32)?
  ) throws(ReadError) -> InstalledTable?
  /// Those of some elements that a set has.
  ///
  /// - Parameter wanted: the set as it is declared, holding the elements to look for.
  func elements(
    _ wanted: NamedSet, family: Family, table: TableName
  ) throws(ReadError) -> SetElements
  /// How many elements a set has, those that rules made among them.
  func elementCount(of set: SetName, family: Family, table: TableName) throws(ReadError) -> Int
  /// The elements of a set that rules fill with what is counted of each, in no order, some of them perhaps twice.
  func elementStates(of set: SetName, family: Family, table: TableName) throws(ReadError) -> [ElementState]
  /// The TCP sockets of the host; `nil`: they cannot be read.
  func sockets() throws(ReadError) -> [TCPSocket]?
  /// The UDP sockets of the host; `nil`: they cannot be read.
  func datagramSockets() throws(ReadError) -> [UDPSocket]?
  /// How many sessions connection tracking knows, without listing them; `nil`: that cannot be read.
  func sessionCount() throws(ReadError) -> SessionCount?
  /// Makes connection tracking know sessions as established; those it knows stay as they are.
  ///
  /// - Returns: whether it can; a kernel may have no part that lets itself be told.
  func enter(_ sessions: [Session]) throws(NetlinkError) -> Bool
  /// Everything that connection tracking knows; `nil`: it does not let itself be asked.
  func tracked() throws(NetlinkError) -> Tracked?
  /// Takes entries out of connection tracking.
  ///
  /// - Returns: how many of them were still there.
  func end(_ sessions: [TrackedSession]) throws(NetlinkError) -> Int
  /// Milliseconds until the last element of a set goes by itself; `nil`: none will.
  func timeLeft(of set: SetName, family: Family, table: TableName) throws(ReadError) -> UInt64?
  /// The base chains of all tables, in order of hook and priority.
  func baseChains() throws(ReadError) -> [PlacedChain]
  /// Waits until every packet is through that came to the rules before the last transaction.
  func letPacketsThrough()
  /// Carries out the operations of a change in one transaction: all of them, or nothing.
  ///
  /// - Parameter generation: the one that the change was made for; at any other nothing is done.
  /// - Returns: the generation that it made, or found when there was nothing to do.
  func commit(_ change: Change, expecting generation: UInt32) throws(CommitError) -> UInt32
}

extension HostKernel {
  /// One table as it stands at one generation, read whole; `nil` when there is none.
  package func table(_ family: Family, _ name: TableName) throws(ReadError) -> InstalledTable? {
    try table(family, name, knowing: nil)
  }
}

/// Where a table is.
package struct TablePlace: Hashable, Sendable {
  package let family: Family
  package let name: TableName

  package init(_ family: Family, _ name: TableName) {
    self.family = family
    self.name = name
  }
}

/// A chain and the table it is in.
package struct PlacedChain: Hashable, Sendable {
  package let table: TablePlace
  package let chain: Chain

  package init(_ table: TablePlace, _ chain: Chain) {
    self.table = table
    self.chain = chain
  }
}
