import Addressing
import Testing

@Suite struct AddressTextTests {
  @Test(
    arguments: [
      "0.0.0.0", "10.20.3.11", "255.255.255.255", "::", "::1", "::2", "::1.2.3.4", "::ffff:0.0.0.0",
      "::ffff:192.0.2.1", "::100", "1::", "1:0:0:2::3", "::fffe:1:2", "64:ff9b::102:304", "2001:db8::1",
      "fe80::a:b:c:d", "1:2:3:4:5:6:7:8", "::0.1.0.2", "1:0:3:4:5:6:7:8",
    ])
  func `an address prints as it was read, in the form of inet_ntop`(text: String) throws {
    #expect(try Address(parsing: text).description == text)
  }

  @Test(
    arguments: [
      ("10.1.2", AddressTextError.malformed), ("10.1.2.3.4", .malformed), ("", .malformed),
      ("10.1..3", .malformed), ("010.1.2.3", .leadingZero), ("10.1.2.256", .outOfRange),
      ("10.1.2.1000", .outOfRange), ("1:2:3:4:5:6:7", .malformed), ("1::2::3", .malformed),
      ("::1:2:3:4:5:6:7:8", .malformed), (":::", .malformed), ("12345::", .outOfRange),
      ("::g", .malformed), ("::+1", .malformed), ("::1.2.3.04", .leadingZero), ("1.2.3.4::", .malformed),
      ("fe80::1%eth0", .malformed), ("1:2:3:4:5:6:7:1.2.3.4", .malformed), ("١٠.1.2.3", .malformed),
      ("1:2:3:4:5:6:7:8:", .malformed), (":1:2:3:4:5:6:7", .malformed), ("1:2:3:4:5:6:7:8:9", .malformed),
      ("1::2::", .malformed), ("fffff::g", .malformed), ("1:2:3:4:5:6:7:8::", .malformed),
      ("300.1.2", .malformed), (".1.2.3", .malformed), ("1.2.3.", .malformed), ("00.1.2.3", .leadingZero),
    ])
  func `what is not an address is refused with the reason`(text: String, reason: AddressTextError) {
    #expect(throws: reason) { try Address(parsing: text) }
  }

  @Test(arguments: [
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("0001:0DB8::000A", "1:db8::a"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ("2001:db8::10.0.0.1", "2001:db8::a00:1"),
  ])
  func `other spellings of an address print in the one form`(text: String, canonical: String) throws {
    #expect(try Address(parsing: text).description == canonical)
  }

  @Test func `bytes in network order go both ways`() throws {
    for text in ["10.20.3.11", "2001:db8:20:3::11"] {
      let address = try Address(parsing: text)
      #expect(Address(networkBytes: address.networkBytes) == address)
    }
    #expect(Address(networkBytes: [1, 2, 3]) == nil)
  }

  @Test func `a prefix with host bits is refused and named`() throws {
    let meant = try Prefix(parsing: "10.1.2.0/24")
    #expect(throws: AddressTextError.hostBits(meant)) { try Prefix(parsing: "10.1.2.3/24") }
    #expect(try Prefix(parsing: "0.0.0.0/0").last.description == "255.255.255.255")
    #expect(try Prefix(parsing: "2001:db8::/32").last.description == "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
    #expect(throws: AddressTextError.outOfRange) { try Prefix(parsing: "10.0.0.0/33") }
    #expect(throws: AddressTextError.leadingZero) { try Prefix(parsing: "10.0.0.0/08") }
    #expect(throws: AddressTextError.malformed) { try Prefix(parsing: "10.0.0.0/") }
  }

  @Test func `a range that is a prefix is recognised as one`() throws {
    let prefix = try Prefix(parsing: "10.1.2.0/23")
    #expect(Prefix(family: .ipv4, exactly: prefix.range) == prefix)
    #expect(Prefix(family: .ipv4, exactly: 1...2) == nil)
    #expect(Prefix(family: .ipv6, exactly: 0...UInt128.max)?.description == "::/0")
    #expect(Prefix(family: .ipv4, exactly: 0...UInt128(UInt32.max))?.description == "0.0.0.0/0")
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"),
    ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", "10.0.0.0/8"),
    ("10.1.50.10-10.1.50.99", "10.1.50.10", "10.1.50.99", "10.1.50.10-10.1.50.99"),
    ("10.1.50.0-10.1.50.255", "10.1.50.0", "10.1.50.255", "10.1.50.0/24"),
    ("2001:db8::10-2001:db8::1f", "2001:db8::10", "2001:db8::1f", "2001:db8::10/124"),
    ("10.0.0.7-10.0.0.7", "10.0.0.7", "10.0.0.7", "10.0.0.7"),
  ])
  func `a range has two ends`(text: String, first: String, last: String, shown: String) throws {
    let range = try AddressRange(parsing: text)
    #expect("\(range.first)" == first && "\(range.last)" == last && "\(range)" == shown)
    let set = AddressSet([range])
    #expect(set.contains(range.first) && set.contains(range.last))
    #expect(set.ranges(range.family) == [range.bits])
  }

  @Test(arguments: [
    ("10.0.0.9-10.0.0.1", AddressTextError.inverted), ("10.0.0.1-2001:db8::1", .mixedFamilies),
    ("10.0.0.1-", .malformed), ("-10.0.0.1", .malformed), ("10.0.0.1-9", .malformed),
    ("10.0.0.0/24-10.0.1.0/24", .malformed), ("10.0.0.1-10.0.0.2-10.0.0.3", .malformed),
    ("10.0.0.1-10.0.0.256", .outOfRange), ("10.0.0.1 - 10.0.0.9", .malformed),
  ])
  func `what is no range is refused with the reason`(text: String, reason: AddressTextError) {
    #expect(throws: reason) { try AddressRange(parsing: text) }
  }
}
