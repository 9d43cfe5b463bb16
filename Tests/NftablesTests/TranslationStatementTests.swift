import Nftables
import Testing

/// Statements that translate: to the kernel's expressions and back, in text and JSON.
@Suite struct TranslationStatementTests {
  private static let address: [UInt8] = [10, 0, 0, 1]
  private static let statements: [(Family, [Statement], String)] = [
    (.inet, [.translate(TranslationStatement(.masquerade))], "masquerade"),
    (.inet, [.translate(TranslationStatement(.redirect))], "redirect"),
    (
      .inet,
      [
        .match(.tcpDport, .port(8080)),
        .translate(TranslationStatement(.redirect, ports: .value([0, 80]))),
      ], "redirect to :80"
    ),
    (
      .ipv4,
      [
        .match(.tcpDport, .port(8080)),
        .translate(
          TranslationStatement(
            .destination, family: .ipv4, addresses: .range(address, [10, 0, 0, 9]),
            ports: .range([0, 80], [0, 90]), flags: [.random, .persistent])),
      ], "dnat to 10.0.0.1-10.0.0.9:80-90 random persistent"
    ),
    (
      .inet,
      [
        .match(.tcpDport, .port(8080)),
        .translate(
          TranslationStatement(
            .destination, family: .ipv6,
            addresses: .value([0x20, 1, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1]),
            ports: .value([0, 80]))),
      ], "dnat ip6 to [2001:db8::1]:80"
    ),
    (
      .ipv4,
      [
        .translate(
          TranslationStatement(
            .source, family: .ipv4, addresses: .range([10, 1, 0, 0], [10, 1, 0, 255]), flags: .prefix))
      ], "snat prefix to 10.1.0.0/24"
    ),
    (
      .ipv4,
      [
        .translate(
          TranslationStatement(
            .destination, family: .ipv4,
            addresses: .map(
              .tcpDport,
              .inline(
                InlineSet(
                  key: [.inetService], data: [.ipv4Address, .inetService],
                  elements: SetElements(
                    keyLength: 2, keys: [0, 90], payload: .values(address + [0, 100, 0, 0], length: 8)))))))
      ], "dnat to tcp dport map { 90 : 10.0.0.1 . 100 }"
    ),
    (
      .inet,
      [
        .match(.tcpDport, .port(8080)),
        .translate(
          TranslationStatement(
            .socket, family: .ipv4, addresses: .value([127, 0, 0, 1]), ports: .value([0xc3, 0xa0]))), .accept,
      ], "tproxy ip to 127.0.0.1:50080"
    ),
  ]

  @Test(arguments: 0..<8)
  func `a translation is the same in expressions, words and JSON`(number: Int) throws {
    let (family, statements, text) = Self.statements[number]
    let rule = try Rule(statements, in: family)
    #expect(rule.statements(in: family) == statements)
    let translation = try #require(statements.first { if case .translate = $0 { true } else { false } })
    #expect(try translation.text(.listing, family: family) == text)
    let chain = Chain(
      name: "c", base: BaseChain(type: "nat", hook: .prerouting, policy: .accept), rules: [rule])
    let table = Table(family: family, name: "t", chains: [chain], sets: [])
    #expect(try again(table) == [table])
    #expect(Self.statements.count == 8)
  }

  private func again(_ table: Table) throws -> [Table] {
    try Table.tables(fromJSON: Array("{\"nftables\":".utf8) + Table.dump([table]) + Array("}".utf8))
  }

  @Test
  func `an expression that has no words keeps its bytes in a dump, and one without loses nothing it had`()
    throws
  {
    let steps: [Expression] = [
      .opaque(name: "match", attributes: [1, 2, 0xff]), .opaque(name: "last", attributes: []),
    ]
    let table = Table(
      family: .ipv4, name: "t", chains: [Chain(name: "c", rules: [Rule(steps)])], sets: [])
    #expect(try again(table) == [table])
    // A translation whose target is lost leads anywhere, not nowhere.
    let dump = """
      {"nftables":[{"table":{"family":"ip","name":"t"}},{"chain":{"family":"ip","table":"t","name":"c"}},\
      {"rule":{"family":"ip","table":"t","chain":"c","expr":[{"opaque":["redir"]}]}}]}
      """
    let read = try Table.tables(fromJSON: Array(dump.utf8))
    #expect(read[0].chains[0].rules[0].expressions == [.opaque(name: "json redirect", attributes: [])])
  }
}
