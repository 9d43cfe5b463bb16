import Addressing
import Testing

@Suite struct SpecialPrefixTests {
  @Test(arguments: [
    (Prefix.ipv4ThisNetwork, "0.0.0.0/8"), (.ipv4Loopback, "127.0.0.0/8"),
    (.ipv4LinkLocal, "169.254.0.0/16"), (.ipv4Multicast, "224.0.0.0/4"), (.ipv4Reserved, "240.0.0.0/4"),
    (.ipv4Broadcast, "255.255.255.255/32"), (.ipv6Unspecified, "::/128"), (.ipv6Loopback, "::1/128"),
    (.ipv6UniqueLocal, "fc00::/7"), (.ipv6LinkLocal, "fe80::/10"), (.ipv6Multicast, "ff00::/8"),
    (.ipv4Compatible, "::/96"), (.ipv4Mapped, "::ffff:0:0/96"),
  ])
  func `a block is the prefix of its RFC`(prefix: Prefix, text: String) throws {
    #expect(try prefix == Prefix(parsing: text))
    #expect(prefix.contains(prefix.address) && prefix.contains(prefix.last))
  }

  @Test func `an address of the other family is in no prefix`() {
    #expect(!Prefix.ipv4ThisNetwork.contains(Address(.ipv6, 1)))
    #expect(!Prefix.ipv6Unspecified.contains(Address(.ipv4, 0)))
  }

  @Test func `ranges are written as people write ports`() {
    #expect(PortSet([80...80, 443...443, 1000...2000]).text() == "80, 443, 1000-2000")
    #expect(PortSet([0...UInt16.max]).text() == "0-65535")
    #expect(PortSet().text(separator: ",") == "")
  }
}
