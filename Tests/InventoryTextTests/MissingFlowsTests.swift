import Addressing
import Diagnostics
import Inventory
import InventoryText
import Policy
import Testing

/// What is written is read back by the loader beside what was there, and opens just that.
@Suite struct MissingFlowsTests {
  private static let inventory = """
    version: 1
    settings: {management: care}
    networks:
      internet: {prefixes: [0.0.0.0/0, "::/0"], except: [managed, private]}
      office: {prefixes: [203.0.113.0/24]}
      desks: {prefixes: [203.0.113.64/26]}
      mixed: {prefixes: [192.0.2.8/29, "2000::/3"], except: [managed]}
      login-192-0-2-7: {prefixes: [198.51.100.0/24]}
    services: {care: [tcp/22, tcp/2222], "7z": tcp/7777, "off": tcp/9}
    hosts:
      "no": {addresses: [10.0.0.1]}
      "1e3": {addresses: [10.0.0.2, "2001:db8::2"]}
      desk: {addresses: [10.0.0.3]}
    flows:
      "desk-to-no": {from: desk, to: "1e3", service: "7z", why: it has the name that another one would get}
    """

  /// Who connects to which port, and how both are called.
  static let cases: [(source: String, port: UInt16?, from: String, service: String)] = [
    ("10.0.0.3", 22, "desk", "care"), ("10.0.0.2", 2222, "1e3", "care"), ("10.0.0.3", 7777, "desk", "7z"),
    ("10.0.0.3", 9, "desk", "off"), ("10.0.0.3", nil, "desk", "care"),
    // The smallest network that is not half the world; else one of its own, under a name that is free.
    ("203.0.113.70", 22, "desks", "care"), ("203.0.113.1", 22, "office", "care"),
    ("8.8.8.8", 22, "login-8-8-8-8", "care"), ("192.0.2.7", 22, "login-192-0-2-7-2", "care"),
    // What is small in one family is half the world in the other.
    ("192.0.2.9", 22, "login-192-0-2-9", "care"),
    ("fe80::7", 22, "login-fe80--7", "care"), ("169.254.1.1", 22, "login-169-254-1-1", "care"),
    ("2001:db8:ffff::7", 8022, "login-2001-db8-ffff--7", "login-tcp-8022"),
  ]

  @Test(arguments: cases, ["no", "1e3"])
  func `it is read back, and is of one source, host and port`(
    _ example: (source: String, port: UInt16?, from: String, service: String), host: String
  ) throws {
    let (before, _) = try load([Self.inventory])
    var missing = MissingFlows(in: before)
    let source = try Address(parsing: example.source)
    if source.family == .ipv6, host == "no" { return }
    missing.add(from: .address(source), to: host, port: example.port)
    missing.add(from: .address(source), to: host, port: example.port)
    let (after, report) = try load([Self.inventory, try #require(missing.text)])
    let policy = try #require(after, "\(report) \(missing.text ?? "")")
    #expect(policy.flows.count == 2)
    let flow = try #require(policy.flows.first { $0.why == "Somebody logs in from there" })
    #expect(
      policy[flow.written.from].name == example.from && policy[flow.written.from].addresses.contains(source))
    #expect(policy[flow.written.to].name == host)
    #expect(flow.services.map { policy[$0].name } == [example.service])
    #expect(policy[flow.written.from].addresses.ranges(.ipv4).reduce(0) { $0 + $1.count } <= 256)
  }

  @Test func `what several miss is one file`() throws {
    var missing = MissingFlows(in: try load([Self.inventory]).policy)
    for host in ["no", "1e3", "desk"] {
      missing.add(from: .address(try Address(parsing: "192.0.2.7")), to: host, port: 8022)
    }
    missing.add(from: .named("office"), to: "desk", port: nil)
    let (after, report) = try load([Self.inventory, try #require(missing.text)])
    #expect(after?.flows.count == 5, "\(report)")
  }

  @Test func `without a policy hosts are known by their addresses`() throws {
    let desk = try Address(parsing: "10.0.0.3")
    var missing = MissingFlows(in: nil, owners: [desk: "desk"])
    #expect(missing.text == nil)
    missing.add(from: .address(desk), to: "web", port: 22)
    #expect(
      missing.text == """
        version: 1
        services:
          login-tcp-22: tcp/22
        flows:
          desk-to-web:
            from: desk
            to: web
            service: login-tcp-22
            why: Somebody logs in from there

        """)
  }

  private func load(_ texts: [String]) throws -> (policy: Policy?, report: String) {
    let files = texts.enumerated().map { SourceFile(path: "\($0).yaml", bytes: Array($1.utf8)) }
    let loaded = Inventory.load(Sources(files: files))
    return (loaded.policy, loaded.report.text(Sources(files: files), style: .plain))
  }
}
