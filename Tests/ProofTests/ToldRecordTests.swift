import Addressing
import AgentProtocol
import Lab
import LabHarness
import Testing

extension KernelProof {
  /// What hosts record of real packets, and what they tell of it.
  @Suite struct ToldRecordTests {
    private static func inventory(_ server: String) -> String {
      """
      version: 1
      services: {web: tcp/80, all: {protocol: udp, ports: [1-65535]}}
      networks: {left: {prefixes: [10.1.0.0/24]}, right: {prefixes: [10.2.0.0/24]}}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"], mode: observe}
        server: {addresses: [10.0.0.2, "2001:db8::2"]\(server)}
      flows:
        client-to-server: {from: client, to: server, service: web, why: a test}

      """
    }

    private static func told(_ direction: RecordList.Direction?) -> [String] {
      (direction?.entries ?? []).map { entry in
        let record = entry.record
        return "\(record.peer) \(record.ipProtocol)" + (record.port.map { "/\($0)" } ?? "")
      }
    }

    @Test func `what is denied is told with its packets, the most recent first, in both families`()
      async throws
    {
      try await withEnforcedLab(Self.inventory(""), try labRights()) { proof in
        func listed(_ host: String, _ hook: DirectionStatus.Direction) async throws -> RecordList.Direction? {
          try await proof.ask(host) { try await $0.ask(ListRecords()) }.directions.first { $0.hook == hook }
        }
        let attempts = [
          "tcp - 10.0.0.2 22", "udp - 10.0.0.2 53", "icmp - 10.0.0.2 8", "tcp - 2001:db8::2 22",
          "udp - 2001:db8::2 53", "icmpv6 - 2001:db8::2 128",
        ]
        let outcomes = try await proof.lab.probe("client", attempts)
        #expect(outcomes.allSatisfy { $0 == "silent" }, "\(outcomes)")
        let first = try #require(try await listed("server", .input))
        #expect(first.mode == .enforce && first.memory == 86_400 && !first.isFull && first.untold == 0)
        #expect(
          Set(Self.told(first)) == [
            "10.0.0.1 tcp/22", "10.0.0.1 udp/53", "10.0.0.1 icmp", "2001:db8::1 tcp/22",
            "2001:db8::1 udp/53", "2001:db8::1 icmpv6",
          ])
        #expect(first.entries.allSatisfy { $0.packets > 0 && $0.bytes >= 28 * $0.packets })
        #expect(first.entries.map(\.age) == first.entries.map(\.age).sorted())
        // What comes again is counted, and is the most recent.
        let before = try #require(
          first.entries.first { $0.record.port == 53 && $0.record.peer.family == .ipv4 })
        _ = try await proof.lab.probe("client", ["udp - 10.0.0.2 53"])
        let second = try #require(try await listed("server", .input))
        #expect(Self.told(second).first == "10.0.0.1 udp/53", "\(second)")
        #expect(try #require(second.entries.first).packets > before.packets)
        #expect(second.entries.count == first.entries.count)
        // What the rules let through and only observe, at the end that sent it; nothing was sent from the other.
        let observed = try #require(try await listed("client", .output))
        #expect(observed.mode == .observe)
        #expect(Set(Self.told(observed)).count == 6)
        #expect(try await listed("server", .output)?.entries.isEmpty == true)
      }
    }

    @Test func `of what is forwarded both ends are told`() async throws {
      let inventory = """
        version: 1
        services: {web: tcp/80}
        hosts:
          client: {addresses: [10.0.0.1, "2001:db8::1"]}
          inner:  {addresses: [10.0.9.1, "2001:db8:9::1"]}
          gate:
            addresses: [10.0.0.254, "2001:db8::fe"]
            forwarding: gateway
            routes: [{between: [client, inner]}]
        flows:
          client-to-inner: {from: client, to: inner, service: web, why: a test}

        """
      try await withProofLab(try loaded(inventory), try labRights()) { proof in
        try await proof.apply(["gate"])
        let outcomes = try await proof.lab.probe(
          "client", ["udp - 10.0.9.1 53", "tcp - 2001:db8:9::1 22", "icmp - 10.0.9.1 8"])
        #expect(outcomes.allSatisfy { $0 == "silent" }, "\(outcomes)")
        let list = try await proof.ask("gate") { try await $0.ask(ListRecords()) }
        let told = try #require(list.directions.first { $0.hook == .forward })
        #expect(
          Set(told.entries.map { "\($0.record.peer) \($0.record.destination?.description ?? "-")" })
            == ["10.0.0.1 10.0.9.1", "2001:db8::1 2001:db8:9::1"])
        #expect(
          Set(Self.told(told)) == ["10.0.0.1 udp/53", "2001:db8::1 tcp/22", "10.0.0.1 icmp"])
        #expect(told.entries.allSatisfy { $0.packets > 0 })
      }
    }

    @Test func `records stay when the mode changes, and a trial tells the mode that it tries`() async throws {
      try await withEnforcedLab(Self.inventory(", mode: observe"), try labRights()) { proof in
        _ = try await proof.lab.probe("client", ["udp - 10.0.0.2 53"])
        func input() async throws -> RecordList.Direction? {
          try await proof.ask("server") { try await $0.ask(ListRecords()) }.directions.first
        }
        #expect(try await input()?.mode == .observe)
        let wanted = try proof.changed(to: Self.inventory("")).table(of: "server")
        let note = ChangeNote(why: nil, meaning: "a trial")
        _ = try await proof.ask("server") { agent in
          try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note, cutsNow: false))
        }
        #expect(try await input()?.mode == .enforce)
        #expect(Self.told(try await input()) == ["10.0.0.1 udp/53"])
        _ = try await proof.ask("server") { try await $0.ask(EndTrial()) }
        #expect(try await input()?.mode == .observe)
        _ = try await proof.ask("server") { try await $0.ask(Apply(wanted, seen: nil)) }
        #expect(try await input()?.mode == .enforce)
        #expect(Self.told(try await input()) == ["10.0.0.1 udp/53"])
        // A trial that is confirmed, the other way, and a flow more.
        let back = try proof.changed(to: Self.inventory(", mode: observe")).table(of: "server")
        _ = try await proof.ask("server") { agent in
          let armed = try await agent.ask(Arm(back, seen: nil, seconds: 600, note: note, cutsNow: false))
          return try await agent.ask(Confirm(token: armed.token))
        }
        #expect(try await input()?.mode == .observe)
        #expect(Self.told(try await input()) == ["10.0.0.1 udp/53"])
        let wider = Self.inventory(", mode: observe").replacing("service: web", with: "service: [web, all]")
        let more = try proof.changed(to: wider).table(of: "server")
        _ = try await proof.ask("server") { try await $0.ask(Apply(more, seen: nil)) }
        #expect(Self.told(try await input()) == ["10.0.0.1 udp/53"])
      }
    }
  }
}
