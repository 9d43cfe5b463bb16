import Addressing
import AgentProtocol
import Diagnostics
import FlowProposal
import Inventory
import InventoryText
import Policy
import PolicyFixtures
import Records
import Testing

/// Somebody asked for something, as `web-1 db-1 tcp/5432`: a host's name is its address.
struct Asked: Hashable {
  let source: String
  let destination: String
  let service: String
}

/// Proposals over one inventory.
struct ProposalCase {
  let text: String
  let policy: Policy

  init(_ text: String) throws {
    self.text = text
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
    policy = try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
  }

  /// What hosts record of this, each at both ends that are hosts.
  ///
  /// - Parameter inMode: for how many seconds they have only observed.
  func connections(_ asked: some Sequence<Asked>, inMode: Int? = nil) throws -> [RecordedConnection] {
    var names: [Address: String] = [:]
    for host in policy.hosts { for address in host.addresses { names[address] = host.name } }
    let reader = RecordReader(names: names, policy: policy, now: Timestamp(seconds: 1_900_000_000))
    return try asked.flatMap { one in
      let source = policy.host(named: one.source)
      let destination = policy.host(named: one.destination)
      func address(_ host: HostID?, _ text: String) throws -> Address {
        try host.flatMap { policy[$0].addresses.first } ?? Address(parsing: text)
      }
      let ends = (
        try address(source, one.source), try address(destination, one.destination)
      )
      var found: [RecordedConnection] = []
      if source != nil {
        found += reader.connections(
          try direction(.output, ends.1, one.service, inMode), at: one.source)
      }
      if destination != nil {
        found += reader.connections(
          try direction(.input, ends.0, one.service, inMode), at: one.destination)
      }
      return found
    }
  }

  private func direction(
    _ hook: DirectionStatus.Direction, _ peer: Address, _ service: String, _ inMode: Int?
  ) throws -> RecordList.Direction {
    let words = service.split(separator: "/").map(String.init)
    let ipProtocol = try #require(
      IPProtocol(name: words[0]) ?? UInt8(words[0]).map { IPProtocol(rawValue: $0) })
    let number = words.count == 2 ? words[1] : nil
    let record = Recorded.Record(
      peer: peer, destination: nil, ipProtocol: ipProtocol,
      port: ipProtocol.hasPorts ? number.flatMap { UInt16($0) } : nil,
      type: ipProtocol.hasPorts ? nil : number.flatMap { UInt8($0) })
    return RecordList.Direction(
      hook: hook, mode: .observe, memory: 86_400, isFull: false,
      entries: [RecordList.Entry(record, packets: 3, bytes: 180, age: 60, firstAge: 90)], untold: 0,
      inMode: inMode)
  }

  func proposal(
    _ asked: some Sequence<Asked>, inMode: Int? = nil, isDeniedMeant: Bool = false, isWide: Bool = false
  ) throws -> FlowProposal {
    FlowProposal(
      over: try connections(asked, inMode: inMode), in: policy, isDeniedMeant: isDeniedMeant, isWide: isWide)
  }

  /// What the flows of a proposal open beside those that there are, once each has its `why` and the loader has read it.
  func opened(by proposal: FlowProposal) throws -> Set<Asked> {
    let file = proposal.file(header: ["a proposal"], now: Timestamp(seconds: 1_900_000_000)).text
    let refused = load(file)
    #expect(proposal.flows.isEmpty || refused.policy == nil, "an empty `why` was accepted")
    let loaded = load(
      file.split(separator: "\n").map { $0 == "    why: \"\"" ? "    why: it is so" : $0 }
        .joined(separator: "\n"))
    let after = try #require(loaded.policy, "\(file)\n\(loaded.report.text(loaded.sources))")
    let own = Set(policy.flows.map(\.name))
    var opened: Set<Asked> = []
    for flow in after.flows where !own.contains(flow.name) {
      for source in after[flow.written.from].hosts {
        for destination in after[flow.written.to].hosts where source != destination {
          for term in flow.services.flatMap({ after[$0].terms }) {
            let ends = (after[source].name, after[destination].name)
            switch term.match {
            case .any:
              opened.insert(Asked(source: ends.0, destination: ends.1, service: "\(term.ipProtocol)"))
            case .ports(let ports):
              for range in ports.ranges {
                for port in range {
                  opened.insert(
                    Asked(source: ends.0, destination: ends.1, service: "\(term.ipProtocol)/\(port)"))
                }
              }
            case .types(let types) where term.ipProtocol == .icmp:
              for range in types.ranges {
                for type in range {
                  opened.insert(Asked(source: ends.0, destination: ends.1, service: "icmp/\(type)"))
                }
              }
            case .types: break
            }
          }
        }
      }
    }
    return opened
  }

  /// The policy once a part has been added to the inventory.
  func policy(with more: String) throws -> Policy {
    let loaded = load(more)
    return try #require(loaded.policy, "\(more)\n\(loaded.report.text(loaded.sources))")
  }

  static func loads(_ text: String) -> Bool {
    Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))]).policy != nil
  }

  private func load(_ more: String) -> Inventory.Loaded {
    Inventory.load([
      SourceFile(path: "inventory.yaml", bytes: Array(text.utf8)),
      SourceFile(path: "proposed.yaml", bytes: Array(more.utf8)),
    ])
  }
}

@Suite struct FlowProposalTests {
  static let shop = """
    version: 1
    networks:
      office: {prefixes: [203.0.113.0/24]}
    zones: {front: {}, back: {}}
    services: {postgres: tcp/5432, wide: tcp/1-65535, both: [tcp/80, tcp/443]}
    hosts:
      web-1: {addresses: [10.0.0.1], groups: [web], zone: front}
      web-2: {addresses: [10.0.0.2], groups: [web], zone: front}
      db-1: {addresses: [10.0.1.1], groups: [db], zone: back}
      db-2: {addresses: [10.0.1.2], groups: [db], zone: back}
      ntp: {addresses: [10.0.2.1], zone: back}
    flows:
      ready: {from: web-1, to: ntp, service: wide, why: it is there}
    groups:
      mixed: [web, office]
    """

  static let cases: [(name: String, asked: [(String, String, String)], isWide: Bool, flows: [String])] = [
    (
      "groups where all of them were seen",
      [
        ("web-1", "db-1", "tcp/5432"), ("web-1", "db-2", "tcp/5432"), ("web-2", "db-1", "tcp/5432"),
        ("web-2", "db-2", "tcp/5432"),
      ], false, ["web-to-db: web > db postgres"]
    ),
    (
      "no group where one host of it was not seen",
      [("web-1", "db-1", "tcp/5432"), ("web-1", "db-2", "tcp/5432"), ("web-2", "db-1", "tcp/5432")], false,
      ["web-1-to-db: web-1 > db postgres", "web-to-db-1: web > db-1 postgres"]
    ),
    (
      "the group once half of it was seen and more is asked for", [("web-1", "db-1", "tcp/5432")], true,
      ["web-to-db: web > db postgres"]
    ),
    (
      "a group that speaks to itself", [("db-1", "db-2", "tcp/5432"), ("db-2", "db-1", "tcp/5432")], false,
      ["within-db: db > db postgres"]
    ),
    (
      "equal ends are one flow", [("web-1", "db-1", "tcp/5432"), ("web-1", "db-1", "icmp/8")], false,
      ["web-1-to-db-1: web-1 > db-1 postgres ping"]
    ),
    (
      "a service only where all of it was seen",
      [("web-1", "db-1", "tcp/80"), ("web-1", "db-2", "tcp/80"), ("web-1", "db-2", "tcp/443")], false,
      ["web-1-to-db: web-1 > db http", "web-1-to-db-2: web-1 > db-2 https"]
    ),
    (
      "a service of two ports", [("web-1", "db-1", "tcp/80"), ("web-1", "db-1", "tcp/443")], false,
      ["web-1-to-db-1: web-1 > db-1 both"]
    ),
    (
      "a resolver is asked over TCP as well", [("web-1", "db-1", "udp/53")], false,
      ["web-1-to-db-1: web-1 > db-1 dns"]
    ),
    (
      "clocks that ask each other", [("db-1", "ntp", "udp/123"), ("ntp", "db-1", "udp/123")], false,
      ["between-db-1-and-ntp: db-1 ntp > db-1 ntp ntp"]
    ),
    ("what is open already", [("web-1", "ntp", "tcp/5432")], false, []),
    ("a network that is more than was seen", [("203.0.113.7", "web-1", "tcp/22")], false, []),
    (
      "the network when more is asked for", [("203.0.113.7", "ntp", "tcp/22")], true,
      ["office-to-ntp: office > ntp ssh"]
    ),
    (
      "a network to itself, which nobody asked for",
      [
        ("ntp", "203.0.113.7", "tcp/22"), ("203.0.113.7", "db-1", "tcp/22"), ("ntp", "db-1", "tcp/22"),
      ], true, ["ntp-to-db: ntp > db office ssh", "ntp-to-db-2: ntp office > db ssh"]
    ),
    ("an address that nobody has", [("198.51.100.1", "web-1", "tcp/22")], true, []),
    (
      "ports that a kernel has picked",
      [("db-1", "db-2", "tcp/33001"), ("db-1", "db-2", "tcp/40001"), ("db-1", "db-2", "tcp/50001")], true, []
    ),
    (
      "two ports of that range may be services",
      [("db-1", "db-2", "tcp/33001"), ("db-1", "db-2", "tcp/40001")], false,
      ["db-1-to-db-2: db-1 > db-2 tcp-33001 tcp-40001"]
    ),
    (
      "passive FTP",
      [
        ("db-1", "db-2", "tcp/21"), ("db-1", "db-2", "tcp/33001"), ("db-1", "db-2", "tcp/40001"),
        ("db-1", "db-2", "tcp/50001"),
      ], true, ["db-1-to-db-2: db-1 > db-2 tcp-21 ftp-data"]
    ),
    ("a scan", (1...10).map { ("db-1", "ntp", "tcp/\($0)") }, true, []),
    (
      "nine ports are no scan", (1...9).map { ("db-1", "ntp", "tcp/\($0)") }, false,
      ["db-1-to-ntp: db-1 > ntp \((1...9).map { "tcp-\($0)" }.joined(separator: " "))"]
    ),
    ("messages that no flow opens", [("db-1", "ntp", "icmp/13")], false, []),
    (
      "a message that begins something", [("db-1", "ntp", "icmp/17"), ("db-1", "ntp", "icmp/8")], false,
      ["db-1-to-ntp: db-1 > ntp ping icmpv4-17"]
    ),
    (
      "a protocol without ports", [("db-1", "ntp", "esp")], false,
      ["db-1-to-ntp: db-1 > ntp ip-esp"]
    ),
  ]

  @Test(arguments: cases)
  func `what was seen becomes these flows`(
    _ example: (name: String, asked: [(String, String, String)], isWide: Bool, flows: [String])
  ) throws {
    let shop = try ProposalCase(Self.shop)
    let asked = example.asked.map { Asked(source: $0.0, destination: $0.1, service: $0.2) }
    let proposal = try shop.proposal(asked, isWide: example.isWide)
    let flows = proposal.flows.map { flow in
      "\(flow.name): \(flow.from.joined(separator: " ")) > \(flow.to.joined(separator: " "))"
        + " \(flow.services.joined(separator: " "))"
    }
    #expect(flows.sorted() == example.flows.sorted(), "\(example.name)")
    _ = try shop.opened(by: proposal)
  }

  /// What is left over, with its reason.
  static let leftovers: [(asked: (String, String, String), reason: FlowProposal.Reason)] = [
    (("198.51.100.1", "web-1", "tcp/22"), .noName), (("203.0.113.7", "web-1", "tcp/22"), .network("office")),
    (("web-1", "224.0.0.251", "udp/5353"), .group), (("web-1", "255.255.255.255", "udp/6666"), .broadcast),
    (("db-1", "ntp", "icmp/13"), .message),
    (("db-1", "ntp", "icmp"), .message), (("db-1", "ntp", "icmpv6/135"), .message),
    (("db-1", "ntp", "tcp/0"), .nothing),
    (("db-1", "ntp", "tcp"), .nothing), (("db-1", "ntp", "0"), .nothing), (("db-1", "ntp", "44"), .nothing),
    (("db-1", "ntp", "253"), .nothing), (("db-1", "ntp", "255"), .nothing),
  ]

  @Test(arguments: leftovers)
  func `what no flow is proposed for is told with its reason`(
    _ example: (asked: (String, String, String), reason: FlowProposal.Reason)
  ) throws {
    let shop = try ProposalCase(Self.shop)
    let asked = Asked(source: example.asked.0, destination: example.asked.1, service: example.asked.2)
    let proposal = try shop.proposal([asked])
    #expect(!proposal.left.isEmpty && proposal.left.allSatisfy { $0.reason == example.reason })
    #expect(proposal.covered == 0 && proposal.records == proposal.left.count)
  }

  @Test func `no flow is from an end to itself, which covers nothing`() throws {
    let shop = try ProposalCase(Self.shop)
    // Two of one network through a host that forwards.
    let record = Recorded.Record(
      peer: try Address(parsing: "203.0.113.7"), destination: try Address(parsing: "203.0.113.8"),
      ipProtocol: .tcp, port: 22)
    let direction = RecordList.Direction(
      hook: .forward, mode: .observe, memory: 86_400, isFull: false,
      entries: [RecordList.Entry(record, packets: 3, bytes: 180, age: 60)], untold: 0)
    let reader = RecordReader(names: [:], policy: shop.policy, now: Timestamp(seconds: 1_900_000_000))
    let proposal = FlowProposal(
      over: reader.connections(direction, at: "ntp"), in: shop.policy, isWide: true)
    #expect(proposal.flows.isEmpty && proposal.records == 1 && proposal.covered == 0)
    #expect(proposal.left.map(\.reason) == [.sameEnd])
  }

  @Test func `what came to several at once is no flow to each of them`() throws {
    let shop = try ProposalCase(Self.shop)
    for (several, reason) in [("255.255.255.255", FlowProposal.Reason.broadcast), ("224.0.0.251", .group)] {
      let call = Asked(source: "web-1", destination: several, service: "udp/6666")
      // Each receiver has recorded it as if it alone had been asked.
      let received = try ["web-2", "db-1"].flatMap { host in
        try shop.connections([Asked(source: "10.0.0.1", destination: host, service: "udp/6666")])
      }
      let called = try shop.connections([call]) + received
      let proposal = FlowProposal(over: called, in: shop.policy)
      #expect(proposal.flows.isEmpty && proposal.covered == 0, "\(several)")
      #expect(proposal.left.count == 3 && proposal.left.allSatisfy { $0.reason == reason }, "\(several)")
      // Whom it asked by itself as well it has recorded.
      let asked = try shop.connections([Asked(source: "web-1", destination: "db-1", service: "udp/6666")])
      let both = FlowProposal(over: called + asked, in: shop.policy)
      #expect(both.flows.map { $0.from + $0.to } == [["web-1", "db-1"]], "\(several)")
    }
  }

  @Test func `a flow says how much of it was seen`() throws {
    let shop = try ProposalCase(Self.shop)
    let asked = Asked(source: "web-1", destination: "db-1", service: "tcp/5432")
    let proposal = try shop.proposal([asked], isWide: true)
    let flow = try #require(proposal.flows.first)
    // Both ends have recorded the three packets.
    #expect(flow.seen == 1 && flow.pairs == 4 && flow.packets == 3 && flow.age == 60)
    let text = proposal.file(header: [], now: Timestamp(seconds: 1_900_000_060)).text
    #expect(text.contains("3 packets at least, the last at 2030-03-17T17:46:40Z"))
    #expect(text.contains("wider than what was seen: 1 of 4 pairs and services were"))
  }

  @Test(
    arguments: [(nil, 1), (61, 0), (60, 0), (90, 0), (91, 1), (86_400, 1)] as [(inMode: Int?, flows: Int)])
  func `what may have been denied is not proposed unless that is meant`(
    _ example: (inMode: Int?, flows: Int)
  ) throws {
    let shop = try ProposalCase(Self.shop)
    // The last came 60 seconds ago, the first 90.
    let asked = [Asked(source: "web-1", destination: "db-1", service: "tcp/5432")]
    let proposal = try shop.proposal(asked, inMode: example.inMode)
    #expect(proposal.flows.count == example.flows)
    #expect(
      proposal.left.allSatisfy { $0.reason == .denied } && proposal.left.isEmpty == (example.flows == 1))
    #expect(try shop.proposal(asked, inMode: example.inMode, isDeniedMeant: true).flows.count == 1)
  }

  @Test func `a network is one end, of which it is said how many addresses were seen`() throws {
    let shop = try ProposalCase(Self.shop)
    let asked = ["203.0.113.7", "203.0.113.8", "203.0.113.7"].map {
      Asked(source: $0, destination: "ntp", service: "tcp/22")
    }
    let proposal = try shop.proposal(asked, isWide: true)
    let flow = try #require(proposal.flows.first)
    #expect(flow.from == ["office"] && flow.seen == 1 && flow.pairs == 1)
    #expect(flow.networks.map { "\($0.name) \($0.seen)" } == ["office 2"])
    let text = proposal.file(header: [], now: Timestamp(seconds: 1_900_000_000)).text
    #expect(text.contains("# network office: 2 of its addresses were seen"), "\(text)")
    #expect(!text.contains("wider than what was seen"))
  }

  @Test func `the range of a file transfer is one port, of which it is said how many were seen`() throws {
    let shop = try ProposalCase(Self.shop)
    let asked = ["tcp/21", "tcp/33001", "tcp/40001", "tcp/50001"].map {
      Asked(source: "db-1", destination: "db-2", service: $0)
    }
    let proposal = try shop.proposal(asked, isWide: true)
    let flow = try #require(proposal.flows.first)
    #expect(flow.passivePorts == 3 && flow.seen == 2 && flow.pairs == 2)
    let text = proposal.file(header: [], now: Timestamp(seconds: 1_900_000_000)).text
    #expect(text.contains("# 3 of 28232 ports for data were seen"), "\(text)")
  }

  static let resolving: [(asked: [(String, String)], flows: [String])] = [
    ([("db-1", "udp/53")], ["db-1 > ntp 1/1 added"]), ([("db-1", "tcp/53")], ["db-1 > ntp 1/1"]),
    ([("db-1", "udp/53"), ("db-1", "tcp/53")], ["db-1 > ntp 1/1"]),
    (
      [("db-1", "udp/53"), ("db-2", "udp/53"), ("db-2", "tcp/53")], ["db > ntp 2/2 added"]
    ),
    // Over TCP a flow of its own.
    (
      [("db-1", "udp/53"), ("db-2", "tcp/53")], ["db > ntp 2/2 added", "db-1 > ntp 1/1"]
    ),
  ]

  @Test(arguments: resolving)
  func `what resolvers are asked over TCP is said to be added where it was not seen, and counted once`(
    _ example: (asked: [(String, String)], flows: [String])
  ) throws {
    // No service is open to it.
    let shop = try ProposalCase(Self.shop.replacing("from: web-1, to: ntp", with: "from: web-1, to: web-2"))
    let asked = example.asked.map { Asked(source: $0.0, destination: "ntp", service: $0.1) }
    let flows = try shop.proposal(asked).flows.map { flow in
      "\(flow.from.joined(separator: " ")) > \(flow.to.joined(separator: " ")) \(flow.seen)/\(flow.pairs)"
        + (flow.remarks.contains("over TCP as well, for long answers") ? " added" : "")
    }
    #expect(flows.sorted() == example.flows)
  }

  @Test(arguments: 0..<200)
  func `a wide flow counts as seen what was asked within it, and nothing twice`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var text = "version: 1\nzones: {a: {}, b: {}}\nhosts:\n"
    let hosts = (0..<9).map { "h\($0)" }
    for (number, host) in hosts.enumerated() {
      text +=
        "  \(host): {addresses: [10.0.0.\(number + 1)], zone: \(number < 5 ? "a" : "b"), groups: [g\(number % 3)]}\n"
    }
    let fleet = try ProposalCase(text)
    let services = ["udp/53", "tcp/53", "tcp/80", "icmp/8"]
    let asked = Set(
      (0..<Int.random(in: 1...40, using: &random)).map { _ in
        let ends = hosts.shuffled(using: &random)
        return Asked(
          source: ends[0], destination: ends[1], service: services.randomElement(using: &random) ?? "")
      })
    let proposal = try fleet.proposal(asked, isWide: true)
    #expect(asked.isSubset(of: try fleet.opened(by: proposal)) && proposal.covered == proposal.records)
    for flow in proposal.flows {
      // Alone it says what it is about.
      let terms = flow.services.flatMap { proposal.services[$0] ?? [] }.map {
        $0 == "icmp/echo-request" ? "icmp/8" : $0
      }
      let counted = terms.contains("udp/53") ? terms.filter { $0 != "tcp/53" } : terms
      func hosts(_ names: [String]) -> Set<String> {
        Set(names.flatMap { name in Self.members(of: name, in: fleet.policy) })
      }
      let within = asked.filter { one in
        guard hosts(flow.from).contains(one.source), hosts(flow.to).contains(one.destination) else {
          return false
        }
        return counted.contains(one.service)
          // What is asked over TCP because it was over UDP is of the same pair.
          || counted.contains("tcp/53") && one.service == "udp/53"
      }
      let pairs = Set(
        within.map { [$0.source, $0.destination, $0.service.hasSuffix("/53") ? "53" : $0.service] })
      #expect(flow.seen == pairs.count, "\(flow) \(asked)")
      #expect(flow.seen <= flow.pairs && flow.seen > 0, "\(flow)")
    }
  }

  private static func members(of name: String, in policy: Policy) -> [String] {
    if name == "all" { return policy.hosts.map(\.name) }
    if policy.host(named: name) != nil { return [name] }
    return policy.hosts.filter { $0.zone == name || $0.groups.contains(name) }.map(\.name)
  }

  /// Whatever a kernel records, the loader takes what is made of it.
  @Test(arguments: 0..<100)
  func `whatever is recorded, the file is one that an inventory takes`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let shop = try ProposalCase(Self.shop)
    let ends = ["web-1", "web-2", "db-1", "db-2", "ntp", "203.0.113.7", "198.51.100.1", "224.0.0.251"]
    let odd: [UInt8] = [
      0, 1, 2, 6, 17, 33, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 136, 139, 140, 253, 255,
    ]
    let asked = (0..<40).map { _ in
      let ipProtocol =
        Bool.random(using: &random)
        ? odd.randomElement(using: &random) ?? 0
        : .random(
          in: 0...255, using: &random)
      let number =
        [nil, 0, 1, 8, 53, 128, 255, 65_535, .random(in: 0...65_535, using: &random)]
        .randomElement(using: &random) ?? nil
      return Asked(
        source: ends.randomElement(using: &random) ?? "",
        destination: ends.randomElement(using: &random) ?? "",
        service: "\(ipProtocol)" + (number.map { "/\($0)" } ?? ""))
    }
    for isWide in [false, true] {
      let proposal = try shop.proposal(asked, isWide: isWide)
      _ = try shop.opened(by: proposal)
      #expect(proposal.covered + proposal.left.count == proposal.records)
    }
  }

  @Test(arguments: 0..<300)
  func `the loader reads exactly what was seen`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let hosts = Int.random(in: 2...9, using: &random)
    var text =
      "version: 1\nzones: {a: {}, b: {}}\nservices: {s1: tcp/1000, s2: [tcp/1001, udp/1001], dns: [udp/53, tcp/53]}\nhosts:\n"
    for host in 0..<hosts {
      let groups = ["g1", "g2", "g3"].filter { _ in Bool.random(using: &random) }
      let zone = Bool.random(using: &random) ? "a" : "b"
      text += "  h\(host): {addresses: [10.0.0.\(host + 1)], zone: \(zone)"
      text += groups.isEmpty ? "}\n" : ", groups: [\(groups.joined(separator: ", "))]}\n"
    }
    let random1 = try ProposalCase(text)
    let services = ["tcp/1000", "tcp/1001", "udp/1001", "tcp/7", "icmp/8"]
    var asked: Set<Asked> = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      // Rectangles of a service, of which some pairs are left out.
      let sources = (0..<hosts).filter { _ in Bool.random(using: &random) }
      let destinations = (0..<hosts).filter { _ in Bool.random(using: &random) }
      let service = services.randomElement(using: &random) ?? ""
      for source in sources {
        for destination in destinations
        where source != destination && Int.random(in: 0..<8, using: &random) > 0 {
          asked.insert(Asked(source: "h\(source)", destination: "h\(destination)", service: service))
        }
      }
    }
    let proposal = try random1.proposal(asked)
    #expect(try random1.opened(by: proposal) == asked)
    #expect(proposal.left.isEmpty && proposal.covered == proposal.records)
  }

  @Test func `a great many needs without a pattern are proposed one by one`() throws {
    var text = "version: 1\nhosts:\n"
    for host in 0..<1200 { text += "  h\(host): {addresses: [10.0.\(host / 200).\(host % 200 + 1)]}\n" }
    let fleet = try ProposalCase(text)
    // Each of 600 asks each other one whose number is a multiple of its own.
    let asked = (1..<600).flatMap { source in
      stride(from: 2 * source, to: 1200, by: source).prefix(3).map {
        Asked(source: "h\(source)", destination: "h\($0)", service: "tcp/80")
      }
    }
    let proposal = try fleet.proposal(asked)
    #expect(try fleet.opened(by: proposal) == Set(asked))
    #expect(proposal.flows.count == 599)
  }

  @Test(arguments: 0..<60)
  func `flows over groups are found again by as few`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var text = "version: 1\nhosts:\n"
    for group in 0..<5 {
      for host in 0..<3 {
        text += "  g\(group)-\(host): {addresses: [10.0.\(group).\(host + 1)], groups: [g\(group)]}\n"
      }
    }
    let fleet = try ProposalCase(text)
    var flows: Set<[Int]> = []
    while flows.count < 6 {
      flows.insert([
        Int.random(in: 0..<5, using: &random), Int.random(in: 0..<5, using: &random),
        Int.random(in: 1000...1002, using: &random),
      ])
    }
    var asked: Set<Asked> = []
    for flow in flows {
      for source in 0..<3 {
        for destination in 0..<3 where flow[0] != flow[1] || source != destination {
          asked.insert(
            Asked(
              source: "g\(flow[0])-\(source)", destination: "g\(flow[1])-\(destination)",
              service: "tcp/\(flow[2])"))
        }
      }
    }
    let proposal = try fleet.proposal(asked)
    #expect(proposal.flows.count <= flows.count)
    #expect(try fleet.opened(by: proposal) == asked)
    for flow in proposal.flows { #expect((flow.from + flow.to).allSatisfy { $0.utf8.count == 2 }) }
  }
}
