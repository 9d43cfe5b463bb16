import Nftables
import Testing

@Suite struct TextSafetyTests {
  static let tcpWindow = HeaderField(header: "tcp", name: "window") ?? .thSport

  static let attacks = [
    "x\" accept comment \"", "x\naccept", "x\r", "tab\there", "nul\0", "escape\u{1b}[31m", "\u{7f}",
    "\u{202e}tpecca", "\u{2066}x", "\u{200b}", "\u{200f}", "\u{2028}", "\u{85}", "\u{feff}", "\u{e0041}",
    String(repeating: "x", count: 129),
  ]

  @Test(arguments: attacks)
  func `a text that could end or disguise itself is refused wherever it stands`(text: String) throws {
    let rule = Rule([.verdict(.drop)], comment: text)
    let log = Rule([.log(Log(prefix: text))])
    let element = SetElements(keyLength: 4, keys: [1, 2, 3, 4], attributes: [0: .init(comment: text)])
    let tables = [
      Table(family: .inet, name: "t", comment: text, chains: [], sets: []),
      Table(family: .inet, name: "t", chains: [Chain(name: "c", comment: text, rules: [])], sets: []),
      Table(family: .inet, name: "t", chains: [Chain(name: "c", rules: [rule])], sets: []),
      Table(family: .inet, name: "t", chains: [Chain(name: "c", rules: [log])], sets: []),
      Table(
        family: .inet, name: "t", chains: [],
        sets: [NamedSet(name: "s", key: [.ipv4Address], comment: text, elements: .none(keyLength: 4))]),
      Table(
        family: .inet, name: "t", chains: [],
        sets: [NamedSet(name: "s", key: [.ipv4Address], elements: element)]),
    ]
    for table in tables {
      #expect(throws: TextError.self) { try table.fileText() }
      #expect(throws: TextError.self) { try table.listing() }
      #expect(throws: TextError.self) { try table.fileJSON() }
    }
    if text.utf8.count < 129 {
      #expect(throws: TextError.self) {
        try Table(family: .inet, name: "t", chains: [], sets: []).fileText(header: [text])
      }
    }
  }

  @Test(arguments: ["a b", "a;b", "9lives", "tcp", "drop", "counter", "naïve", "a\"b", "x{", "#x"])
  func `a name that nft would not read as one word is refused in a file`(name: String) throws {
    let chain = try ChainName(name)
    let tables = [
      Table(family: .inet, name: try TableName(name), chains: [], sets: []),
      Table(family: .inet, name: "t", chains: [Chain(name: chain, rules: [])], sets: []),
      Table(
        family: .inet, name: "t", chains: [Chain(name: "c", rules: [Rule([.verdict(.jump(chain))])])],
        sets: []),
      Table(
        family: .inet, name: "t", chains: [],
        sets: [NamedSet(name: try SetName(name), key: [.mark], elements: .none(keyLength: 4))]),
    ]
    for table in tables { #expect(throws: TextError.notAName(name)) { try table.fileText() } }
  }

  @Test func `an interface name is held to the rules of texts`() throws {
    for name in ["a\"b", "a\nb", "a*b", "a\\b"] {
      let bytes = Array(name.utf8) + [UInt8](repeating: 0, count: 16 - name.utf8.count)
      let rule = try Rule([.match(.iifname, .value(bytes)), .accept], in: .inet)
      #expect(throws: TextError.self) { try rule.text(in: .inet) }
    }
  }

  @Test func `steps that nft has no words for never reach a file`() throws {
    let rule = Rule([.opaque(name: "quota", attributes: [1, 2]), .counter, .verdict(.accept)])
    #expect(try rule.text(in: .inet) == "(opaque quota) counter packets 0 bytes 0 accept")
    #expect(throws: TextError.opaque("quota")) { try rule.text(in: .inet, style: .file) }
  }

  @Test(arguments: [
    [Statement.match(.udpSport, .port(67)), .counter, .match(.udpDport, .port(68))],
    [.match(.udpSport, .port(67)), .limit(Limit(rate: 1, burst: 5)), .match(.udpDport, .port(68))],
    [.match(.tcpFlags, .flags([2])), .match(.field(Self.tcpWindow), .value([0, 5]))],
  ])
  func `what nft would make something else of never reaches a file`(statements: [Statement]) throws {
    let rule = try Rule(statements, in: .inet)
    #expect(rule.statements(in: .inet) == statements)
    #expect(throws: TextError.self) { try rule.text(in: .inet, style: .file) }
  }

  @Test(arguments: [
    // What implies a match is loaded again only behind the match.
    (
      [Expression.counter, .compare(.equal, .r1, [6])], "counter packets 0 bytes 0 (opaque cmp)"
    ),
    (
      [
        .meta(.l4Proto, into: .r1), .compare(.equal, .r1, [6]), .counter,
        .payload(base: .transport, offset: 2, length: 2, into: .r1), .compare(.equal, .r1, [0, 22]),
      ],
      "meta l4proto tcp counter packets 0 bytes 0 tcp dport 22"
    ),
    // Without the protocol, a port of any of them.
    (
      [.payload(base: .transport, offset: 2, length: 2, into: .r1), .compare(.equal, .r1, [0, 22])],
      "th dport 22"
    ),
    // A load into another register is no match.
    (
      [.meta(.l4Proto, into: .at(byte: 16)), .compare(.equal, .at(byte: 16), [6])],
      "(opaque meta cmp)"
    ),
    // Compared in the wrong byte order.
    (
      [.meta(.mark, into: .r1), .compare(.less, .r1, [1, 0, 0, 0])], "(opaque meta cmp)"
    ),
    // An address of the wrong family's header.
    (
      [
        .meta(.nfProto, into: .r1), .compare(.equal, .r1, [10]),
        .payload(base: .network, offset: 12, length: 4, into: .r1), .compare(.equal, .r1, [1, 2, 3, 4]),
      ],
      "meta nfproto ipv6 @nh,96,32 0x1020304"
    ),
  ])
  func `steps are shown as what they are`(steps: [Expression], text: String) throws {
    let rule = Rule(steps)
    #expect(try rule.text(in: .inet) == text)
    #expect(try Rule(rule.statements(in: .inet), in: .inet).expressions == steps)
  }
}
