/// Takes an index that gives the host what it has confirmed already: nothing changes but what it takes from then on.
package struct Accept: AgentRequest, Codable {
  package static let name = "accept"
  package static let isChange = true
  package typealias Reply = Accepted

  package let signed: SignedIndex

  package init(_ signed: SignedIndex) { self.signed = signed }
}

/// An index that was taken.
package struct Accepted: AgentMessage, Hashable, Codable {
  /// The revision of the host that it is about.
  package let revision: Int

  package init(revision: Int) { self.revision = revision }
}
