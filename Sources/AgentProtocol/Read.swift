package import Nftables

/// Which tables may stop an IP packet, whoever made them?
package struct Read: AgentRequest, Codable {
  package static let name = "read"
  package typealias Reply = HostRuleset

  package init() {}
}

/// What a host's kernel has that may stop an IP packet.
package struct HostRuleset: AgentMessage, Hashable {
  /// The ruleset generation at which it was read.
  package let generation: UInt32
  /// Of all families but `arp`; the elements of sets that rules fill are not read.
  package let tables: [Table]

  package init(generation: UInt32, tables: [Table]) {
    self.generation = generation
    self.tables = tables
  }

  /// The header of the reply; the ruleset is its tables.
  package struct Header: Sendable, Codable {
    let generation: UInt32
  }

  package var header: Header { Header(generation: generation) }

  package init(_ header: Header, _ tables: [Table]) throws(AgentFailure) {
    guard Set(tables.map(\.title)).count == tables.count else {
      throw AgentFailure(.badRequest, "a table is told twice")
    }
    self.init(generation: header.generation, tables: tables)
  }
}
