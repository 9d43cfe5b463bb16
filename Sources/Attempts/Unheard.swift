package import Addressing

/// A protocol that a witness cannot look for.
package struct Unheard: Hashable, Sendable, Codable {
  package let ipProtocol: IPProtocol
  package let family: AddressFamily
  /// Why, in the words of the system.
  package let reason: String

  package init(_ ipProtocol: IPProtocol, _ family: AddressFamily, reason: String) {
    self.ipProtocol = ipProtocol
    self.family = family
    self.reason = reason
  }
}
