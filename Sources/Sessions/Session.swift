package import Addressing

/// An address and a port.
package struct SessionEnd: Hashable, Sendable {
  package let address: Address
  package let port: UInt16

  package init(_ address: Address, _ port: UInt16) {
    self.address = address
    self.port = port
  }
}

/// A TCP connection between the end that began it and the one that was listening.
package struct Session: Hashable, Sendable {
  package let client: SessionEnd
  package let server: SessionEnd

  package init(client: SessionEnd, server: SessionEnd) {
    self.client = client
    self.server = server
  }
}
