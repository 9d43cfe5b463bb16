import Addressing
import ConnectionSpace
import Nftables
import RulesetSpace
import Testing

/// Rulesets that translate destinations, as nft(8) writes them in JSON.
@Suite struct TranslationTests {
  private static let own = [Address(.ipv4, 0x0a00_0001), Address(.ipv6, 0x2001_0db8 << 96 | 1)]
  private static let behind = Address(.ipv4, 0xac11_0002)
  private static let client = Address(.ipv4, 0x0a00_0009)

  /// What may become of a connection that a client asks for.
  private enum Fate: String {
    case passes, stopped, may
  }

  /// A ruleset: base chains by hook, each with its rules' statements in JSON.
  private struct Case {
    let name: String
    let chains: [(hook: String, type: String, priority: Int, policy: String, rules: [String])]
    var family = "inet"
    /// Port that is asked for at the host, or at `behind`, and what becomes of it.
    let expected: [(port: UInt16, isBehind: Bool, fate: Fate)]
  }

  private static func match(_ port: Int) -> String {
    "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":\(port)}}"
  }

  private static func daddr(_ address: String) -> String {
    "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"daddr\"}},\"right\":\"\(address)\"}}"
  }

  private static let accept = "{\"accept\":null}"
  private static let drop = "{\"drop\":null}"
  private static let input80 = ("input", "filter", 0, "drop", [match(80) + "," + accept])
  private static let forward80 = (
    "forward", "filter", 0, "drop", [daddr("172.17.0.2") + "," + match(80) + "," + accept]
  )

  private static let map = """
    {"dnat":{"family":"ip","addr":{"map":{"key":{"payload":{"protocol":"tcp","field":"dport"}},\
    "data":{"set":[[8080,{"concat":["172.17.0.2",80]}],[8081,{"concat":["172.17.0.2",81]}],\
    [8082,{"concat":["10.0.0.1",80]}]]}}}}}
    """

  private static let cases: [Case] = [
    Case(
      name: "a port is redirected to one that is open",
      chains: [
        input80, ("prerouting", "nat", -100, "accept", [match(8080) + ",{\"redirect\":{\"port\":80}}"]),
      ],
      expected: [(80, false, .passes), (8080, false, .passes), (8081, false, .stopped)]),
    Case(
      name: "a port is redirected away from the one that is open",
      chains: [
        input80, ("prerouting", "nat", -100, "accept", [match(80) + ",{\"redirect\":{\"port\":81}}"]),
      ],
      expected: [(80, false, .stopped), (81, false, .stopped)]),
    Case(
      name: "what is behind the host is led to it",
      chains: [
        input80, ("prerouting", "nat", -100, "accept", [match(81) + ",{\"redirect\":{\"port\":80}}"]),
      ],
      expected: [(81, true, .passes), (80, true, .passes), (82, true, .passes)]),
    Case(
      name: "what is asked of the host is led behind it",
      chains: [
        input80, forward80,
        (
          "prerouting", "nat", -100, "accept",
          [match(8080) + ",{\"dnat\":{\"family\":\"ip\",\"addr\":\"172.17.0.2\",\"port\":80}}"]
        ),
      ],
      expected: [
        (8080, false, .passes), (80, false, .passes), (80, true, .passes), (8080, true, .passes),
        (443, true, .stopped),
      ]),
    Case(
      name: "a map leads each port elsewhere",
      chains: [input80, forward80, ("prerouting", "nat", -100, "accept", [map])],
      expected: [
        (8080, false, .passes), (8081, false, .stopped), (8082, false, .passes),
        (8083, false, .stopped), (8082, true, .passes),
      ]),
    Case(
      name: "chains ahead of the translation see what was asked for, those behind it what it became",
      chains: [
        ("prerouting", "filter", -150, "accept", [match(8080) + "," + drop]),
        ("prerouting", "filter", -50, "accept", [match(81) + "," + drop]),
        (
          "prerouting", "nat", -100, "accept",
          [
            match(8080) + ",{\"redirect\":{\"port\":80}}", match(8081) + ",{\"redirect\":{\"port\":81}}",
            match(8082) + ",{\"redirect\":{\"port\":80}}",
          ]
        ),
      ],
      expected: [
        (8080, false, .stopped), (8081, false, .stopped), (8082, false, .passes),
        (81, false, .stopped), (80, false, .passes),
      ]),
    Case(
      name: "a chain that translates is called with the others of its kind, whatever its priority",
      chains: [
        ("prerouting", "nat", 50, "accept", [match(8080) + ",{\"redirect\":{\"port\":80}}"]),
        ("prerouting", "filter", 0, "accept", [match(80) + "," + drop]),
      ],
      expected: [(8080, false, .stopped), (80, false, .stopped), (81, false, .passes)]),
    Case(
      name: "the first rule that translates decides, and an accept is no translation",
      chains: [
        input80,
        (
          "prerouting", "nat", -110, "accept",
          [match(8081) + "," + accept, match(8080) + ",{\"redirect\":{\"port\":81}}"]
        ),
        (
          "prerouting", "nat", -90, "accept",
          [match(8080) + ",{\"redirect\":{\"port\":80}}", match(8081) + ",{\"redirect\":{\"port\":80}}"]
        ),
      ],
      expected: [(8080, false, .stopped), (8081, false, .passes)]),
    Case(
      name: "a range of ports may be any of them",
      chains: [
        (
          "input", "filter", 0, "drop",
          [
            "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":{\"range\":[80,90]}}},"
              + accept
          ]
        ),
        (
          "prerouting", "nat", -100, "accept",
          [
            match(8080) + ",{\"redirect\":{\"port\":{\"range\":[82,85]}}}",
            match(8081) + ",{\"redirect\":{\"port\":{\"range\":[85,95]}}}",
            match(8082) + ",{\"redirect\":{\"port\":{\"range\":[91,95]}}}",
          ]
        ),
      ],
      expected: [(8080, false, .passes), (8081, false, .may), (8082, false, .stopped), (84, false, .passes)]),
    Case(
      name: "what is not followed is uncertain for what it is about, and for nothing else",
      chains: [
        input80,
        (
          "prerouting", "nat", -100, "accept",
          [
            match(9999)
              + ",{\"dnat\":{\"addr\":{\"map\":{\"key\":{\"numgen\":{\"mode\":\"inc\",\"mod\":2,\"offset\":0}},\"data\":{\"set\":[[0,\"10.0.0.1\"],[1,\"172.17.0.2\"]]}}}}}",
            match(9998) + ",{\"dnat\":{\"addr\":{\"of the future\":1}}}",
          ]
        ),
      ], family: "ip",
      expected: [(80, false, .passes), (9999, false, .may), (9998, false, .may), (443, false, .stopped)]),
    Case(
      name: "the port that was asked for, and whether it is another, can be asked",
      chains: [
        (
          "input", "filter", 0, "drop",
          [
            "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"status\"}},\"right\":\"dnat\"}},{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":80}},{\"match\":{\"op\":\"==\",\"left\":{\"ct\":{\"key\":\"proto-dst\",\"dir\":\"original\"}},\"right\":8080}},"
              + accept
          ]
        ),
        (
          "prerouting", "nat", -100, "accept",
          [
            match(8080) + ",{\"redirect\":{\"port\":80}}", match(8081) + ",{\"redirect\":{\"port\":80}}",
          ]
        ),
      ],
      expected: [(8080, false, .passes), (8081, false, .stopped), (80, false, .stopped)]),
    Case(
      name: "what connection tracking leaves alone is not translated, and not new",
      chains: [
        ("prerouting", "filter", -300, "accept", [match(8080) + ",{\"notrack\":null}"]),
        ("prerouting", "nat", -100, "accept", [match(8080) + ",{\"redirect\":{\"port\":80}}"]),
        (
          "input", "filter", 0, "drop",
          [
            match(80) + "," + accept,
            "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"untracked\"}},"
              + match(8080) + "," + accept,
          ]
        ),
      ],
      expected: [(80, false, .passes), (8080, false, .passes), (8081, false, .stopped)]),
  ]

  @Test(arguments: 0..<12)
  func `a connection is judged as the client asks for it`(number: Int) throws {
    let ruleset = Self.cases[number]
    let tables = try tables(ruleset)
    let circumstances = Circumstances(ownAddresses: AddressSet(Self.own))
    let universe = Universe()
    let spaces = try [Passage.ingress, .forward].map {
      ($0, try RulesetSpace(tables, $0, circumstances, in: universe))
    }
    for (port, isBehind, fate) in ruleset.expected {
      let (passage, space) = spaces[isBehind ? 1 : 0]
      let point = Point(
        passage, from: Self.client, to: isBehind ? Self.behind : Self.own[0], .tcp, kind: port)
      let found: Fate =
        space.lower.contains(point) ? .passes : space.upper.contains(point) ? .may : .stopped
      #expect(found == fate, "\(ruleset.name): \(port)\(isBehind ? " behind" : "")")
    }
    #expect(Self.cases.count == 12)
  }

  private func tables(_ ruleset: Case) throws -> [Table] {
    var objects = ["{\"table\":{\"family\":\"\(ruleset.family)\",\"name\":\"t\"}}"]
    for (index, chain) in ruleset.chains.enumerated() {
      objects.append(
        "{\"chain\":{\"family\":\"\(ruleset.family)\",\"table\":\"t\",\"name\":\"c\(index)\",\"type\":\"\(chain.type)\",\"hook\":\"\(chain.hook)\",\"prio\":\(chain.priority),\"policy\":\"\(chain.policy)\"}}"
      )
      for rule in chain.rules {
        objects.append(
          "{\"rule\":{\"family\":\"\(ruleset.family)\",\"table\":\"t\",\"chain\":\"c\(index)\",\"expr\":[\(rule)]}}"
        )
      }
    }
    return try Table.tables(fromJSON: Array("{\"nftables\":[\(objects.joined(separator: ","))]}".utf8))
  }

  /// A ruleset that lets pass what goes by one link: what translation leads there passes if a route says so.
  @Test(
    arguments: [
      ([("docker0", "172.17.0.0/16")], "passes"), ([("eth0", "0.0.0.0/0")], "stopped"),
      ([("eth0", "172.17.0.0/29"), ("docker0", "172.17.0.8/29")], "stopped"),
      ([("eth0", "10.0.0.0/8")], "may"), ([], "may"),
    ] as [([(String, String)], String)])
  func `routes say by which link translated packets leave`(routes: [(String, String)], fate: String) throws {
    let published = Case(
      name: "by one link",
      chains: [
        (
          "prerouting", "nat", -100, "accept",
          [Self.match(8080) + ",{\"dnat\":{\"family\":\"ip\",\"addr\":\"172.17.0.2\",\"port\":80}}"]
        ),
        (
          "forward", "filter", 0, "drop",
          [
            "{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"oifname\"}},\"right\":\"docker0\"}},"
              + Self.accept
          ]
        ),
      ], expected: [])
    var circumstances = Circumstances(ownAddresses: AddressSet(Self.own))
    circumstances.exits = try routes.map {
      Circumstances.Exit(Circumstances.Link(name: $0.0), to: AddressSet([try Prefix(parsing: $0.1)]))
    }
    let space = try RulesetSpace(tables(published), .ingress, circumstances, in: Universe())
    let point = Point(.ingress, from: Self.client, to: Self.own[0], .tcp, kind: 8080)
    let found: Fate = space.lower.contains(point) ? .passes : space.upper.contains(point) ? .may : .stopped
    #expect(found.rawValue == fate)
  }

  @Test func `a translation says from what, to what, by which rule, and what becomes of it`() throws {
    let tables = try tables(Self.cases[3])
    let universe = Universe()
    let space = try RulesetSpace(
      tables, .ingress, Circumstances(ownAddresses: AddressSet(Self.own)), in: universe)
    #expect(space.translations.count == 1)
    let translation = try #require(space.translations.first)
    #expect(translation.rule.chain.text == "c2" && translation.rule.index == 0)
    #expect(translation.rule.table == "inet t")
    #expect(translation.target.destination == .among(AddressSet([Self.behind])))
    #expect(translation.target.ports == .among(80...80))
    #expect(translation.way == .onward)
    let asked = try universe.space(of: [
      Rectangle(
        .ingress, .tcp, from: AddressSet(ipv4: .all), to: AddressSet(ipv4: .all),
        .ports(PortSet([8080...8080])))
    ])
    #expect(translation.connections == asked && translation.sure == asked)
    #expect(translation.lower == asked && translation.upper == asked)
  }

  @Test func `what a host asks for itself is judged by what it asks for, wherever it is led`() throws {
    let rules = [
      Self.match(8080) + ",{\"dnat\":{\"addr\":\"172.17.0.2\",\"port\":80}}",
      Self.match(3128) + ",{\"redirect\":{\"port\":81}}",
    ]
    let ruleset = Case(
      name: "out",
      chains: [
        ("output", "nat", -100, "accept", rules),
        (
          "output", "filter", 0, "drop",
          [Self.match(80) + "," + Self.accept, Self.match(81) + "," + Self.accept]
        ),
        (
          "input", "filter", 0, "drop",
          [
            "{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"iifname\"}},\"right\":\"lo\"}},"
              + Self.accept
          ]
        ),
      ], family: "ip", expected: [])
    let space = try RulesetSpace(
      tables(ruleset), .egress, Circumstances(ownAddresses: AddressSet(Self.own)), in: Universe())
    for (port, passes) in [(80, true), (8080, true), (3128, true), (443, false)] as [(UInt16, Bool)] {
      let point = Point(.egress, from: Self.own[0], to: Self.client, .tcp, kind: port)
      #expect(space.lower.contains(point) == passes && space.upper.contains(point) == passes, "\(port)")
    }
  }

  @Test func `a message that begins nothing is invalid, and one that is not tracked is neither`() throws {
    let state = "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"new\"}}"
    let ruleset = Case(
      name: "icmp", chains: [("input", "filter", 0, "drop", [state + "," + Self.accept])], expected: [])
    let space = try RulesetSpace(tables(ruleset), .ingress, in: Universe())
    let (a, b) = (Self.own[1], Address(.ipv6, 0x2001_0db8 << 96 | 9))
    for (type, passes) in [(128, true), (129, false), (1, false), (135, false), (139, true)]
      as [(UInt16, Bool)]
    {
      let point = Point(.ingress, from: b, to: a, .icmpv6, kind: type)
      #expect(space.lower.contains(point) == passes && space.upper.contains(point) == passes, "\(type)")
    }
    for (type, passes) in [(8, true), (0, false), (3, false), (13, true)] as [(UInt16, Bool)] {
      let point = Point(.ingress, from: Self.client, to: Self.own[0], .icmp, kind: type)
      #expect(space.lower.contains(point) == passes && space.upper.contains(point) == passes, "\(type)")
    }
  }

  @Test func `a base chain of netdev or bridge without rules changes nothing`() throws {
    let universe = Universe()
    let empty = Chain(
      name: "in", base: BaseChain(hook: .prerouting, policy: .accept, devices: ["eth0"]), rules: [])
    for family in [Family.netdev, .bridge] {
      let table = Table(family: family, name: "t", chains: [empty], sets: [])
      #expect(try RulesetSpace([table], .ingress, in: universe).lower == universe.everything(.ingress))
    }
  }
}
