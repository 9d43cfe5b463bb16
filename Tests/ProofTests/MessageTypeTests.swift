import Addressing
import LabHarness
import Policy
import Testing

extension KernelProof {
  /// What the inventory says of types of ICMP, against the connection tracking of the kernel.
  @Suite struct MessageTypeTests {
    private static let hosts = """
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      """

    /// Remembers the types of messages that begin a connection.
    private static let counting = """
      table inet counting {
        set begins4 { type icmp_type; flags dynamic; size 256; }
        set begins6 { type icmpv6_type; flags dynamic; size 256; }
        chain arriving {
          type filter hook input priority filter; policy accept;
          ct state new add @begins4 { icmp type }
          ct state new add @begins6 { icmpv6 type }
        }
      }
      """

    /// A flow for any other type would open nothing: a message that answers or reports is no beginning.
    @Test(arguments: AddressFamily.allCases)
    func `a service may have just those types that begin a connection`(family: AddressFamily) async throws {
      let word = family == .ipv4 ? "icmpv4" : "icmpv6"
      let accepted = (0...255).filter {
        policy(ofText: "version: 1\nservices: {s: \(word)/\($0)}\n\(Self.hosts)") != nil
      }
      try await withProofLab(try loaded("version: 1\n\(Self.hosts)"), try labRights()) { proof in
        try await proof.lab.load("server", Self.counting)
        let ends = family == .ipv4 ? ("10.0.0.1", "10.0.0.2") : ("2001:db8::1", "2001:db8::2")
        let packets = try (0...255).map { type in
          try WirePacket(ends.0, ends.1, hopLimit: 255)
            .icmp(type: UInt8(type), code: 0, rest: [UInt8](repeating: 0, count: 60))
        }
        #expect(try await proof.inject(packets, from: "client").allSatisfy { $0 == "sent" })
        // What was sent last has arrived when what is sent behind it is answered.
        _ = try await proof.lab.probe("client", ["tcp - \(ends.1) 80"])
        let set = "begins\(family == .ipv4 ? 4 : 6)"
        let listing = try await proof.lab.run(
          "server", ["nft", "-nn", "list", "set", "inet", "counting", set]
        ).succeeded()
        let elements = try #require(listing.split(separator: "elements = {").last)
        let begins = elements.matches(of: /\d+/).compactMap { Int($0.output) }.sorted()
        // Timestamps could begin one, and are never opened.
        #expect(begins.filter { family != .ipv4 || $0 != 13 } == accepted)
      }
    }
  }
}
