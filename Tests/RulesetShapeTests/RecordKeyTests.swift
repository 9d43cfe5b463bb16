import Addressing
import Nftables
import RulesetShape
import Testing

/// What keys of recorded packets say, whatever parts the set has.
@Suite struct RecordKeyTests {
  private static let four: [UInt8] = [10, 0, 0, 7]
  private static let other: [UInt8] = [10, 0, 0, 8]
  private static let six: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [7]

  struct Case: CustomTestStringConvertible {
    let set: String
    let types: [DataType]
    let key: [UInt8]
    let words: String

    var testDescription: String { "\(set): \(words)" }
  }

  static let cases = [
    Case(
      set: "in/denied.v4", types: [.ipv4Address, .inetProto, .inetService],
      key: four + [6, 0, 0, 0] + [0x1f, 0x90, 0, 0], words: "10.0.0.7 tcp 8080"),
    Case(
      set: "out/denied.v6", types: [.ipv6Address, .inetProto, .inetService],
      key: six + [17, 0, 0, 0] + [0, 53, 0, 0], words: "2001:db8::7 udp 53"),
    Case(
      set: "forward/denied.v4", types: [.ipv4Address, .ipv4Address, .inetProto, .inetService],
      key: four + other + [132, 0, 0, 0] + [0, 1, 0, 0], words: "10.0.0.7 10.0.0.8 sctp 1"),
    Case(
      set: "in/denied-other.v4", types: [.ipv4Address, .inetProto], key: four + [50, 0, 0, 0],
      words: "10.0.0.7 esp"),
    Case(
      set: "in/denied-other.v4", types: [.ipv4Address, .inetProto, .icmpType],
      key: four + [1, 0, 0, 0] + [8, 0, 0, 0], words: "10.0.0.7 icmp type 8"),
    Case(
      set: "out/denied-icmp.v4", types: [.ipv4Address, .icmpType], key: four + [8, 0, 0, 0],
      words: "10.0.0.7 icmp type 8"),
    Case(
      set: "in/denied-icmp.v6", types: [.ipv6Address, .icmpv6Type], key: six + [128, 0, 0, 0],
      words: "2001:db8::7 icmpv6 type 128"),
    // A trial records in a set of its own where that is declared otherwise than the one in force.
    Case(
      set: "trial/in/denied.v4", types: [.ipv4Address, .inetProto, .inetService],
      key: four + [6, 0, 0, 0] + [0, 22, 0, 0], words: "10.0.0.7 tcp 22"),
  ]

  private static func set(_ name: String, _ types: [DataType], flags: SetFlags = .dynamic) -> NamedSet {
    NamedSet(
      name: SetName(checked: name), key: types, flags: flags,
      elements: .none(keyLength: DataType.paddedLength(of: types)))
  }

  private static func words(_ key: RecordKey) -> String {
    ([key.peer, key.destination].compactMap { $0?.description } + ["\(key.ipProtocol)"]
      + [key.port.map { "\($0)" }, key.type.map { "type \($0)" }].compactMap { $0 }).joined(separator: " ")
  }

  @Test(arguments: cases) func `a key is read as its set declares it`(it: Case) throws {
    let set = Self.set(it.set, it.types)
    #expect(try Self.words(#require(RecordKey(it.key, of: set))) == it.words)
    // Cut or grown it is no key of that set.
    #expect(RecordKey(Array(it.key.dropLast()), of: set) == nil)
    #expect(RecordKey(it.key + [0, 0, 0, 0], of: set) == nil)
    #expect(RecordKey([], of: set) == nil)
  }

  @Test(arguments: [
    ("api.v4", [DataType.ipv4Address, .inetProto]), ("in/asking.v4", [.ipv4Address]),
    ("in/denied.v5", [.ipv4Address, .inetProto]),
    ("in", [.ipv4Address, .inetProto]), ("in/denied.v4", [.ipv4Address, .mark]),
    ("in/denied.v4", [.inetProto, .inetService]), ("in/denied.v4", [.ipv4Address, .inetService]),
    ("in/denied.v4", [.ipv4Address, .ipv4Address, .inetProto]),
    ("forward/denied.v4", [.ipv4Address, .inetProto]),
    ("in/denied.v4", [.ipv4Address, .string]),
    ("forward/denied.v4", [.ipv4Address, .ipv6Address, .inetProto]),
  ])
  func `what is no set of records, or has other parts, says nothing`(name: String, types: [DataType]) {
    let set = Self.set(name, types)
    let key = [UInt8](repeating: 1, count: DataType.paddedLength(of: types))
    #expect(RecordKey(key, of: set) == nil)
  }

  @Test func `a set of the name that rules do not fill holds no records`() {
    let it = Self.cases[0]
    #expect(RecordKey(it.key, of: Self.set(it.set, it.types, flags: [])) == nil)
    #expect(Self.set(it.set, it.types).recordedSide == .input)
  }
}
