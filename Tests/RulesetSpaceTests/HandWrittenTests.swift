import Addressing
import ConnectionSpace
import Nftables
import RulesetSpace
import Testing

/// Rulesets as people write them.
@Suite struct HandWrittenTests {
  private static let office = AddressSet([
    Prefix(containing: Address(.ipv4, 0xc0a8_0000), length: 16)
  ])
  private static let v4 = AddressSet(ipv4: .all)

  private func chain(_ rules: [[Statement]], policy: ChainPolicy = .drop, hook: Hook = .input) throws -> Chain
  {
    Chain(
      name: ChainName(checked: "c\(hook.rawValue)"), base: BaseChain(hook: hook, policy: policy),
      rules: try rules.map { try Rule($0, in: .inet) })
  }

  private func table(
    _ chains: [Chain], named name: TableName = "filter", sets: [NamedSet] = [], flags: TableFlags = []
  )
    -> Table
  {
    Table(family: .inet, name: name, flags: flags, chains: chains, sets: sets)
  }

  /// A host's firewall as most tutorials have it.
  private var usual: [[Statement]] {
    [
      [.match(.ctState, .states([.established, .related])), .accept],
      [.match(.iif, .loopback), .accept],
      [.match(.ctState, .states(.invalid)), .drop],
      [
        .match(.ipSaddr, .prefix(Prefix(containing: Address(.ipv4, 0xc0a8_0000), length: 16))),
        .match(.tcpDport, .port(22)), .accept,
      ],
      [.match(.tcpDport, .inline(.inetService, [[0, 80], [1, 187]])), .counter, .accept],
    ]
  }

  @Test func `a usual firewall lets in what it says`() throws {
    let universe = Universe()
    let space = try RulesetSpace([table([chain(usual)])], .ingress, in: universe)
    #expect(space.isExact)
    let expected = try universe.space(of: [
      Rectangle(.ingress, .tcp, from: Self.office, to: Self.v4, .ports(PortSet([22...22]))),
      Rectangle(.ingress, .tcp, from: .all, to: .all, .ports(PortSet([80...80, 443...443]))),
    ])
    #expect(space.lower == expected)
    // One family's web, the other family's web, and the office's shell.
    #expect(try space.lower.rectangles().count == 3)
  }

  @Test func `what one table drops another one does not save`() throws {
    let universe = Universe()
    let open = try chain([], policy: .accept)
    let closed = try chain([[.match(.tcpDport, .port(80)), .drop]], policy: .accept)
    let both = try RulesetSpace(
      [table([open], named: "a"), table([closed], named: "b")], .ingress, in: universe)
    let one = try RulesetSpace([table([closed], named: "b")], .ingress, in: universe)
    #expect(both.lower == one.lower && both.isExact)
    let dropped = Rectangle(.ingress, .tcp, from: .all, to: .all, .ports(PortSet([80...80])))
    let everything = try RulesetSpace([], .ingress, in: universe).lower
    #expect(try everything.subtracting(both.lower) == universe.space(of: [dropped]))
    // A drop ahead of the hook counts too, one of another hook and one of a dormant table do not.
    let early = try chain([[.match(.tcpDport, .port(81)), .drop]], policy: .accept, hook: .prerouting)
    let other = try chain([[.drop]], policy: .drop, hook: .output)
    let all = try RulesetSpace(
      [
        table([open, early, other], named: "a"), table([closed], named: "b"),
        table([chain([])], named: "c", flags: .dormant),
      ], .ingress,
      in: universe)
    let alsoDropped = Rectangle(.ingress, .tcp, from: .all, to: .all, .ports(PortSet([81...81])))
    #expect(try everything.subtracting(all.upper) == universe.space(of: [dropped, alsoDropped]))
    #expect(all.isExact)
  }

  @Test func `what depends on more than the connection may pass`() throws {
    let ssh = PortSet([22...22])
    let doubtful: [Statement] = [
      .limit(Limit(rate: 1, burst: 5)), .match(.tcpSport, .port(1023)),
      .match(.iifname, .value(Array("eth0".utf8) + Array(repeating: 0, count: 12))),
      .match(.meta(.mark), .host32(1)), .match(.fibSaddrType, .local),
      .opaque([.opaque(name: "socket", attributes: [])]),
    ]
    for statement in doubtful {
      let universe = Universe()
      let rule: [Statement] = [.match(.tcpDport, .port(22)), statement, .accept]
      let space = try RulesetSpace([table([chain([rule])])], .ingress, in: universe)
      #expect(space.lower.isEmpty, "\(statement)")
      let may = try universe.space(of: [Rectangle(.ingress, .tcp, from: .all, to: .all, .ports(ssh))])
      #expect(space.upper == may, "\(statement)")
      // The same ahead of a drop, where everything else passes.
      let reversed = try RulesetSpace(
        [table([chain([Array(rule.dropLast()) + [.drop]], policy: .accept)])], .ingress, in: universe)
      let everything = try RulesetSpace([], .ingress, in: universe).lower
      #expect(reversed.upper == everything)
      #expect(try reversed.lower == everything.subtracting(may))
    }
  }

  @Test func `doubt that makes no difference leaves none`() throws {
    let universe = Universe()
    // Logged up to a rate, then accepted whatever the rate was.
    let rules: [[Statement]] = [
      [.match(.tcpDport, .port(22)), .limit(Limit(rate: 1, burst: 5)), .jump("note")],
      [.match(.tcpDport, .port(22)), .match(.tcpSport, .port(1023)), .accept],
      [.match(.tcpDport, .port(22)), .accept],
    ]
    let note = Chain(name: "note", rules: [try Rule([.counter], in: .inet)])
    let space = try RulesetSpace([table([chain(rules), note])], .ingress, in: universe)
    #expect(space.isExact)
    #expect(
      try space.lower
        == universe.space(of: [Rectangle(.ingress, .tcp, from: .all, to: .all, .ports(PortSet([22...22])))]))
  }

  @Test func `what an unknown expression does is not guessed`() throws {
    let universe = Universe()
    let rules: [[Statement]] = [
      [.match(.tcpDport, .port(22)), .opaque([.opaque(name: "from the future", attributes: [1])])],
      [.match(.tcpDport, .port(80)), .verdict(.queue(0))],
    ]
    let everything = try RulesetSpace([], .ingress, in: universe).lower
    let touched = try universe.space(of: [
      Rectangle(.ingress, .tcp, from: .all, to: .all, .ports(PortSet([22...22, 80...80])))
    ])
    let open = try RulesetSpace([table([chain(rules, policy: .accept)])], .ingress, in: universe)
    #expect(open.upper == everything)
    #expect(try open.lower == everything.subtracting(touched))
    let closed = try RulesetSpace([table([chain(rules, policy: .drop)])], .ingress, in: universe)
    #expect(closed.upper == touched)
    #expect(closed.lower.isEmpty)
  }

  @Test func `ranges of a concatenation are a box, not one long range`() throws {
    func key(_ address: UInt32, _ port: UInt16) -> [UInt8] {
      Address(.ipv4, UInt128(address)).networkBytes + [UInt8(port >> 8), UInt8(port & 0xff), 0, 0]
    }
    let set = NamedSet(
      name: "pairs", key: [.ipv4Address, .inetService], flags: [.interval, .concatenated],
      elements: SetElements(
        keyLength: 8, keys: key(0x0a00_0001, 80) + key(0x0a00_0003, 22),
        lastKeys: key(0x0a00_0005, 90) + key(0x0a00_0003, 22)))
    let universe = Universe()
    let rule: [Statement] = [
      .match(.l4Proto, .ipProtocol(.tcp)), .match(.concatenation([.ipSaddr, .tcpDport]), .named("pairs")),
      .accept,
    ]
    let space = try RulesetSpace([table([chain([rule])], sets: [set])], .ingress, in: universe)
    func addresses(_ range: ClosedRange<UInt32>) -> AddressSet { AddressSet(ipv4: IntervalSet([range])) }
    #expect(space.isExact)
    #expect(
      try space.lower
        == universe.space(of: [
          Rectangle(
            .ingress, .tcp, from: addresses(0x0a00_0001...0x0a00_0005), to: Self.v4,
            .ports(PortSet([80...90]))),
          Rectangle(
            .ingress, .tcp, from: addresses(0x0a00_0003...0x0a00_0003), to: Self.v4,
            .ports(PortSet([22...22]))),
        ]))
  }

  @Test func `fields that are loaded and compared at once, masks, and orders are understood`() throws {
    let universe = Universe()
    let both: [Expression] = [
      .meta(.nfProto, into: .r1), .compare(.equal, .r1, [2]),
      .payload(base: .network, offset: 12, length: 8, into: .r1),
      .compare(.notEqual, .r1, [10, 0, 0, 1, 10, 0, 0, 2]), .verdict(.drop),
    ]
    let odd: [Expression] = [
      .meta(.l4Proto, into: .r1), .compare(.equal, .r1, [6]),
      .payload(base: .transport, offset: 2, length: 2, into: .r1),
      .bitwise(from: .r1, into: .r1, mask: [0, 1], xor: [0, 0]), .compare(.equal, .r1, [0, 1]),
      .verdict(.drop),
    ]
    let everySecond: [Expression] = [
      .meta(.nfProto, into: .r1), .compare(.equal, .r1, [2]),
      .payload(base: .transport, offset: 2, length: 2, into: .r1), .compare(.equal, .r1, [0x27, 0x0e]),
      .payload(base: .network, offset: 12, length: 4, into: .r1),
      .bitwise(from: .r1, into: .r1, mask: [0, 0, 0, 1], xor: [0, 0, 0, 0]),
      .compare(.equal, .r1, [0, 0, 0, 1]), .verdict(.drop),
    ]
    let late: [Expression] = [
      .meta(.nfProto, into: .r1), .compare(.equal, .r1, [10]),
      .payload(base: .network, offset: 8, length: 16, into: .r1),
      .bitwise(
        from: .r1, into: .r1, mask: Array(repeating: 0xff, count: 6) + Array(repeating: 0, count: 10),
        xor: Array(repeating: 0, count: 16)),
      .compare(.greaterOrEqual, .r1, [0x20, 1, 0x0d, 0xb8, 0, 1] + Array(repeating: 0, count: 10)),
      .verdict(.drop),
    ]
    let chain = Chain(
      name: "in", base: BaseChain(hook: .input, policy: .accept),
      rules: [both, odd, everySecond, late].map { Rule($0) })
    let space = try RulesetSpace([table([chain])], .ingress, in: universe)
    func point(_ source: Address, _ destination: Address, _ port: UInt16) -> Point {
      Point(.ingress, from: source, to: destination, .tcp, kind: port)
    }
    let (a, b) = (Address(.ipv4, 0x0a00_0001), Address(.ipv4, 0x0a00_0002))
    #expect(space.lower.contains(point(a, b, 80)))
    #expect(!space.upper.contains(point(b, a, 80)))
    #expect(!space.upper.contains(point(a, b, 81)))
    // Every second address is too many ranges: any source may be one.
    #expect(space.upper.contains(point(b, b, 9998)) == false)
    #expect(space.upper.contains(point(a, b, 9998)))
    #expect(!space.lower.contains(point(a, b, 9998)))
    let low = Address(.ipv6, 0x2001_0db8 << 96 | 0xffff)
    let high = Address(.ipv6, 0x2001_0db8_0001 << 80)
    #expect(space.lower.contains(Point(.ingress, from: low, to: low, .esp)))
    #expect(!space.upper.contains(Point(.ingress, from: high, to: low, .esp)))
  }

  @Test func `elements that come and go are no promise`() throws {
    let universe = Universe()
    let keys = Address(.ipv4, 0x0a00_0001).networkBytes
    let timed = NamedSet(
      name: "timed", key: [.ipv4Address], flags: .timeout, elements: SetElements(keyLength: 4, keys: keys))
    let dynamic = NamedSet(
      name: "dynamic", key: [.ipv4Address], flags: [.dynamic, .timeout], elements: .none(keyLength: 4))
    let rules: [[Statement]] = [
      [.match(.ipSaddr, .named("timed")), .match(.tcpDport, .port(22)), .accept],
      [.match(.ipSaddr, .named("dynamic")), .match(.tcpDport, .port(23)), .accept],
    ]
    let space = try RulesetSpace([table([chain(rules)], sets: [timed, dynamic])], .ingress, in: universe)
    #expect(space.lower.isEmpty)
    #expect(
      try space.upper
        == universe.space(of: [
          Rectangle(
            .ingress, .tcp, from: AddressSet([Address(.ipv4, 0x0a00_0001)]), to: Self.v4,
            .ports(PortSet([22...22]))),
          Rectangle(.ingress, .tcp, from: Self.v4, to: Self.v4, .ports(PortSet([23...23]))),
        ]))
  }

  @Test func `the lower bound of established packets says whether replies pass`() throws {
    let universe = Universe()
    let established = Circumstances(state: .established)
    let everything = try RulesetSpace([], .ingress, in: universe).lower
    #expect(
      try RulesetSpace([table([chain(usual)])], .ingress, established, in: universe).lower == everything)
    let without = Array(usual.dropFirst())
    let space = try RulesetSpace([table([chain(without)])], .ingress, established, in: universe)
    #expect(space.lower != everything)
    #expect(try RepliesPass([table([chain(usual)])], .ingress, in: universe) == .all)
    #expect(try RepliesPass([table([chain(without)])], .ingress, in: universe) == .notAll)
    let establishedOnly = [[Statement.match(.ctState, .states(.established)), .accept]] + without
    #expect(try RepliesPass([table([chain(establishedOnly)])], .ingress, in: universe) == .notAll)
  }

  @Test func `a chain that leads to itself promises nothing`() throws {
    let universe = Universe()
    let loop = Chain(name: "loop", rules: [try Rule([.jump("loop")], in: .inet)])
    let space = try RulesetSpace([table([chain([[.jump("loop")]]), loop])], .ingress, in: universe)
    #expect(space.lower.isEmpty)
    #expect(try space.upper == RulesetSpace([], .ingress, in: universe).lower)
  }
}
