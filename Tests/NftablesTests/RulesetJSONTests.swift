import Nftables
import Testing

@Suite struct RulesetJSONTests {
  @Test func `a table reads back from JSON as it was`() throws {
    let table = try SekishoRules.table()
    let bytes = try table.fileJSON()
    let read = try Table.tables(fromJSON: bytes)
    #expect(read == [table])
    #expect(try read.first?.fileJSON() == bytes)
  }

  @Test func `other keys beside the ruleset do not matter`() throws {
    let table = Table(family: .ipv6, name: "t", chains: [], sets: [])
    let commands = String(decoding: try table.jsonCommands(), as: UTF8.self)
    let file = "{\"sekisho\":{\"format_version\":1,\"ratio\":1.5e3},\"nftables\":\(commands)}"
    #expect(try Table.tables(fromJSON: Array(file.utf8)) == [table])
  }

  static let start =
    "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"t\"}},"
    + "{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\"}}"
  static let set =
    start + ",{\"set\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"s\",\"type\":\"ipv4_addr\""
  static let rule = start + ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\",\"expr\":["

  @Test(arguments: [
    ("", "not JSON at byte 0: the text ends too early"),
    ("{}", "the key \"nftables\" is missing"),
    ("{\"nftables\":1}", "nftables: expected an array, found a number"),
    ("{\"nftables\":[{\"a\":1,\"a\":2}]}", "not JSON at byte 20: the key \"a\" stands twice"),
    (
      "{\"nftables\":[{\"table\":{\"family\":\"ipx\",\"name\":\"t\"}}]}",
      "nftables[0].table.family: no family is called \"ipx\""
    ),
    (
      "{\"nftables\":[{\"add\":{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\"}}}]}",
      "nftables[0].add.chain: there is no table inet t"
    ),
    (
      set + ",\"elem\":[\"10.0.0.1\",\"::1\"]}}]}",
      "nftables[2].set.elem[1]: \"::1\" is not an address of type ipv4_addr"
    ),
    (
      set + ",\"elem\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.1\"]}}]}",
      "nftables[2].set.elem[2]: the key of this element stands twice"
    ),
    (
      set + ",\"elem\":[\"010.0.0.1\"]}}]}",
      "nftables[2].set.elem[0]: \"010.0.0.1\" is not an address of type ipv4_addr"
    ),
    (
      set + ",\"flags\":[\"interval\"],\"elem\":[{\"prefix\":{\"addr\":\"10.0.0.1\",\"len\":8}}]}}]}",
      "nftables[2].set.elem[0].prefix: bits are set behind the prefix"
    ),
    (
      set + ",\"flags\":[\"interval\"],\"elem\":[{\"range\":[\"10.0.0.9\",\"10.0.0.1\"]}]}}]}",
      "nftables[2].set.elem[0].range: the last value is below the first"
    ),
    (
      rule + "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},"
        + "\"right\":70000}}]}}]}",
      "nftables[2].rule.expr[0].match.right: 70000 does not fit 16 bits of type inet_service"
    ),
    (
      rule + "{\"accept\":null},{\"jump\":{}}]}}]}",
      "nftables[2].rule.expr[1].jump: the key \"target\" is missing"
    ),
    (
      rule + "{\"limit\":{\"rate\":5,\"per\":\"year\"}}]}}]}",
      "nftables[2].rule.expr[0].limit.per: no unit is called \"year\""
    ),
  ])
  func `malformed text is refused with the place`(text: String, message: String) {
    do {
      _ = try Table.tables(fromJSON: Array(text.utf8))
      Issue.record("was read")
    } catch {
      #expect("\(error)" == message)
    }
  }

  @Test func `what is not modelled stays visible`() throws {
    let text =
      Self.rule + "{\"match\":{\"op\":\"==\",\"left\":{\"socket\":{\"key\":\"mark\"}},\"right\":1}},"
      + "{\"quota\":{\"val\":1,\"val_unit\":\"bytes\"}},{\"counter\":null},{\"accept\":null}]}},"
      + "{\"counter\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"web\",\"packets\":0,\"bytes\":0}}]}"
    let table = try #require(try Table.tables(fromJSON: Array(text.utf8)).first)
    #expect(table.others == [OpaqueObject(kind: "counter", name: "web")])
    let rule = try #require(table.chains.first?.rules.first)
    #expect(
      try rule.text(in: .inet)
        == #"(opaque json match: {"match": {"op": "==", "left": {"socket": {"key": "mark"}}, "right": 1}}) "#
        + #"(opaque json quota: {"quota": {"val": 1, "val_unit": "bytes"}}) counter packets 0 bytes 0 accept"#
    )
    #expect(throws: TextError.opaque("json match json quota")) { try rule.text(in: .inet, style: .file) }
    #expect(throws: TextError.self) { try table.fileJSON() }
  }

  @Test func `a set that would be declared with keys or data of another width is not written`() throws {
    // As `typeof ct expiration` makes it: 4 bytes, where `type time` has 8.
    let narrow = NamedSet(name: "s", key: [.time], elements: .none(keyLength: 4))
    let wide = NamedSet(
      name: "m", key: [.mark], data: [.time],
      elements: SetElements(
        keyLength: 4, keys: [0, 0, 0, 1], payload: .values([0, 0, 0, 1], length: 4)))
    for set in [narrow, wide] {
      let table = Table(family: .inet, name: "t", chains: [], sets: [set])
      #expect(throws: TextError.self) { try table.fileJSON() }
      #expect(throws: TextError.self) { try table.fileText() }
    }
    let table = Table(family: .inet, name: "t", chains: [], sets: [narrow])
    #expect(try String(decoding: table.listing(), as: UTF8.self).contains("type time"))
  }

  @Test func `deep nesting and long keys are refused in bounded time`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: RulesetJSONError.self) { try Table.tables(fromJSON: Array(deep.utf8)) }
    let objects = String(repeating: "{\"a\":", count: 100_000)
    #expect(throws: RulesetJSONError.self) { try Table.tables(fromJSON: Array(objects.utf8)) }
  }
}
