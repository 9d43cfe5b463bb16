/// What comes with a change where a host asks for signatures: the index that names its ruleset, as it was signed.
package struct SignedIndex: Hashable, Sendable, Codable {
  /// The host of the index that is meant.
  package let host: String
  /// The index, byte for byte: one that is no text fits no signature.
  package let index: String
  /// Signatures of ssh keys, one behind the other.
  package let signatures: String

  package init(host: String, index: [UInt8], signatures: [UInt8]) {
    self.host = host
    self.index = String(decoding: index, as: UTF8.self)
    self.signatures = String(decoding: signatures, as: UTF8.self)
  }
}
