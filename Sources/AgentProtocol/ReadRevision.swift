package import Nftables

/// Which ruleset is a revision that the host still has? Reads only the books, not the kernel.
package struct ReadRevision: AgentRequest, Codable {
  package static let name = "read-revision"
  package typealias Reply = RevisionRuleset

  package let revision: Int

  package init(_ revision: Int) { self.revision = revision }
}

/// The ruleset of a revision.
package struct RevisionRuleset: AgentMessage, Hashable {
  package let table: Table

  package init(table: Table) { self.table = table }

  package var header: Nothing { Nothing() }
  package var tables: [Table] { [table] }

  package init(_ header: Nothing, _ tables: [Table]) throws(AgentFailure) {
    table = try ReadRevision.only(tables)
  }

  package static func line(_ table: Table) throws(AgentFailure) -> [UInt8] { try TableLine.exact(table) }
}
