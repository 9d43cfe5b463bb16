import Addressing
import Diagnostics
import Inventory
import Policy
import Testing

/// Loads a text that must be without errors.
func policy(_ text: String) throws -> Policy {
  let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
  return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
}

@Suite struct RangeTests {
  @Test(arguments: [
    // As a key in block and flow mappings, plain and quoted; as a value in flow and block sequences.
    (
      "hosts:\n  db-[1..3]: {addresses: [\"10.20.3.[11..13]\"]}",
      ["db-1 10.20.3.11", "db-2 10.20.3.12", "db-3 10.20.3.13"]
    ),
    ("hosts: {\"db-[1..2]\": {addresses: \"10.20.3.[11..12]\"}}", ["db-1 10.20.3.11", "db-2 10.20.3.12"]),
    (
      "hosts:\n  \"db-[1..2]\":\n    addresses:\n      - \"10.20.3.[9..10]\"",
      ["db-1 10.20.3.9", "db-2 10.20.3.10"]
    ),
    ("hosts: {'db-[1..2]': {'addresses': ['10.20.3.[9..10]']}}", ["db-1 10.20.3.9", "db-2 10.20.3.10"]),
    (#"{"hosts":{"db-[1..2]":{"addresses":["10.0.0.[1..2]"]}}}"#, ["db-1 10.0.0.1", "db-2 10.0.0.2"]),
    // Widths, numbers in front of the end, a range of one.
    (
      "hosts: {'web-[08..10]': {addresses: '10.0.0.[8..10]'}}",
      ["web-08 10.0.0.8", "web-09 10.0.0.9", "web-10 10.0.0.10"]
    ),
    ("hosts:\n  r[1..2]-db:\n    addresses: 10.[1..2].0.7", ["r1-db 10.1.0.7", "r2-db 10.2.0.7"]),
    ("hosts:\n  db-[7..7]:\n    addresses:\n    - 10.0.0.[3..3]", ["db-7 10.0.0.3"]),
    // Decimal numbers are put in as text, which IPv6 reads as hexadecimal; several addresses count together.
    (
      "hosts:\n  db-[9..10]: {addresses: [\"10.0.0.[9..10]\", \"2001:db8::[9..10]\", \"2001:db8:[1..2]::1\"]}",
      ["db-10 10.0.0.10 2001:db8::10 2001:db8:2::1", "db-9 10.0.0.9 2001:db8::9 2001:db8:1::1"]
    ),
    ("hosts:\n  db-[1..2]: {addresses: [\"2001:db8::[01..02]\"]}", ["db-1 2001:db8::1", "db-2 2001:db8::2"]),
  ])
  func `a range is a host for each number`(text: String, hosts: [String]) throws {
    let policy = try policy("version: 1\n\(text)\n".replacing("version: 1\n{", with: "{\"version\":1,"))
    let found = policy.hosts.map { ([$0.name] + $0.addresses.map(\.description)).joined(separator: " ") }
    #expect(found == hosts)
  }

  @Test func `brackets in other texts stay as they are`() throws {
    let policy = try policy(
      """
      version: 1
      zones:
        a: {description: "see [1..3], a[1..3], <1..3> and x[y]"}
        b:
          description: see x[1..3] and <1..3>
        c:
          description: |
            list[0..1] of 関所[2..3]
      hosts: {db-1: {addresses: 10.0.0.1, ssh: "db[1].example"}}
      """)
    #expect(
      policy.zones.map(\.description) == [
        "see [1..3], a[1..3], <1..3> and x[y]", "see x[1..3] and <1..3>", "list[0..1] of 関所[2..3]",
      ])
    #expect(policy.hosts.first?.ssh == "db[1].example")
  }

  @Test func `columns behind a range are those of the file`() throws {
    let text =
      "version: 1\nhosts: {'é-[1..2]': 1, 'db-[1..2]': {addresses: '10.0.0.[1..2]', zone: '関所[3..4]', mode: 7}}\n"
    let loaded = Inventory.load([SourceFile(path: "i.yaml", bytes: Array(text.utf8))])
    #expect(loaded.report.diagnostics.map(\.location.column) == [21, 72, 90])
  }

  @Test func `each host of a range has its own ssh destination`() throws {
    let policy = try policy(
      "version: 1\nhosts:\n  db-[1..2]: {addresses: \"10.0.0.[1..2]\", ssh: \"admin@db[01..02].example.net\"}\n"
    )
    #expect(policy.hosts.map(\.ssh) == ["admin@db01.example.net", "admin@db02.example.net"])
  }

  /// A host's own goes ahead of a group's, and what fills `{host}` is what ssh would be told.
  @Test func `a transport is words, with the name of each host in them`() throws {
    let policy = try policy(
      """
      version: 1
      hosts:
        a-[1..2]: {addresses: "10.0.0.[1..2]", ssh: "root@a[1..2].example", groups: web}
        b-1: {addresses: 10.0.0.3, groups: web, transport: "incus exec {host} --"}
        c-1: {addresses: 10.0.0.4}
        d-1:
          addresses: 10.0.0.5
          transport: ssh  -o 'ProxyCommand=nc -X 5 %h %p' "{host}" su -c'o'd"e" '' 'a$b' x=~
      groups:
        far: {hosts: web, transport: "ssh -J bastion {host} sudo -n"}
        far-too: {hosts: a-1, transport: "ssh -J bastion '{host}' sudo -n"}
      """)
    #expect(
      policy.hosts.map(\.transport) == [
        ["ssh", "-J", "bastion", "root@a1.example", "sudo", "-n"],
        ["ssh", "-J", "bastion", "root@a2.example", "sudo", "-n"],
        ["incus", "exec", "b-1", "--"], nil,
        ["ssh", "-o", "ProxyCommand=nc -X 5 %h %p", "d-1", "su", "-code", "", "a$b", "x=~"],
      ])
  }
}

@Suite struct SelectorTests {
  private static let fleet = """
    version: 1
    zones: {app: {}, data: {}}
    networks:
      internet: {prefixes: ["0.0.0.0/0", "::/0"], except: [managed, private, office]}
      office: {prefixes: 203.0.113.0/24}
      desk: {prefixes: 203.0.113.0/25}
    services: {https: tcp/443}
    hosts:
      api-[1..3]: {addresses: "10.0.0.[1..3]", zone: app, groups: [api, tokyo]}
      web-1: {addresses: 10.0.0.4, zone: app, groups: web}
      db-1: {addresses: [10.0.0.5, "2001:db8::5"], zone: data, groups: [db, tokyo]}
    groups:
      frontend: [api, web]
      narrow: frontend & tokyo & !api-2
      outside: [office, web-1]
    flows:
      f: {from: db-1, to: TO, service: https, why: A test}

    """

  @Test(arguments: [
    ("api-1", "api-1", ["api-1"]), ("api", "api", ["api-1", "api-2", "api-3"]),
    ("app", "app", ["api-1", "api-2", "api-3", "web-1"]),
    ("frontend", "frontend", ["api-1", "api-2", "api-3", "web-1"]),
    ("narrow", "narrow", ["api-1", "api-3"]), ("[api]", "api", ["api-1", "api-2", "api-3"]),
    ("all", "all", ["api-1", "api-2", "api-3", "db-1", "web-1"]),
    ("[api-3, web]", "f/to", ["api-3", "web-1"]),
    ("app & tokyo & !api-2", "f/to", ["api-1", "api-3"]), ("all & !api & !db", "f/to", ["web-1"]),
    ("\"!api & all & !db\"", "f/to", ["web-1"]), ("[app & !api, data]", "f/to", ["db-1", "web-1"]),
    ("outside", "outside", ["web-1"]), ("[office, api-1]", "f/to", ["api-1"]),
    // What a term excludes, it excludes from itself alone, whichever comes first.
    ("[app & !api-1, api-1]", "f/to", ["api-1", "api-2", "api-3", "web-1"]),
    ("[api-1, app & !api-1]", "f/to", ["api-1", "api-2", "api-3", "web-1"]),
    ("[app & !api, tokyo & !db]", "f/to", ["api-1", "api-2", "api-3", "web-1"]),
    ("[app & tokyo, app & web]", "f/to", ["api-1", "api-2", "api-3", "web-1"]),
    ("[internet & !office, api-1]", "f/to", ["api-1"]),
  ])
  func `a selector selects these hosts and is called so`(selector: String, name: String, hosts: [String])
    throws
  {
    let policy = try policy(Self.fleet.replacing("TO", with: selector))
    let to = policy[policy.flows[0].written.to]
    #expect(to.name == name)
    #expect(to.hosts.map { policy[$0].name } == hosts)
    #expect(to.hosts == to.hosts.sorted())
  }

  @Test func `addresses of peers are those of their hosts and networks`() throws {
    let outside = try policy(Self.fleet.replacing("TO", with: "outside"))
    let to = outside[outside.flows[0].written.to]
    #expect(to.networks == AddressSet([try Prefix(parsing: "203.0.113.0/24")]))
    #expect(to.addresses == AddressSet(try ["203.0.113.0/24", "10.0.0.4"].map { try Prefix(parsing: $0) }))
  }

  @Test func `a network has ranges of addresses, and exceptions are ranges`() throws {
    let policy = try policy(
      """
      version: 1
      networks:
        pool: {prefixes: [10.1.50.10-10.1.50.99, "2001:db8::10-2001:db8::2f"], except: 10.1.50.20-10.1.50.29}
      services: {ssh: tcp/22}
      hosts: {a: {addresses: [192.0.2.1, "2001:db8:1::1"]}}
      flows: {f: {from: pool, to: a, service: ssh, why: test}}
      """)
    let pool = try #require(policy.networks.first).addresses
    func bits(_ text: String) throws -> UInt128 { try Address(parsing: text).bits }
    #expect(
      try pool.ranges(.ipv4) == [
        bits("10.1.50.10")...bits("10.1.50.19"), bits("10.1.50.30")...bits("10.1.50.99"),
      ])
    #expect(try pool.ranges(.ipv6) == [bits("2001:db8::10")...bits("2001:db8::2f")])
  }

  @Test(arguments: [
    (
      "internet",
      [
        "203.0.113.9", "10.0.0.1", "10.0.0.99", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1",
        "2001:db8::5", "127.0.0.1", "169.254.1.1", "::1",
      ],
      ["198.51.100.1", "2001:db8::6", "8.8.8.8"]
    ),
    ("office & !desk", ["203.0.113.1", "10.0.0.1"], ["203.0.113.200"]),
    ("office & desk", ["203.0.113.200"], ["203.0.113.1"]),
    ("internet & !outside", ["203.0.113.9"], ["198.51.100.1"]),
    ("[office & !desk, desk]", [], ["203.0.113.1", "203.0.113.200"]),
    ("[desk, office & !desk]", [], ["203.0.113.1", "203.0.113.200"]),
    ("[internet & !office, desk]", ["203.0.113.200"], ["203.0.113.1", "198.51.100.1"]),
  ])
  func `exceptions and exclusions are subtracted from networks`(
    selector: String, without: [String], with: [String]
  ) throws {
    let policy = try policy(Self.fleet.replacing("TO", with: selector))
    let to = policy[policy.flows[0].written.to]
    #expect(to.hosts.isEmpty)
    for text in without { #expect(!to.addresses.contains(try Address(parsing: text)), "\(text)") }
    for text in with { #expect(to.addresses.contains(try Address(parsing: text)), "\(text)") }
  }

  @Test func `a network lessened by hosts has no address of theirs`() throws {
    let text = Self.fleet.replacing("except: [managed, private, office]", with: "except: [private]")
    let policy = try policy(text.replacing("TO", with: "internet & !db-1"))
    #expect(!policy[policy.flows[0].written.to].addresses.contains(try Address(parsing: "2001:db8::5")))
  }

  @Test func `equal selectors share their peers whatever the order of their words`() throws {
    let policy = try policy(
      Self.fleet.replacing("TO", with: "[tokyo & app, web]") + """
          g: {from: api, to: [web, app & tokyo], service: https, why: A test}
          h: {from: [api], to: web, service: https, why: A test}
        guards:
          f: {isolated: [web, tokyo & app]}
          g: {never: {from: [web, db], to: [db, api-1], within: 2 hops}}

        """)
    #expect(policy.flows[0].written.to == policy.flows[1].written.to)
    #expect(policy.flows[1].written.from == policy.flows[2].written.from)
    #expect(policy.peers.map(\.name) == ["api", "db-1", "f/to", "g/never.from", "g/never.to", "web"])
    #expect(
      policy.guards.map(\.statement) == [
        .isolated(policy.flows[0].written.to),
        .never(from: PeersID(3), to: PeersID(4), service: nil, hops: 2),
      ])
  }
}

@Suite struct ServiceTests {
  @Test(arguments: [
    ("tcp/443", "tcp 443-443"), ("[tcp/443, tcp/80, tcp/81-90]", "tcp 80-90 443-443"),
    ("[udp/53, tcp/53]", "tcp 53-53; udp 53-53"), ("tcp/1-65535", "tcp 1-65535"),
    ("sctp/3868", "sctp 3868-3868"),
    ("icmp/echo-request", "icmp 8-8; icmpv6 128-128"), ("icmpv4/echo-request", "icmp 8-8"),
    ("[icmpv6/echo-request, icmpv6/139]", "icmpv6 128-128 139-139"),
    ("esp", "esp any"), ("[esp, ah, gre]", "gre any; esp any; ah any"), ("{protocol: 47}", "gre any"),
    ("igmp", "igmp any"),
    ("vrrp", "vrrp any"), ("{protocol: 41}", "41 any"), ("[tcp/22, esp]", "tcp 22-22; esp any"),
    ("{protocol: udp, ports: [53, 5300-5310]}", "udp 53-53 5300-5310"),
    ("{protocol: tcp, ports: \"80\"}", "tcp 80-80"),
    ("{protocol: icmpv4, types: [echo-request, info-request, 17]}", "icmp 8-8 15-15 17-17"),
    ("{protocol: vrrp, multicast: [224.0.0.18, \"ff02::12\"]}", "vrrp any to 224.0.0.18 ff02::12"),
    ("{protocol: udp, ports: 5353, multicast: 224.0.0.251}", "udp 5353-5353 to 224.0.0.251"),
    ("[{protocol: udp, ports: [53]}, tcp/53]", "tcp 53-53; udp 53-53"),
  ])
  func `a service has these terms`(text: String, terms: String) throws {
    let policy = try policy("version: 1\nhosts: {h: {addresses: 10.0.0.1}}\nservices: {s: \(text)}\n")
    let service = policy.services[0]
    var found = service.terms.map { term in
      switch term.match {
      case .any: "\(term.ipProtocol) any"
      case .ports(let ports): "\(term.ipProtocol) \(Self.text(ports))"
      case .types(let types): "\(term.ipProtocol) \(Self.text(types))"
      }
    }.joined(separator: "; ")
    let groups = AddressFamily.allCases.flatMap { family in
      service.multicast.ranges(family).map { Address(family, $0.lowerBound).description }
    }
    if !groups.isEmpty { found += " to " + groups.joined(separator: " ") }
    #expect(found == terms)
  }

  private static func text<Bound>(_ set: IntervalSet<Bound>) -> String {
    set.ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
  }
}

@Suite struct HostAndFlowTests {
  @Test func `what a host does not say comes from the settings and then from the defaults`() throws {
    let text = """
      version: 1
      SETTINGS
      hosts:
        a: {addresses: 10.0.0.1}
        b: {addresses: 10.0.0.2, mode: observe, deny: reject, dhcp: true, crown: true, forwarding: deny}
        c: {addresses: 10.0.0.3, mode: {egress: observe}}

      """
    let plain = try policy(text.replacing("SETTINGS", with: ""))
    #expect(
      plain.hosts.map(\.modes) == [
        Modes(.enforce), Modes(.observe), Modes(ingress: .enforce, egress: .observe, forward: .enforce),
      ])
    #expect(plain.hosts.map(\.deny) == [.drop, .reject, .drop])
    #expect(plain.hosts.map(\.forwarding) == [.leave, .deny, .leave])
    #expect(plain.hosts.map(\.dhcp) == [false, true, false])
    #expect(plain.hosts.map(\.crown) == [false, true, false])
    let set = try policy(
      text.replacing("SETTINGS", with: "settings: {mode: {ingress: observe}, deny: reject}"))
    #expect(set.hosts[0].modes == Modes(ingress: .observe, egress: .enforce, forward: .enforce))
    #expect(set.hosts[2].modes == Modes(ingress: .observe, egress: .observe, forward: .enforce))
    #expect(set.hosts.map(\.deny) == [.reject, .reject, .reject])
  }

  @Test func `a host of containers takes what it does not say from the settings, and its mode from ingress`()
    throws
  {
    let text = """
      version: 1
      SETTINGS
      hosts:
        a: {addresses: 10.0.0.1, forwarding: containers}
        b: {addresses: 10.0.0.2, forwarding: containers, containers: {egress: enforce}}
        c:
          addresses: 10.0.0.3
          forwarding: containers
          containers: {egress: leave, bridges: [vmbr1, "docker*"]}
          mode: {ingress: observe}

      """
    let usual = ["br-*", "cni*", "docker0", "docker_gwbridge", "nerdctl*", "podman*", "virbr*"]
    let plain = try policy(text.replacing("SETTINGS", with: ""))
    #expect(
      plain.hosts.map(\.forwarding) == [
        .containers(Containers(bridges: usual, judgesEgress: false)),
        .containers(Containers(bridges: usual, judgesEgress: true)),
        .containers(Containers(bridges: ["docker*", "vmbr1"], judgesEgress: false)),
      ])
    #expect(plain.hosts.map(\.modes.forward) == [.enforce, .enforce, .observe])
    let set = try policy(
      text.replacing(
        "SETTINGS",
        with: "settings: {mode: {forward: observe}, containers: {egress: enforce, bridges: kube0}}"))
    #expect(
      set.hosts.map(\.forwarding) == [
        .containers(Containers(bridges: ["kube0"], judgesEgress: true)),
        .containers(Containers(bridges: ["kube0"], judgesEgress: true)),
        .containers(Containers(bridges: ["docker*", "vmbr1"], judgesEgress: false)),
      ])
    #expect(set.hosts.map(\.modes.forward) == [.enforce, .enforce, .observe])
  }

  @Test(arguments: [
    ("docker0", "docker0", true), ("docker0", "docker01", false), ("br-*", "br-1a2b", true),
    ("br-*", "br-", true), ("br-*", "br0", false), ("docker*", "docker0", true), ("d*", "docker*", true),
    ("docker*", "d*", false),
  ])
  func `the name of a bridge stands for what begins like it where it says so`(
    name: String, link: String, isMeant: Bool
  ) {
    #expect(Containers.covers(name, link) == isMeant)
  }

  @Test func `a gateway has the two sides of its routes`() throws {
    let policy = try policy(
      """
      version: 1
      zones: {edge: {}, app: {}, data: {}}
      hosts:
        gw-[1..2]:
          addresses: 10.0.0.[1..2]
          forwarding: gateway
          routes: [{between: [edge, app]}, {between: [edge, [app, data]]}]
        a: {addresses: 10.0.1.1, zone: edge}
        b: {addresses: 10.0.2.1, zone: app}
        c: {addresses: 10.0.3.1, zone: data}
      """)
    let gateways = policy.hosts.filter { $0.name.hasPrefix("gw") }
    #expect(gateways.count == 2)
    for gateway in gateways {
      guard case .gateway(let routes) = gateway.forwarding else {
        Issue.record("\(gateway.name) is no gateway")
        continue
      }
      #expect(routes.map { policy[$0.one].name } == ["edge", "edge"])
      #expect(routes.map { policy[$0.other].name } == ["app", "gw-1/route-2.other"])
    }
  }

  @Test(
    arguments: [
      ("2027-03-31", 1_806_537_600), ("2027-03-31T18:00:00Z", 1_806_516_000), ("2000-02-29", 951_868_800),
      ("2028-02-29", 1_835_481_600), ("2026-12-31", 1_798_761_600), ("2100-03-01T00:00:00Z", 4_107_542_400),
    ] as [(String, Int64)])
  func `a day ends when the next begins in UTC`(text: String, seconds: Int64) throws {
    let policy = try policy(
      """
      version: 1
      services: {https: tcp/443}
      hosts: {a: {addresses: 10.0.0.1}, b: {addresses: 10.0.0.2}}
      flows: {f: {from: a, to: b, service: https, why: A test, owner: me, ticket: T-1, until: \(text)}}
      """)
    #expect(policy.flows[0].until == Timestamp(seconds: seconds))
    #expect(policy.flows[0].owner == "me")
    #expect(policy.flows[0].ticket == "T-1")
  }

  @Test func `a flow between networks is a gateway's`() throws {
    let policy = try policy(
      """
      version: 1
      services: {https: tcp/443}
      networks: {office: {prefixes: 203.0.113.0/24}, branch: {prefixes: 198.51.100.0/24}}
      hosts: {gw: {addresses: 10.0.0.1, forwarding: gateway, routes: [{between: [branch, office]}]}}
      flows: {f: {from: office, to: branch, service: https, why: A test}}
      """)
    #expect(policy.flows.count == 1)
  }
}

@Suite struct GuardTests {
  @Test func `each statement keeps what it says`() throws {
    let policy = try policy(
      """
      version: 1
      services: {https: tcp/443}
      hosts: {a: {addresses: 10.0.0.1}, b: {addresses: 10.0.0.2}, c: {addresses: 10.0.0.3}}
      guards:
        g1: {never: {from: a, to: b, within: 1 hop}}
        g2: {never: {from: a, to: b, service: https, within: 12 hops}, why: Because}
        g3: {only: {from: a, to: b}}
        g4: {only: {to: b, service: https}}
        g5: {expect: {from: a, to: b, service: https, verdict: denied}}
        g6: {expect: {from: a, to: b, service: https, verdict: allowed}}
        g7: {isolated: c}
        g8: {through: {from: a, to: b, via: c}}
      """)
    let (a, b, c) = (PeersID(0), PeersID(1), PeersID(2))
    let https = ServiceID(0)
    #expect(policy.peers.map(\.name) == ["a", "b", "c"])
    #expect(
      policy.guards.map(\.statement) == [
        .never(from: a, to: b, service: nil, hops: 1), .never(from: a, to: b, service: https, hops: 12),
        .only(from: a, to: b, service: nil), .only(from: nil, to: b, service: https),
        .expect(from: a, to: b, service: https, allowed: false),
        .expect(from: a, to: b, service: https, allowed: true), .isolated(c),
        .through(from: a, to: b, via: c),
      ])
  }
}

@Suite struct TextTests {
  /// A block ends with a line feed; whoever shows a text has one line for it.
  @Test func `a text is one line, however it is written`() throws {
    let policy = try policy(
      """
      version: 1
      services: {s: tcp/1}
      hosts: {a: {addresses: 10.0.0.1}, b: {addresses: 10.0.0.2}}
      flows:
        f:
          from: a
          to: b
          service: s
          why: >
            Orders are
            stored there
          owner: |

            the shop
              team

          ticket: " A-1\\t2 "
      """)
    let flow = try #require(policy.flows.first)
    #expect(flow.why == "Orders are stored there")
    #expect(flow.owner == "the shop team")
    #expect(flow.ticket == "A-1 2")
  }
}
