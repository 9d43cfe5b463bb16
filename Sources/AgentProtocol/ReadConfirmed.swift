package import Nftables

/// What was the host last confirmed to have? Reads only the books, not the kernel.
package struct ReadConfirmed: AgentRequest, Codable {
  package static let name = "read-confirmed"
  package typealias Reply = ConfirmedRuleset

  package init() {}
}

/// The ruleset that a host was confirmed to have.
package struct ConfirmedRuleset: AgentMessage, Hashable {
  package let revision: Int
  package let table: Table

  package init(revision: Int, table: Table) {
    self.revision = revision
    self.table = table
  }

  /// The header of the reply; the table stands behind it.
  package struct Header: Sendable, Codable {
    let revision: Int
  }

  package var header: Header { Header(revision: revision) }
  package var tables: [Table] { [table] }

  package init(_ header: Header, _ tables: [Table]) throws(AgentFailure) {
    revision = header.revision
    table = try ReadConfirmed.only(tables)
  }

  package static func line(_ table: Table) throws(AgentFailure) -> [UInt8] { try TableLine.exact(table) }
}
