import Addressing
import LabFixtures
import LabHarness
import Testing

@testable import Lab

@Suite struct TopologyTests {
  @Test func `what a gateway's route separates goes through it in both directions, the rest is direct`()
    throws
  {
    let plan = try LabPlan(Fleet.withGateway())
    for (source, destination, gateway) in [
      ("10.1.0.11", "10.2.0.11", "gate"), ("10.2.0.11", "10.1.0.11", "gate"),
      ("2001:db8:1::12", "2001:db8:2::77", "gate"), ("1.0.0.1", "10.1.0.22", "gate"),
      ("10.1.0.11", "10.1.0.12", nil), ("203.0.113.1", "10.1.0.11", nil), ("1.0.0.1", "10.2.0.11", nil),
      ("10.1.0.11", "10.2.0.1", nil), ("10.1.0.11", "192.0.2.1", nil),
    ] as [(String, String, String?)] {
      let found = plan.gateway(from: try Address(parsing: source), to: try Address(parsing: destination))
      #expect(found == gateway, "\(source) to \(destination)")
    }
    #expect(plan["gate"]?.forwards == true)
    #expect(plan["web-1"]?.forwards == false)
  }

  @Test func `the gateway's nearest address is the next hop`() throws {
    let plan = try LabPlan(Fleet.withGateway())
    let routes = try #require(plan["db-1"]?.routes)
    #expect(Set(routes.map(\.gateway.description)) == ["10.2.0.1", "2001:db8:2::1"])
    #expect(routes == routes.sorted())
  }

  @Test func `of several gateways the first by name is used, by both sides and in every family it has`()
    throws
  {
    var fleet = Fleet()
    try fleet.host("a", ["10.0.0.1", "2001:db8::1"])
    try fleet.host("b", ["10.0.0.2", "2001:db8::2"])
    try fleet.peers("a", hosts: ["a"])
    try fleet.peers("b", hosts: ["b"])
    try fleet.host("gate-2", ["10.0.0.12", "2001:db8::12"], between: [("a", "b")])
    try fleet.host("gate-1", ["10.0.0.11"], between: [("b", "a")])
    let plan = try LabPlan(fleet.policy)
    for node in ["a", "b"] {
      #expect(plan[node]?.routes.map(\.gateway.description) == ["10.0.0.11", "2001:db8::12"])
    }
  }

  @Test func `gateways are reached directly, so that no packet goes in a circle`() throws {
    var fleet = Fleet()
    try fleet.host("a", ["10.0.0.1"])
    try fleet.host("b", ["10.0.0.2"])
    try fleet.peers("all", hosts: ["a", "b", "gate-1", "gate-2"])
    try fleet.host("gate-1", ["10.0.0.11"], between: [("all", "all")])
    try fleet.host("gate-2", ["10.0.0.12"], between: [("all", "all")])
    let plan = try LabPlan(fleet.policy)
    #expect(plan["gate-1"]?.routes == [])
    #expect(plan["gate-2"]?.routes == [])
    #expect(plan["a"]?.routes.map(\.destination.description) == ["10.0.0.2"])
  }

  @Test func `a network lives at an address that no host and no narrower network has`() throws {
    var fleet = Fleet()
    try fleet.host("first", ["203.0.113.1", "2001:db8::1"])
    try fleet.peers("internet", networks: ["0.0.0.0/0", "::/0"])
    try fleet.peers("low", networks: ["1.0.0.0/8", "2000::/16"])
    try fleet.peers("office", networks: ["203.0.113.0/31", "203.0.113.4/32"])
    try fleet.peers("unused", networks: ["198.51.100.0/24"])
    fleet.flow("internet", "office")
    fleet.flow("low", "office")
    let plan = try LabPlan(fleet.policy)
    let networks = plan.nodes.filter { $0.kind == .network }
    #expect(networks.map(\.name) == ["internet", "low", "office"])
    #expect(
      networks.map { $0.addresses.map(\.description) } == [
        ["2.0.0.1", "2001::1"], ["1.0.0.1", "2000::1"], ["203.0.113.4"],
      ])
  }

  @Test func `a flow's own mix of networks needs a place only where none of them has one`() throws {
    var fleet = Fleet()
    try fleet.host("web", ["10.0.0.1"])
    try fleet.peers("web", hosts: ["web"])
    try fleet.peers("office", networks: ["203.0.113.0/24"])
    try fleet.peers("mixed/from", hosts: ["web"], networks: ["203.0.113.0/24", "2001:db8::/32"])
    fleet.flow("office", "web")
    fleet.flow("mixed/from", "web")
    let plan = try LabPlan(fleet.policy)
    #expect(plan["mixed.from"]?.addresses.map(\.description) == ["2001:db8::1"])
    #expect(plan["office"]?.addresses.map(\.description) == ["203.0.113.1"])
  }

  @Test(arguments: [".", "..", "-v", "a b", "a/b", "a\nb", "a\"b", "#a", ""])
  func `a host's name that is no name of a namespace is refused`(name: String) throws {
    var fleet = Fleet()
    try fleet.host(name, ["10.0.0.1"])
    let policy = fleet.policy
    let error = #expect(throws: LabError.self) { try LabPlan(policy) }
    #expect(error?.code == .layout)
    #expect(error?.object == name)
  }

  @Test func `more nodes than one machine takes are refused with what to do`() throws {
    let error = #expect(throws: LabError.self) { try LabPlan(Fleet.large(400)) }
    #expect(
      error?.message
        == "401 hosts and networks are more than the 400 that one machine takes; make a smaller inventory for "
        + "the lab")
  }

  @Test func `a plan survives being written and read`() throws {
    let plan = try LabPlan(Fleet.withGateway())
    #expect(LabPlan(parsing: plan.text.split(separator: "\n")) == plan)
    let lines = plan.text.split(separator: "\n")
    for count in lines.indices { #expect(LabPlan(parsing: lines[..<count]) == nil) }
    #expect(LabPlan(parsing: ["node a host", "address 10.0.0.1; reboot", "end"]) == nil)
    let carrier = LabPlan(nodes: [
      LabNode(
        name: "a", kind: .host, addresses: [try Address(parsing: "10.0.0.1")],
        carried: [LabVirtual(try Address(parsing: "10.0.0.100"), "lb")], forwards: false, routes: [])
    ])
    #expect(LabPlan(parsing: carrier.text.split(separator: "\n")) == carrier)
    #expect(LabPlan(parsing: ["node a host", "virtual 10.0.0.100 lb", "end"]) == nil)
    #expect(LabPlan(parsing: ["node a;b host", "address 10.0.0.1", "end"]) == nil)
  }

  @Test func `the order in which flows come changes nothing`() throws {
    var one = Fleet()
    var other = Fleet()
    for name in ["x", "y", "z"] {
      try one.peers(name, networks: ["192.0.2.0/24"])
      try other.peers(name, networks: ["192.0.2.0/24"])
    }
    for (from, to) in [("x", "y"), ("y", "z"), ("z", "x")] { one.flow(from, to) }
    for (from, to) in [("z", "x"), ("y", "z"), ("x", "y")] { other.flow(from, to) }
    let plan = try LabPlan(one.policy)
    #expect(try plan == LabPlan(other.policy))
    #expect(plan.nodes.flatMap(\.addresses).map(\.description) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
  }
}
