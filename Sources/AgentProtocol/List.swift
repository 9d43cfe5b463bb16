/// How does nft(8) print Sekisho's table?
package struct List: AgentRequest, Codable {
  package static let name = "list"
  package typealias Reply = Listed

  package init() {}
}

/// Sekisho's table as `nft list table` prints it, counters included.
package struct Listed: AgentMessage, Hashable, Codable {
  /// `nil` when there is none.
  package let text: String?

  package init(text: String?) { self.text = text }
}
