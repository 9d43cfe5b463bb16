import Addressing
import Diagnostics
import Inventory
import Policy
import Testing

@Suite struct MulticastTests {
  @Test func `a multicast service says where answers arrive`() throws {
    let text = """
      version: 1
      services:
        mdns: {protocol: udp, ports: [5353], multicast: [224.0.0.251, "ff02::fb"], replies: [5353, 32768-60999]}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
      flows:
        names: {from: a, to: b, service: mdns, why: Printers are found by name}
      """
    let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
    let service = try #require(loaded.policy?.services.first, "\(loaded.report.text(loaded.sources))")
    #expect(service.replies == PortSet([5353...5353, 32768...60999]))
    #expect(service.multicast.contains(try Address(parsing: "ff02::fb")))
  }
}
