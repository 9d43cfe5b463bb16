import Addressing
import AgentProtocol
import Operations
import Policy
import Testing

/// A host is known by its own addresses, wherever the virtual ones are.
@Suite struct VirtualIdentityTests {
  private static let owners: [Address: String] = [own: "edge-1", other: "edge-2", third: "web-1"]
  private static let virtuals: [Address: String] = [shared: "lb"]
  private static let own = Address(.ipv4, 0x0a00_0001)
  private static let other = Address(.ipv4, 0x0a00_0002)
  private static let third = Address(.ipv4, 0x0a00_0003)
  private static let shared = Address(.ipv4, 0x0a00_0064)

  private func identity(_ host: String, _ address: Address, carries: Bool) -> HostIdentity {
    HostIdentity(
      host: host, addresses: [address], owners: Self.owners, virtuals: Self.virtuals,
      carried: carries ? [Self.shared] : [])
  }

  private func greeting(_ addresses: [Address], bridged: [Address] = []) -> Greeting {
    Greeting(
      requests: [], version: "test", node: "somebody", kernel: "6.1", addresses: addresses, bridged: bridged)
  }

  @Test func `a carrier may have the address and need not, and is told as nothing strange`() throws {
    let edge = identity("edge-1", Self.own, carries: true)
    for addresses in [[Self.own], [Self.own, Self.shared]] {
      try edge.check(greeting(addresses))
      #expect(edge.strayAddresses(greeting(addresses)).isEmpty)
    }
  }

  @Test func `the address alone makes nobody the carrier`() {
    let edge = identity("edge-1", Self.own, carries: true)
    #expect(throws: AgentFailure.self) { try edge.check(greeting([Self.shared])) }
    #expect(throws: AgentFailure.self) { try edge.check(greeting([Self.shared, Self.other])) }
  }

  @Test func `on any other host it is somebody else's, on a bridge too`() throws {
    let web = identity("web-1", Self.third, carries: false)
    for bridged in [[], [Self.shared]] {
      let greeting = greeting([Self.third, Self.shared], bridged: bridged)
      try web.check(greeting)
      #expect(web.strayAddresses(greeting).foreign.map(\.owner) == ["lb"])
      #expect(web.strayAddresses(greeting).unknown.isEmpty)
    }
  }
}
