import Addressing
import Lab
import LabHarness
import Policy
import Testing

extension KernelProof {
  /// An address that either of two hosts has: what the rulesets say of it holds wherever it is.
  @Suite struct VirtualAddressTests {
    private static let inventory = """
      version: 1
      services: {web: tcp/443, sql: tcp/5432}
      hosts:
        edge-1: {addresses: [10.0.0.1, "2001:db8::1"], groups: [edge]}
        edge-2: {addresses: [10.0.0.2, "2001:db8::2"], groups: [edge]}
        web-1: {addresses: [10.0.0.11, "2001:db8::11"]}
        db-1: {addresses: [10.0.0.21, "2001:db8::21"]}
      virtual:
        lb: {addresses: [10.0.0.100, "2001:db8::100"], carriers: edge}
      flows:
        shop: {from: [web-1, edge], to: lb, service: web, why: a test}
        store: {from: lb, to: db-1, service: sql, why: a test}
      """

    private static let families = [("10.0.0.", "32"), ("2001:db8::", "128")]

    @Test func `a flow to a virtual address follows it from host to host and opens nothing beside it`()
      async throws
    {
      try await withEnforcedLab(Self.inventory, try labRights()) { proof in
        #expect(
          proof.lab.plan["edge-1"]?.carried.map(\.address.description) == ["10.0.0.100", "2001:db8::100"])
        #expect(proof.lab.plan["edge-2"]?.carried == [])
        let told = try await proof.lab.run("web-1", ["getent", "ahosts", "lb"])
        #expect(
          told.output.contains("10.0.0.100") && told.output.contains("2001:db8::100"), "\(told.output)")
        try await expectCarrier("edge-1", other: "edge-2", in: proof)
        try await move(from: "edge-1", to: "edge-2", in: proof)
        try await expectCarrier("edge-2", other: "edge-1", in: proof)
      }
    }

    private func isOpen(_ lab: Lab, _ node: String, _ attempt: String) async throws -> Bool {
      try await lab.probe(node, [attempt]) == ["open"]
    }

    private func expectCarrier(_ carrier: String, other: String, in proof: ProofLab) async throws {
      let lab = proof.lab
      let heard = try await lab.whileListening([carrier, other, "db-1"], ["tcp=443,5432"]) {
        for (prefix, _) in Self.families { try await expectWays(lab, carrier, other: other, prefix) }
      }
      #expect(heard[carrier]?.contains { $0.contains(" 443 ") } == true, "\(heard)")
      #expect(heard[other] == [], "\(heard)")
    }

    private func expectWays(_ lab: Lab, _ carrier: String, other: String, _ prefix: String) async throws {
      // First, since it tells the neighbours where the address is.
      #expect(try await isOpen(lab, carrier, "tcp \(prefix)100 \(prefix)21 5432"))
      let own = carrier == "edge-1" ? 1 : 2
      #expect(try await !isOpen(lab, carrier, "tcp \(prefix)\(own) \(prefix)21 5432"))
      #expect(try await isOpen(lab, "web-1", "tcp - \(prefix)100 443"))
      #expect(try await isOpen(lab, other, "tcp - \(prefix)100 443"))
      for number in 1...2 {
        #expect(try await !isOpen(lab, "web-1", "tcp - \(prefix)\(number) 443"))
      }
      #expect(try await !isOpen(lab, "web-1", "tcp - \(prefix)100 5432"))
      #expect(try await !isOpen(lab, "web-1", "tcp - \(prefix)21 5432"))
    }

    /// The carrier's rules look at the address that a packet goes to: what leaves web-1 for another one, by a rule that it should
    /// not have, ends there.
    @Test func `a carrier takes nothing at its own addresses whatever its peers send`() async throws {
      try await withProofLab(try loaded(Self.inventory), try labRights()) { proof in
        try await proof.apply(["edge-1", "edge-2", "db-1"])
        let heard = try await proof.lab.whileListening(["edge-1"], ["tcp=443"]) {
          for (prefix, _) in Self.families {
            let way = try await isOpen(proof.lab, "web-1", "tcp - \(prefix)100 443")
            let beside = try await isOpen(proof.lab, "web-1", "tcp - \(prefix)1 443")
            #expect(way && !beside)
          }
        }
        #expect(heard["edge-1"]?.isEmpty == false)
      }
    }

    private func move(from old: String, to new: String, in proof: ProofLab) async throws {
      for (prefix, length) in Self.families {
        let change = "\(prefix)100/\(length) dev eth0"
        _ = try await proof.lab.run(old, ["sh", "-c", "ip addr del \(change)"]).succeeded()
        let options = length == "128" ? " nodad preferred_lft 0" : ""
        _ = try await proof.lab.run(new, ["sh", "-c", "ip addr add \(change)\(options)"]).succeeded()
      }
      // Whoever asks for a neighbour from the address tells it where that is now.
      _ = try await proof.lab.run(new, ["ip", "neigh", "flush", "all"]).succeeded()
    }
  }
}
