import Addressing
import Diagnostics
import Inventory
import Policy
import Testing

/// What hosts say of what passes through them.
@Suite struct ForwardingTests {
  /// A host between two others by its addresses, and whether what passes from one to the other passes by a flow only.
  @Test(
    arguments: [
      ("leave", false), ("deny", true), ("containers", false),
      ("gateway, routes: [{between: [far, one]}]", true),
    ] as [(String, Bool)])
  func `only a host that filters all that passes through is looked at between neighbours`(
    forwarding: String, filters: Bool
  ) throws {
    let inventory = """
      version: 1
      services: {web: tcp/80}
      hosts:
        one: {addresses: [10.0.1.1]}
        other: {addresses: [10.0.2.1]}
        far: {addresses: [10.0.3.1]}
        between: {addresses: [10.0.1.254, 10.0.2.254], forwarding: \(forwarding)}
      flows:
        f: {from: [one, far], to: [other, far], service: web, why: test}

      """
    let policy = try #require(
      Inventory.load([SourceFile(path: "all.yaml", bytes: Array(inventory.utf8))]).policy)
    let host = try #require(policy.hosts.first { $0.name == "between" })
    #expect(host.forwarding.filtersPassage == filters)
    let found = policy.gatewaysBeside(try Address(parsing: "10.0.1.1"), try Address(parsing: "10.0.2.1"))
    #expect(found.map { policy[$0].name } == (filters ? ["between"] : []))
  }
}
