import Addressing
import ConnectionSpace
import Diagnostics
import Imports
import Inventory
import InventoryFiles
import InventoryText
import Nftables
import Policy
import PolicyFixtures
import PolicySpace
import RulesetCompiler
import RulesetShape
import RulesetSpace
import Testing

/// What a ruleset becomes as flows: just what surely passes, as far as flows can say it, and never more.
@Suite struct RulesetImportTests {
  private static func reference() throws -> Policy {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return try #require(try Inventory.load(parts.joined(separator: "/") + "/inventory").policy)
  }

  @Test func `the tables of the reference inventory mean the same when they are imported`() throws {
    let policy = try Self.reference()
    var flows = 0
    for host in policy.hosts { flows += try roundTrip(policy, host, label: host.name) }
    #expect(flows > 100)
  }

  @Test(arguments: 0..<12) func `so do tables of random policies`(seed: Int) throws {
    let policy = RandomPolicy(seed: UInt64(seed)).policy
    for host in policy.hosts { _ = try roundTrip(policy, host, label: "seed \(seed): \(host.name)") }
  }

  /// Compiles a host, imports its table, and compares what both let pass at the host.
  ///
  /// - Returns: how many flows it became.
  private func roundTrip(_ policy: Policy, _ host: Host, label: String) throws -> Int {
    let policies = HostPolicies(policy)
    let index = try #require(policy.hosts.firstIndex(of: host))
    let table = RulesetCompiler(policy, policies).compile(policies[HostID(index)].enforced)
    let found = try RulesetImport([table], of: host.name, own: host.addresses, beside: nil)
    try compare(found, [table], host.name, host.addresses, label)
    return found.part.flows.count
  }

  /// That the import passes no more than the tables do, and all that flows can say.
  private func compare(
    _ found: RulesetImport, _ tables: [Table], _ name: String, _ own: [Address], _ label: String
  ) throws {
    let imported = try Self.policy(found.part)
    let policies = HostPolicies(imported)
    let index = try #require(imported.hosts.firstIndex { $0.name == name })
    let universe = Universe()
    let spaces = try HostSpaces(imported, policies, at: Timestamp(seconds: 0), in: universe)
    let declared = try spaces.space(of: policies[HostID(index)], at: [own])
    let here = AddressSet(own)
    for passage in [Passage.ingress, .egress] {
      func cut(_ space: ConnectionSpace) throws -> ConnectionSpace {
        let side = space.restricted { $0.passage == passage }
        let others = AddressSet.all.subtracting(here)
        return passage == .ingress
          ? try side.restricted(from: others, to: here) : try side.restricted(from: here, to: others)
      }
      let ruleset = try cut(
        RulesetSpace(tables, passage, Circumstances(ownAddresses: here), in: universe).lower)
      let flows = try cut(declared)
      let isNarrower = try flows.isSubset(of: ruleset)
      #expect(isNarrower, "\(label): \(passage) is wider\n\(found.part.text)")
      // No host believes a source that is IPv4 in IPv6, no network has groups, and of very many protocols none is named.
      let believed = AddressSet.all.subtracting(passage == .ingress ? .ipv4InIPv6 : .multicast)
      let isNamed = !found.left.contains { $0.words.contains("protocols without ports") }
      let sayable = try universe.space(of: Self.sayable(passage, withProtocols: isNamed))
        .restricted(
          from: passage == .ingress ? believed : .all, to: passage == .egress ? believed : .all)
      let (told, meant) = (try flows.intersection(sayable), try ruleset.intersection(sayable))
      #expect(told == meant, "\(label): \(passage) is narrower\n\(found.part.text)")
    }
  }

  /// What flows can be about: ports, requests for an echo.
  private static func sayable(_ passage: Passage, withProtocols: Bool) -> [Rectangle] {
    let (v4, v6) = (AddressSet(ipv4: .all), AddressSet(ipv6: .all))
    let named: [IPProtocol] = [.esp, .ah, .gre, .vrrp, .ospf, IPProtocol(rawValue: 103)]
    return IPProtocol.withPorts.map {
      Rectangle(passage, $0, from: .all, to: .all, .ports(PortSet([1...UInt16.max])))
    } + [
      Rectangle(passage, .icmp, from: v4, to: v4, .types(IntervalSet([8...8]))),
      Rectangle(passage, .icmpv6, from: v6, to: v6, .types(IntervalSet([128...128]))),
    ] + (withProtocols ? named : []).map { Rectangle(passage, $0, from: .all, to: .all, .any) }
  }

  private static func policy(_ part: InventoryPart) throws -> Policy {
    var explained = part
    explained.flows = part.flows.map {
      InventoryPart.Flow(name: $0.name, from: $0.from, to: $0.to, services: $0.services, why: "x")
    }
    return try HostImportTests.policy(explained.text)
  }

  // MARK: Rulesets of others

  static func rule(_ chain: String, _ expressions: String) -> String {
    "{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"\(chain)\",\"expr\":[\(expressions)]}}"
  }

  static func match(_ left: String, _ right: String, _ sign: String = "==") -> String {
    "{\"match\":{\"op\":\"\(sign)\",\"left\":\(left),\"right\":\(right)}}"
  }

  static func field(_ ipProtocol: String, _ field: String) -> String {
    "{\"payload\":{\"protocol\":\"\(ipProtocol)\",\"field\":\"\(field)\"}}"
  }

  static func meta(_ key: String) -> String { "{\"meta\":{\"key\":\"\(key)\"}}" }

  static let accept = "{\"accept\":null}"
  private static let states = match("{\"ct\":{\"key\":\"state\"}}", "[\"established\",\"related\"]", "in")

  static func tables(
    _ input: [String], output: [String] = [accept], forward: String = "drop", sets: String = ""
  ) throws -> [Table] {
    func chain(_ name: String, _ policy: String) -> String {
      "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"\(name)\",\"type\":\"filter\",\"hook\":\"\(name)\",\"prio\":0,\"policy\":\"\(policy)\"}}"
    }
    let objects =
      ["{\"table\":{\"family\":\"inet\",\"name\":\"filter\"}}", sets].filter { !$0.isEmpty }
      + [chain("input", "drop"), chain("output", "drop"), chain("forward", forward)]
      + ([states + "," + accept] + input).map { rule("input", $0) } + output.map { rule("output", $0) }
    return try Table.tables(fromJSON: Array("{\"nftables\":[\(objects.joined(separator: ","))]}".utf8))
  }

  let own = [Address(.ipv4, 0x0a00_010b), Address(.ipv6, 0x2001_0db8_0001 << 80 | 0x11)]

  /// Flows as `FROM TO SERVICES`.
  func told(_ found: RulesetImport) -> [String] {
    found.part.flows.map { "\($0.from[0]) \($0.to[0]) \($0.services.joined(separator: " "))" }
  }

  @Test func `rules of a server become its networks, services and flows`() throws {
    let admins =
      "{\"set\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"admins\",\"type\":\"ipv4_addr\",\"flags\":[\"interval\"],\"elem\":[{\"prefix\":{\"addr\":\"203.0.113.0\",\"len\":24}},\"198.51.100.7\"]}}"
    let tables = try Self.tables(
      [
        Self.match(Self.field("tcp", "dport"), "{\"set\":[80,443]}") + "," + Self.accept,
        Self.match(Self.field("ip", "saddr"), "\"@admins\"") + ","
          + Self.match(Self.field("tcp", "dport"), "22") + ","
          + Self.accept,
        Self.match(Self.field("ip6", "saddr"), "{\"prefix\":{\"addr\":\"2001:db8:9::\",\"len\":48}}") + ","
          + Self.match(Self.field("udp", "dport"), "{\"range\":[5300,5310]}") + "," + Self.accept,
        Self.match(Self.meta("l4proto"), "\"esp\"") + ","
          + Self.match(Self.field("ip", "saddr"), "\"192.0.2.9\"") + ","
          + Self.accept,
        Self.match(Self.field("icmp", "type"), "\"echo-request\"") + "," + Self.accept,
        Self.match(Self.field("icmpv6", "type"), "\"echo-request\"") + "," + Self.accept,
      ], sets: admins)
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    try compare(found, tables, "web-1", own, "a server")
    #expect(
      told(found) == [
        "anywhere web-1 ping tcp-80 tcp-443", "admins web-1 tcp-22",
        "net-2001-db8-9---48 web-1 udp-5300-5310",
        "peer-192-0-2-9 web-1 esp", "web-1 anywhere ping any-tcp any-udp any-sctp",
      ])
    #expect(found.part.networks["admins"] == ["198.51.100.7", "203.0.113.0/24"])
    #expect(found.part.flows.allSatisfy { $0.why.isEmpty })
    #expect(found.part.text.contains("forwarding: deny"))
    #expect(found.left.contains { $0.words.contains("protocols without ports pass out") })
  }

  @Test func `names of an inventory are used where they mean just the same`() throws {
    let tables = try Self.tables(
      [
        Self.match(Self.field("tcp", "dport"), "{\"set\":[443,8443]}") + ","
          + Self.match(Self.field("ip", "saddr"), "{\"prefix\":{\"addr\":\"203.0.113.0\",\"len\":24}}") + ","
          + Self.accept
      ], output: [])
    let policy = try HostImportTests.policy(
      """
      version: 1
      networks: {office: {prefixes: [203.0.113.0/24]}}
      services: {https: tcp/443, tcp-8443: udp/1}
      hosts: {web-1: {addresses: [10.0.1.11, "2001:db8:1::11"], forwarding: deny}}
      """)
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: policy)
    #expect(told(found) == ["office web-1 https tcp-8443-2"])
    #expect(found.part.hosts.isEmpty && found.part.networks.isEmpty)
    #expect(found.part.services == ["tcp-8443-2": ["tcp/8443"]])
  }

  /// Rules that depend on more than a connection, and what they are about.
  static let unsure: [(String, String)] = [
    (match(meta("iifname"), "\"eth1\""), "input rule of a link"),
    (match(field("tcp", "sport"), "1000"), "of source ports"),
    ("{\"limit\":{\"rate\":5,\"per\":\"second\"}}", "of a rate"),
    (match(meta("mark"), "7"), "of a mark"),
    (match(meta("hour"), "{\"range\":[\"08:00\",\"18:00\"]}"), "of a time"),
  ]

  @Test(arguments: unsure) func `what depends on more than the connection is left out with its rule`(
    rule: String, label: String
  ) throws {
    let tables = try Self.tables(
      [rule + "," + Self.match(Self.field("tcp", "dport"), "22") + "," + Self.accept], output: [])
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    try compare(found, tables, "web-1", own, label)
    #expect(found.part.flows.isEmpty, "\(told(found))")
    let left = try #require(
      found.left.first { $0.words.hasPrefix("left out, because it depends") }, "\(found.left)")
    #expect(left.words.contains("in tcp/22 from"))
    #expect(left.rules.map(\.index) == [1])
  }

  @Test func `an element that goes by itself is no flow for ever`() throws {
    let sets = [("friends", "ipv4_addr"), ("banned", "ipv4_addr")].map { name, type in
      "{\"set\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"\(name)\",\"type\":\"\(type)\",\"flags\":[\"timeout\"],\"elem\":[{\"elem\":{\"val\":\"192.0.2.\(name.count)\",\"timeout\":3600,\"expires\":3000}}]}}"
    }
    let source = Self.field("ip", "saddr")
    let tables = try Self.tables(
      [
        Self.match(source, "\"@banned\"") + ",{\"drop\":null}",
        Self.match(Self.field("tcp", "dport"), "443") + "," + Self.accept,
        Self.match(source, "\"@friends\"") + "," + Self.match(Self.field("tcp", "dport"), "22") + ","
          + Self.accept,
      ], output: [], sets: sets.joined(separator: ","))
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    try compare(found, tables, "web-1", own, "timed")
    #expect(!found.part.text.contains("tcp/22"))
    #expect(
      found.part.networks.values.contains(["0.0.0.0-192.0.2.5", "192.0.2.7-255.255.255.255", "::/0"]),
      "\(found.part.text)")
  }

  @Test func `what passes to some addresses of the host only is left out`() throws {
    let own = self.own + [Address(.ipv4, 0x0a00_010c)]
    let tables = try Self.tables(
      [
        Self.match(Self.field("ip", "daddr"), "\"10.0.1.11\"") + ","
          + Self.match(Self.field("tcp", "dport"), "22") + ","
          + Self.accept,
        Self.match(Self.field("tcp", "dport"), "80") + "," + Self.accept,
      ], output: [])
    let found = try RulesetImport(tables, of: "web-1", own: own, beside: nil)
    #expect(told(found) == ["anywhere web-1 tcp-80"])
    #expect(found.left.contains { $0.words == "what passes in at some of its addresses only is left out" })
  }

  /// The policy of the chain of forwarding, and what the host says of it.
  @Test(arguments: [("drop", true, false), ("accept", false, false)])
  func `nothing passes through that did not`(policy: String, denies: Bool, isTold: Bool) throws {
    let found = try RulesetImport(Self.tables([], forward: policy), of: "web-1", own: own, beside: nil)
    #expect(found.part.hosts.map(\.deniesForwarding) == [denies])
    #expect(found.left.contains { $0.words.contains("passes through") } == isTold)
  }

  @Test func `a host without rules may do everything, and it is said what is no flow`() throws {
    let found = try RulesetImport([], of: "web-1", own: own, beside: nil)
    try compare(found, [], "web-1", own, "nothing")
    #expect(
      told(found) == [
        "anywhere web-1 ping any-tcp any-udp any-sctp", "web-1 anywhere ping any-tcp any-udp any-sctp",
      ])
    #expect(found.part.hosts.map(\.deniesForwarding) == [false])
    #expect(found.left.count { $0.words.contains("protocols without ports") } == 2)
  }
}
