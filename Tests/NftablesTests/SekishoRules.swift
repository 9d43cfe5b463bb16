import Addressing
import Nftables
import Testing

/// The rules that the ruleset compiler writes, as statements and as nft's text.
struct WrittenRule: Sendable, CustomTestStringConvertible {
  let statements: [Statement]
  /// In a file to load.
  let file: String
  /// In a listing; `nil`: the same.
  let listed: String?

  init(_ statements: [Statement], _ file: String, listed: String? = nil) {
    self.statements = statements
    self.file = file
    self.listed = listed
  }

  var testDescription: String { file }
}

enum SekishoRules {
  static let all: [WrittenRule] =
    skeleton + dispatch + services + [
      WrittenRule(
        [.match(.udpSport, .port(67)), .match(.udpDport, .port(68)), .accept],
        "udp sport 67 udp dport 68 accept"),
      WrittenRule(
        [.match(.ip6Saddr, .prefix(prefix("fe80::/10"))), .accept], "ip6 saddr fe80::/10 accept"),
      WrittenRule(
        [.match(.ipSaddr, .prefix(prefix("10.0.0.0/8"))), .accept], "ip saddr 10.0.0.0/8 accept"),
      WrittenRule(
        [.match(.ipSaddr, .notEqual, .prefix(prefix("10.0.0.0/9"))), .accept],
        "ip saddr != 10.0.0.0/9 accept"),
      WrittenRule(
        [.match(.ipDaddr, .prefix(prefix("224.0.0.18/32"))), .accept], "ip daddr 224.0.0.18 accept"),
      WrittenRule(
        [.match(.tcpDport, .ports(1000...2000)), .accept], "tcp dport 1000-2000 accept"),
    ]

  static let skeleton: [WrittenRule] = [
    WrittenRule([.match(.iif, .loopback), .accept], "iif \"lo\" accept"),
    WrittenRule([.match(.oif, .loopback), .accept], "oif \"lo\" accept"),
    WrittenRule(
      [
        .match(.icmpv6Type, .icmpTypes(.ipv6, [133, 134, 135, 136])),
        .match(.ip6Hoplimit, .byte(255)), .accept,
      ],
      "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } "
        + "ip6 hoplimit 255 accept"),
    WrittenRule(
      [
        .match(.time, .greaterOrEqual, .time(seconds: 1_806_537_600)),
        .match(.ctDirection, .direction(.original)), .match(.tcpDport, .port(5432)),
        .match(.ipSaddr, .named("api.v4")), .counter, .drop,
      ],
      "meta time >= 1806537600 ct direction original tcp dport 5432 ip saddr @api.v4 counter drop",
      listed: "meta time >= \"2027-04-01 00:00:00\" ct direction original tcp dport 5432 "
        + "ip saddr @api.v4 counter packets 0 bytes 0 drop"),
    WrittenRule(
      [
        .vmap(
          .ctState,
          InlineSet(states: [(.established, .accept), (.related, .accept), (.invalid, .drop)]))
      ],
      "ct state vmap { invalid : drop, established : accept, related : accept }"),
    WrittenRule(
      [.match(.ip6Saddr, .prefixes([prefix("::/96"), prefix("::ffff:0:0/96")])), .counter, .drop],
      "ip6 saddr { ::/96, ::ffff:0.0.0.0/96 } counter drop"),
    WrittenRule([.match(.fibSaddrType, .local), .counter, .drop], "fib saddr type local counter drop"),
    WrittenRule(
      [.match(.tcpFlags([.fin, .syn, .rst, .ack]), .notEqual, .tcpFlags(.syn)), .counter, .drop],
      "tcp flags & (fin | syn | rst | ack) != syn counter drop",
      listed: "tcp flags != syn / fin,syn,rst,ack counter packets 0 bytes 0 drop"),
    WrittenRule([.match(.ctStatus, .status(.dnat)), .goto("in.dnat")], "ct status dnat goto in.dnat"),
    WrittenRule(
      [.match(.ctState, .states([.established, .related])), .accept],
      "ct state established,related accept"),
    WrittenRule([.counter, .drop], "counter drop"),
    WrittenRule(
      [.counter, .reject(.adminProhibited)], "counter reject with icmpx admin-prohibited"),
    WrittenRule([.jump("in.ssh")], "jump in.ssh"),
  ]

  static let dispatch: [WrittenRule] = [
    WrittenRule(
      [.vmap(.concatenation([.l4Proto, .thDport]), "in")], "meta l4proto . th dport vmap @in"),
    WrittenRule([.vmap(.tcpDport, "in.tcp")], "tcp dport vmap @in.tcp"),
    WrittenRule([.vmap(.icmpType, "in.icmp")], "icmp type vmap @in.icmp"),
    WrittenRule([.vmap(.icmpv6Type, "in.icmpv6")], "icmpv6 type vmap @in.icmpv6"),
    WrittenRule([.vmap(.l4Proto, "in.other")], "meta l4proto vmap @in.other"),
    WrittenRule(
      [.match(.l4Proto, .ipProtocol(.tcp)), .vmap(.ctOriginalDport, "in.tcp")],
      "meta l4proto tcp ct original proto-dst vmap @in.tcp"),
    WrittenRule(
      [
        .match(.l4Proto, .protocols([.tcp, .udp, .sctp])),
        .match(.concatenation([.ipSaddr, .l4Proto, .thDport]), .notEqual, .named("denied-in.v4")),
        .update("asking.v4", .ipSaddr, [.limit(Limit(rate: 20, unit: 3600, burst: 500, over: true))]),
        .counter, .return,
      ],
      "meta l4proto { tcp, udp, sctp } ip saddr . meta l4proto . th dport != @denied-in.v4 "
        + "update @asking.v4 { ip saddr limit rate over 20/hour burst 500 packets } counter return",
      listed: "meta l4proto { tcp, udp, sctp } ip saddr . meta l4proto . th dport != @denied-in.v4 "
        + "update @asking.v4 { ip saddr limit rate over 20/hour burst 500 packets } counter packets 0 bytes 0 return"
    ),
    WrittenRule(
      [
        .match(.l4Proto, .protocols([.tcp, .udp, .sctp])), .limit(Limit(rate: 500, burst: 1000)),
        .update("denied-in.v4", .concatenation([.ipSaddr, .l4Proto, .thDport]), [.counter]), .return,
      ],
      "meta l4proto { tcp, udp, sctp } limit rate 500/second burst 1000 packets "
        + "update @denied-in.v4 { ip saddr . meta l4proto . th dport counter } return"),
    WrittenRule(
      [
        .match(.concatenation([.ipSaddr, .icmpType]), .notEqual, .named("denied-icmp.v4")),
        .limit(Limit(rate: 500, burst: 1000, over: true)), .return,
      ],
      "ip saddr . icmp type != @denied-icmp.v4 limit rate over 500/second burst 1000 packets return"),
    WrittenRule(
      [.update("denied-icmp.v4", .concatenation([.ipSaddr, .icmpType]), [.counter]), .return],
      "update @denied-icmp.v4 { ip saddr . icmp type counter } return"),
  ]

  static let services: [WrittenRule] = [
    WrittenRule([.match(.ipSaddr, .named("api.v4")), .counter, .accept], "ip saddr @api.v4 counter accept"),
    WrittenRule(
      [.match(.ipSaddr, .named("api.v4")), .match(.ipDaddr, .named("a.v4")), .counter, .accept],
      "ip saddr @api.v4 ip daddr @a.v4 counter accept"),
    WrittenRule(
      [.match(.nfProto, .family(.ipv4)), .counter, .accept], "meta nfproto ipv4 counter accept"),
    WrittenRule([.match(.tcpSport, .port(53)), .counter, .accept], "tcp sport 53 counter accept"),
  ]

  /// The sets and maps that the rules refer to.
  static let sets: [NamedSet] = [
    NamedSet(
      name: "a.v4", key: [.ipv4Address], flags: .interval,
      elements: SetElements(
        keyLength: 4, keys: [10, 0, 0, 0, 192, 168, 1, 3],
        lastKeys: [10, 255, 255, 255, 192, 168, 1, 9])),
    NamedSet(
      name: "api.v4", key: [.ipv4Address], size: 64, comment: "peers of api",
      elements: SetElements(keyLength: 4, keys: [10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3])),
    NamedSet(
      name: "asking.v4", key: [.ipv4Address], flags: [.dynamic, .timeout], size: 16_384,
      timeout: 86_400_000, elements: .none(keyLength: 4)),
    NamedSet(
      name: "denied-icmp.v4", key: [.ipv4Address, .icmpType], flags: [.dynamic, .timeout], size: 4096,
      timeout: 86_400_000, elements: .none(keyLength: 8)),
    NamedSet(
      name: "denied-in.v4", key: [.ipv4Address, .inetProto, .inetService], flags: [.dynamic, .timeout],
      size: 65535, timeout: 3_600_000, elements: .none(keyLength: 12)),
    NamedSet(
      name: "in", key: [.inetProto, .inetService], data: [.verdict], size: 128,
      elements: SetElements(
        keyLength: 8, keys: [6, 0, 0, 0, 0, 22, 0, 0, 17, 0, 0, 0, 0, 53, 0, 0],
        payload: .verdicts([.jump("in.ssh"), .jump("in.dns")]))),
    NamedSet(
      name: "in.icmp", key: [.icmpType], data: [.verdict],
      elements: SetElements(keyLength: 1, keys: [8], payload: .verdicts([.goto("in.ssh")]))),
    NamedSet(
      name: "in.icmpv6", key: [.icmpv6Type], data: [.verdict],
      elements: SetElements(keyLength: 1, keys: [128], payload: .verdicts([.jump("in.ssh")]))),
    NamedSet(
      name: "in.other", key: [.inetProto], data: [.verdict],
      elements: SetElements(keyLength: 1, keys: [112], payload: .verdicts([.jump("in.ssh")]))),
    NamedSet(
      name: "in.tcp", key: [.inetService], data: [.verdict], flags: .interval,
      elements: SetElements(
        keyLength: 2, keys: [0, 22, 3, 232], lastKeys: [0, 22, 7, 208],
        payload: .verdicts([.jump("in.ssh"), .goto("in.dns")]))),
  ]

  /// Every rule in one table.
  static func table() throws -> Table {
    let rules = try all.enumerated().map { index, rule in
      try Rule(rule.statements, in: .inet, comment: index.isMultiple(of: 3) ? "rule \(index)" : nil)
    }
    return Table(
      family: .inet, name: "sekisho", comment: "made for a test",
      chains: [
        Chain(name: "in.dnat", rules: []),
        Chain(name: "in.dns", rules: [try Rule([.counter, .drop], in: .inet)]),
        Chain(
          name: "in.ssh",
          rules: [try Rule([.match(.ipSaddr, .named("api.v4")), .accept], in: .inet, comment: "api-to-db")]),
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop), comment: "into this host",
          rules: rules),
      ], sets: sets)
  }

  private static func prefix(_ text: String) -> Prefix {
    (try? Prefix(parsing: text)) ?? Prefix(containing: Address(.ipv4, 0), length: 0)
  }
}
