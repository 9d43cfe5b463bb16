package import Addressing

/// Something that a listener cannot wait for.
package struct Unheard: Hashable, Sendable, Codable, CustomStringConvertible {
  package let ipProtocol: IPProtocol
  package let family: AddressFamily
  /// `nil`: the protocol as a whole.
  package let port: UInt16?
  /// Why, in the words of the system; often somebody else listens there already.
  package let reason: String

  package init(_ ipProtocol: IPProtocol, _ family: AddressFamily, port: UInt16?, reason: String) {
    self.ipProtocol = ipProtocol
    self.family = family
    self.port = port
    self.reason = reason
  }

  package var description: String {
    "\(ipProtocol)\(port.map { " \($0)" } ?? "") (\(family == .ipv4 ? "IPv4" : "IPv6")): \(reason)"
  }
}
