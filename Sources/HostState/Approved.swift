/// What a ruleset was accepted by, where an index came with it.
package struct Approved: Hashable, Sendable, Codable {
  /// Of the index; a host takes none again that is not greater than the greatest it has confirmed.
  package let index: Int64
  /// SHA-256 of the index, in hexadecimal digits.
  package let digest: String
  /// The principals whose signatures counted; empty: the host asked for none.
  package let by: [String]

  package init(index: Int64, digest: String, by: [String]) {
    self.index = index
    self.digest = digest
    self.by = by
  }
}
