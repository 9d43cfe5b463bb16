import Addressing
import LabHarness
import Nftables
import Testing

extension KernelProof {
  /// What is kept of denied packets, and how much of it one peer takes.
  @Suite struct RecordTests {
    private static func inventory(_ mode: String) -> String {
      """
      version: 1
      settings: {mode: \(mode)}
      services: {web: tcp/9999}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
        inner:  {addresses: [10.0.9.1, "2001:db8:9::1"]}
        gate:
          addresses: [10.0.0.254, "2001:db8::fe"]
          forwarding: gateway
          routes: [{between: [client, inner]}]
      flows:
        client-to-server: {from: client, to: server, service: web, why: a test}
      """
    }

    /// Where a scan is denied, and what is asked for beside it.
    struct Place: CustomTestStringConvertible, Sendable {
      let mode: String
      let set: String
      /// Who scans, on which host it is denied, and between which addresses.
      let scanner: String
      let host: String
      let source: String
      let destination: String
      /// What begins like the other peer's address of 20 others.
      let others: String
      var isLeaving: Bool { scanner == host }
      var testDescription: String { "\(mode) \(set)" }

      func packet(_ port: UInt16, other: Int? = nil) throws -> WirePacket {
        let peer = other.map { "\(others)\($0)" }
        return try WirePacket(
          isLeaving ? source : peer ?? source, isLeaving ? peer ?? destination : destination
        )
        .tcp(.syn, from: 50_000, to: port)
      }
    }

    static let places = [
      Place(
        mode: "enforce", set: "in/denied.v4", scanner: "client", host: "server", source: "10.0.0.1",
        destination: "10.0.0.2", others: "10.0.0.1"),
      Place(
        mode: "enforce", set: "in/denied.v6", scanner: "client", host: "server", source: "2001:db8::1",
        destination: "2001:db8::2", others: "2001:db8::1:"),
      Place(
        mode: "observe", set: "in/denied.v4", scanner: "client", host: "server", source: "10.0.0.1",
        destination: "10.0.0.2", others: "10.0.0.1"),
      Place(
        mode: "enforce", set: "forward/denied.v4", scanner: "client", host: "gate", source: "10.0.0.1",
        destination: "10.0.9.1", others: "10.0.0.1"),
      Place(
        mode: "enforce", set: "out/denied.v4", scanner: "server", host: "server", source: "10.0.0.2",
        destination: "10.0.0.1", others: "10.0.0.1"),
    ]

    @Test(arguments: places)
    func `a scan takes its share of the records, and whoever else is denied is recorded`(
      place: Place
    ) async throws {
      try await withProofLab(try loaded(Self.inventory(place.mode)), try labRights()) { proof in
        try await proof.apply([place.host])
        // Neighbours know each other.
        let ping =
          place.destination.contains(":")
          ? "icmpv6 - \(place.destination) 128" : "icmp - \(place.destination) 8"
        _ = try await proof.lab.probe(place.scanner, [ping])
        let ports: ClosedRange<UInt16> = 1...3000
        let repeats = place.mode == "observe" ? 0 : 2000
        try await proof.inject(
          ports.map { try place.packet($0) } + Array(repeating: try place.packet(7), count: repeats)
            + (10..<30).map { try place.packet(4000, other: $0) }, from: place.scanner)

        let recorded = try await proof.elements(of: place.set, on: place.host)
        #expect(recorded.count { $0.hasSuffix(". tcp . 4000") } == 20, "\(recorded.count)")
        let scanned = recorded.count { !$0.hasSuffix(". tcp . 4000") }
        #expect(490...600 ~= scanned)
        // What is not recorded is counted.
        let left = try await proof.packets(place.host, comment: "not recorded: more than a peer's share")
        #expect(left == ports.count - scanned)
        #expect(try await proof.packets(place.host, comment: "not recorded: records are full") == 0)
        // What is recorded goes on counting, each packet once.
        if repeats > 0 {
          let listing = try await proof.lab.run(
            place.host, ["nft", "list", "set", "inet", "sekisho", place.set]
          ).succeeded()
          let counter = listing.firstMatch(of: /\. tcp \. 7 [^,}]*counter packets (\d+)/)?.1
          #expect(counter.flatMap { Int($0) } == 1 + repeats)
        }
      }
    }

    @Test func `where more peers ask than are remembered each is recorded all the same`() async throws {
      try await withProofLab(try loaded(Self.inventory("enforce")), try labRights()) { proof in
        let table = proof.table(of: "server")
        let sets = table.sets.map { set in
          set.name.text == "in/asking.v4"
            ? NamedSet(
              name: set.name, key: set.key, flags: set.flags, size: 2, timeout: set.timeout,
              elements: set.elements) : set
        }
        try await proof.apply(
          Table(family: table.family, name: table.name, chains: table.chains, sets: sets), on: "server")
        _ = try await proof.lab.probe("client", ["icmp - 10.0.0.2 8"])
        let packets = try (10..<30).map {
          try WirePacket("10.0.0.1\($0)", "10.0.0.2").udp(from: 50_000, to: 53)
        }
        try await proof.inject(packets, from: "client")
        #expect(try await proof.elements(of: "in/asking.v4", on: "server").count == 2)
        #expect(try await proof.elements(of: "in/denied.v4", on: "server").count == 20)
      }
    }

    /// Each has a share of its own, so that a flood of them is held back by its pace.
    @Test func `of a flood of forged sources whatever is not recorded is counted`() async throws {
      try await withProofLab(try loaded(Self.inventory("enforce")), try labRights()) { proof in
        try await proof.apply(["server"])
        _ = try await proof.lab.probe("client", ["icmp - 10.0.0.2 8"])
        let flood = try (0..<3000).map {
          try WirePacket("198.18.\($0 / 250).\($0 % 250 + 1)", "10.0.0.2").udp(from: 50_000, to: 53)
        }
        try await proof.inject(flood, from: "client")
        let recorded = try await proof.elements(of: "in/denied.v4", on: "server").count
        #expect(recorded >= 1000)
        #expect(
          try await proof.packets("server", comment: "not recorded: too much at once") == 3000 - recorded)
      }
    }
  }
}
