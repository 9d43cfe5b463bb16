import Addressing
import Policy
import Testing

/// Which of a machine's addresses peers deny, and which they need not know.
@Suite struct StrayAddressesTests {
  private static let cases: [(carried: [String], unknown: [String], foreign: [String])] = [
    ([], [], []), (["10.0.0.1", "2001:db8::1"], [], []), (["10.0.0.1"], [], []),
    (["127.0.0.1", "::1", "fe80::1", "169.254.3.4", "10.0.0.1"], [], []),
    (["10.0.0.1", "2001:db8::aaaa:bbbb:cccc:dddd"], ["2001:db8::aaaa:bbbb:cccc:dddd"], []),
    (["10.0.0.1", "10.0.0.2"], [], ["10.0.0.2 b"]),
    (
      ["10.0.0.9", "2001:db8::2", "10.0.0.1", "10.0.0.2", "10.0.0.8", "10.0.0.9"], ["10.0.0.8", "10.0.0.9"],
      ["10.0.0.2 b", "2001:db8::2 b"]
    ),
    (["192.168.1.1", "fd00::1", "100.64.0.1"], ["100.64.0.1", "192.168.1.1", "fd00::1"], []),
  ]

  @Test(arguments: cases)
  func `addresses of nobody and of others are told, those of links are not`(
    carried: [String], unknown: [String], foreign: [String]
  ) throws {
    let owners = try [("10.0.0.1", "a"), ("2001:db8::1", "a"), ("10.0.0.2", "b"), ("2001:db8::2", "b")]
      .reduce(
        into: [Address: String]()
      ) { $0[try Address(parsing: $1.0)] = $1.1 }
    let stray = StrayAddresses(
      carried: try carried.map { try Address(parsing: $0) }, by: "a", owners: owners)
    #expect(stray.unknown.map(\.description) == unknown)
    #expect(stray.foreign.map { "\($0.address) \($0.owner)" } == foreign)
    #expect(stray.isEmpty == (unknown.isEmpty && foreign.isEmpty))
    #expect(stray.sentences.count == (unknown.isEmpty ? 0 : 1) + (foreign.isEmpty ? 0 : 1))
    for words in stray.sentences { #expect(words.contains("deny what")) }
  }

  @Test func `of many the first are named and the rest counted`() {
    let stray = StrayAddresses(
      carried: (1...20).map { Address(.ipv4, 0x0a00_0000 | UInt128($0)) }, by: "a", owners: [:])
    #expect(
      stray.sentences.first?.hasPrefix(
        "carries 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6 and 14 more,") == true)
  }
}
