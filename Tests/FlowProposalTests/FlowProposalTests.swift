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
  func connections(_ asked: some Sequence<Asked>) throws -> [RecordedConnection] {
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
          try direction(.output, ends.1, one.service), at: one.source)
      }
      if destination != nil {
        found += reader.connections(
          try direction(.input, ends.0, one.service), at: one.destination)
      }
      return found
    }
  }

  private func direction(
    _ hook: DirectionStatus.Direction, _ peer: Address, _ service: String
  ) throws -> RecordList.Direction {
    let words = service.split(separator: "/").map(String.init)
    let ipProtocol = try #require(IPProtocol(name: words[0]))
    let number = words.count == 2 ? words[1] : nil
    let record = Recorded.Record(
      peer: peer, destination: nil, ipProtocol: ipProtocol,
      port: ipProtocol.hasPorts ? number.flatMap { UInt16($0) } : nil,
      type: ipProtocol.hasPorts ? nil : number.flatMap { UInt8($0) })
    return RecordList.Direction(
      hook: hook, mode: .observe, memory: 86_400, isFull: false,
      entries: [RecordList.Entry(record, packets: 3, bytes: 180, age: 60)], untold: 0)
  }

  func proposal(_ asked: some Sequence<Asked>, isWide: Bool = false) throws -> FlowProposal {
    FlowProposal(over: try connections(asked), in: policy, isWide: isWide)
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
      for source in after[flow.from].hosts {
        for destination in after[flow.to].hosts where source != destination {
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
    (("web-1", "224.0.0.251", "udp/5353"), .group), (("db-1", "ntp", "icmp/13"), .message),
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
