import Addressing
import Diagnostics
import Inventory
import InventoryText
import Policy
import Testing

/// What somebody begins with is sound on whatever machine he begins.
@Suite struct FirstInventoryTests {
  /// What a machine calls itself, and what its host is called.
  static let nodes = [
    ("web-1", "web-1"), ("Web-1.Example.com", "web-1"), ("10", "host-10"), ("", "host-1"), ("all", "all-2"),
    ("internet", "internet-2"), ("operators", "operators-2"), ("no", "no"), ("1e3", "1e3"),
    ("-_x", "x"), ("a b\n\"c: {", "a-b--c---"), ("über", "ber"), ("東京", "host-1"),
    (String(repeating: "a", count: 64), String(repeating: "a", count: 63)),
  ]

  private func machine(
    _ node: String = "web-1", _ addresses: [String] = ["192.0.2.1", "2001:db8::1"], hasLeases: Bool = false,
    hasContainers: Bool = false, resolvers: [String] = [], login: String? = nil, user: String = "ann"
  ) throws -> FirstInventory {
    FirstInventory(
      FirstInventory.Machine(
        node: node, addresses: try addresses.map { try Address(parsing: $0) }, hasLeases: hasLeases,
        hasContainers: hasContainers, resolvers: try resolvers.map { try Address(parsing: $0) },
        login: try login.map { try Address(parsing: $0) }, user: user))
  }

  private func policy(_ first: FirstInventory) throws -> Policy {
    let files = first.files.map { SourceFile(path: $0.name, bytes: Array($0.text.utf8)) }
    let loaded = Inventory.load(Sources(directory: "", files: files))
    return try #require(loaded.policy, "\(loaded.report)")
  }

  @Test(arguments: nodes) func `a machine may call itself anything`(node: String, host: String) throws {
    let first = try machine(node, login: "203.0.113.7")
    let policy = try policy(first)
    #expect(policy.hosts.map(\.name) == [host] && first.host == host)
  }

  @Test func `it observes, and has what nearly every machine needs`() throws {
    let policy = try policy(machine(resolvers: ["10.0.0.53", "2001:db8::53"], login: "203.0.113.7"))
    #expect(policy.hosts.allSatisfy { $0.modes.ingress == .observe && $0.modes.egress == .observe })
    #expect(policy.management.map { policy[$0].name } == "ssh")
    #expect(policy.flows.map(\.name).sorted() == ["names", "operators-log-in", "packages", "time"])
    let login = try #require(policy.flows.first { $0.name == "operators-log-in" })
    #expect(policy[login.written.from].addresses == AddressSet([try Prefix(parsing: "203.0.113.7/32")]))
    let names = try #require(policy.flows.first { $0.name == "names" })
    #expect(
      policy[names.written.to].addresses
        == AddressSet([try Prefix(parsing: "10.0.0.53/32"), try Prefix(parsing: "2001:db8::53/128")]))
  }

  @Test func `where nobody is logged in nobody is let in`() throws {
    let policy = try policy(machine())
    #expect(policy.flows.map(\.name).sorted() == ["names", "packages", "time"])
    #expect(policy.flows.allSatisfy { policy[$0.written.to].name == "internet" })
  }

  @Test(arguments: [["192.0.2.1"], ["2001:db8::1"], ["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2"]])
  func `one family is enough, and several addresses are`(addresses: [String]) throws {
    let policy = try policy(machine("a", addresses, resolvers: ["192.0.2.53"], login: "2001:db8::7"))
    #expect(policy.hosts.first?.addresses.map { "\($0)" } == addresses)
    // Whoever is of another family is no peer.
    let logsIn = policy.flows.contains { $0.name == "operators-log-in" }
    #expect(logsIn == addresses.contains { $0.contains(":") })
  }

  @Test(arguments: [false, true], [false, true])
  func `leases and containers are said`(hasLeases: Bool, hasContainers: Bool) throws {
    let host = try #require(
      try policy(machine(hasLeases: hasLeases, hasContainers: hasContainers)).hosts.first)
    #expect(host.dhcp == hasLeases)
    #expect((host.forwarding == .leave) == !hasContainers)
  }

  @Test(arguments: ["", "root", "no", "a\"b: {", "user 1000\n- x"])
  func `whoever writes it owns the flows`(user: String) throws {
    let owners = Set(try policy(machine(login: "203.0.113.7", user: user)).flows.map(\.owner))
    let owner = try #require(owners.first ?? nil)
    #expect(owners.count == 1 && !owner.isEmpty)
  }
}
