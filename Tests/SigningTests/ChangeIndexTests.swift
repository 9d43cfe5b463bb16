import Signing
import Testing

@Suite struct ChangeIndexTests {
  private static let digest = String(repeating: "0a", count: 32)

  static let plan = ChangeIndex(
    revision: 1_796_000_000, made: 1_796_000_000, notAfter: 1_796_604_800, inventory: digest, git: "c0ffee",
    guards: [
      .init(name: "g\"1", statement: "never from a to b within 1 hop", why: "Limits are \"enforced\"\nthere"),
      .init(name: "g2", statement: "isolated c"),
    ], way: .ssh,
    hosts: [
      .init(name: "b", ruleset: digest, addresses: []),
      .init(
        name: "a", ruleset: digest, addresses: ["10.0.0.1", "2001:db8::1"],
        shown: .init(place: "boot:1", running: nil, others: ["ip x": "1", "inet ä\n": "2"])),
    ])

  static let bundle = ChangeIndex(
    revision: 1, made: 0, notAfter: 60, inventory: nil, git: nil, guards: [],
    hosts: [.init(name: "a", ruleset: digest, addresses: ["10.0.0.1"])])

  @Test(arguments: [plan, bundle]) func `an index is read as it was written`(index: ChangeIndex) throws {
    #expect(ChangeIndex(decoding: index.encoded()) == index)
    #expect(index.host("a")?.addresses.first == "10.0.0.1")
    #expect(index.host("c") == nil && index.host("") == nil)
  }

  /// Whatever is read is what is signed: no two texts are one index.
  @Test(arguments: [plan, bundle]) func `whatever byte is changed, it is another index or none`(
    index: ChangeIndex
  ) {
    let bytes = index.encoded()
    for position in bytes.indices {
      for byte in [UInt8(ascii: " "), UInt8(ascii: "1"), UInt8(ascii: "\""), 0, 0xff]
      where byte != bytes[position] {
        var damaged = bytes
        damaged[position] = byte
        #expect(ChangeIndex(decoding: damaged) != index, "\(position)")
        #expect(ChangeIndex(decoding: damaged).map { $0.encoded() == damaged } ?? true, "\(position)")
      }
      #expect(ChangeIndex(decoding: Array(bytes[..<position])) == nil)
      #expect(ChangeIndex(decoding: bytes[..<position] + [UInt8(ascii: " ")] + bytes[position...]) != index)
    }
    #expect(ChangeIndex(decoding: bytes + [UInt8(ascii: "\n")]) == nil)
  }

  @Test(arguments: [
    ("\"revision\": 1,", "\"revision\": 0,"), ("\"revision\": 1,", "\"revision\": 9007199254740993,"),
    ("\"revision\": 1,", "\"revision\": 1e3,"), ("\"made\": 0", "\"made\": -1"),
    ("\"not_after\": 60", "\"not_after\": 9223372036854775807"), ("\"way\": null", "\"way\": \"mail\""),
    ("\"format_version\": 4", "\"format_version\": 3"), ("0a0a\", \"addresses", "0a/a\", \"addresses"),
    ("\"a\": {", "\"../a\": {"), ("\"git\": null", "\"git\": null, \"git\": null"),
  ]) func `what cannot be is no index`(part: String, other: String) {
    let text = String(decoding: Self.bundle.encoded(), as: UTF8.self)
    #expect(text.contains(part))
    #expect(ChangeIndex(decoding: Array(text.replacing(part, with: other).utf8)) == nil)
  }

  @Test func `signatures are told apart, and nothing else is between them`() {
    let one = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
    func count(_ text: String) -> Int? { SignatureBlock.all(in: Array(text.utf8))?.count }
    #expect(count("") == 0)
    #expect(count(one) == 1 && count(one + one) == 2 && count(one + "\n" + one) == 2)
    #expect(count(String(repeating: one, count: SignatureBlock.most)) == SignatureBlock.most)
    #expect(count(String(repeating: one, count: SignatureBlock.most + 1)) == nil)
    #expect(count(one + "x") == nil && count("x\n" + one) == nil && count(String(one.dropLast(20))) == nil)
    #expect(count("-----END SSH SIGNATURE-----") == nil)
    #expect(SignatureBlock.all(in: Array(one.utf8))?.first?.key == nil)
  }
}
