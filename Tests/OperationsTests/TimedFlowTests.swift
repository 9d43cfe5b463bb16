import Addressing
import AgentProtocol
import Foundation
import Operations
import Testing

/// Which hosts open what for a flow of the command line, and what is refused.
@Suite struct TimedFlowTests {
  private static let inventory = """
    version: 1
    services:
      postgres: tcp/5432
      both: [tcp/53, udp/53]
      wide: tcp/9000-9100
      ping: icmp/echo-request
    networks:
      office: {prefixes: [203.0.113.0/30]}
      internet: {prefixes: [198.0.0.0/8]}
      east: {prefixes: [192.0.2.0/24]}
      west: {prefixes: [198.18.0.0/22]}
    hosts:
      web-[1..2]: {addresses: ["10.0.0.[1..2]", "2001:db8::[1..2]"], groups: [web]}
      vault: {addresses: [10.0.9.9]}
      db: {addresses: [10.0.9.1, "2001:db8:9::1"]}
      gate:
        addresses: [10.0.0.254, "2001:db8::fe"]
        forwarding: gateway
        routes: [{between: [web, db]}, {between: [east, west]}]
    flows:
      opened: {from: web, to: db, service: postgres, why: a flow of that name}
    guards:
      the-vault: {never: {from: web, to: vault, within: 1 hop}}
    """

  private func flow(_ from: String, _ to: String, _ service: String, requiresGuards: Bool = true) throws
    -> TimedFlow
  {
    let path = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString).yaml")
      .path
    try Self.inventory.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try TimedFlow(
      from: from, to: to, service: service, inventory: path, requiresGuards: requiresGuards)
  }

  private static func told(_ flow: TimedFlow) -> [String: Set<String>] {
    Dictionary(
      uniqueKeysWithValues: flow.hosts.map { host in
        let doors = host.doors.map { door in
          "\(door.way) \(door.addresses.map { "\($0)" }.joined(separator: " ")) \(door.ipProtocol)/\(door.port)"
        }
        return (host.name, Set(doors))
      })
  }

  @Test func `both ends and the gateway between open it, of each family`() throws {
    let told = Self.told(try flow("web-1", "db", "postgres"))
    #expect(
      told == [
        "web-1": ["out 10.0.9.1 6/5432", "out 2001:db8:9::1 6/5432"],
        "db": ["in 10.0.0.1 6/5432", "in 2001:db8::1 6/5432"],
        "gate": ["through 10.0.0.1 10.0.9.1 6/5432", "through 2001:db8::1 2001:db8:9::1 6/5432"],
      ])
  }

  @Test func `an address, a small network and a written service are ends and services`() throws {
    #expect(
      Self.told(try flow("203.0.113.77", "db", "tcp/8443-8444"))
        == ["db": ["in 203.0.113.77 6/8443", "in 203.0.113.77 6/8444"]])
    let told = Self.told(try flow("office", "web & !web-2", "both"))
    #expect(told.keys.sorted() == ["web-1"] && told["web-1"]?.count == 8)
    #expect(told["web-1"]?.contains("in 203.0.113.3 17/53") == true)
  }

  @Test(arguments: [
    ("web-1", "db", "ping"), ("web-1", "db", "icmp/echo-request"), ("web-1", "db", "esp"),
    ("web-1", "db", "wide"), ("web-1", "db", "tcp/1-65535"), ("internet", "db", "postgres"),
    ("10.0.0.1", "db", "postgres"), ("web-1", "web-1", "postgres"), ("office", "internet", "postgres"),
    ("nobody", "db", "postgres"), ("web-1", "db", "nothing"), ("", "db", "postgres"),
    ("web-1', to: 'vault", "db", "postgres"), ("web-1\nvault", "db", "postgres"), ("web-1", "db", "tcp/0"),
  ])
  func `what cannot be opened is refused`(from: String, to: String, service: String) {
    #expect(throws: (any Error).self) { try flow(from, to, service) }
  }

  @Test func `more doors than a host can have are counted, and not made`() throws {
    // Some sixteen million; to make them would take minutes and all memory.
    let refusal = #expect(throws: Misuse.self) { try flow("east", "west", "tcp/1-64") }
    #expect(refusal?.description == "gate would have to open 16777216 doors; 1024 are the most")
    #expect(try flow("office", "web", "tcp/1-64").hosts.map(\.doors.count) == [256, 256])
    #expect(throws: Misuse.self) { try flow("east", "web", "tcp/1-5") }
  }

  @Test func `a guard that does not hold with it refuses it, and does not keep it open`() throws {
    #expect(throws: GuardsBroken.self) { try flow("web-1", "vault", "postgres") }
    #expect(
      try flow("web-1", "vault", "postgres", requiresGuards: false).hosts.map(\.name) == ["vault", "web-1"])
  }
}
