import Glibc
import LabHarness
import Nftables
import Testing

extension HostProof {
  /// What a change leaves alone: counters, connections, everything that another flow needs.
  @Suite struct ChangeTests {
    private static func inventory(_ flows: String = "") -> String {
      """
      version: 1
      services: {web: tcp/80, ssh: tcp/22, dns: udp/53}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"], groups: [clients]}
        second: {addresses: [10.0.0.3, "2001:db8::3"], groups: [others]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        web: {from: clients, to: server, service: web, why: a test}
      \(flows)
      """
    }

    @Test func `counters of untouched rules and their connections go on through applies`() async throws {
      try await withEnforcedLab(Self.inventory(), try labRights()) { proof in
        let wider = try proof.changed(
          to: Self.inventory("  more: {from: others, to: server, service: [web, ssh, dns], why: a test}"))
        _ = try await proof.lab.whileListening(["server"], ["tcp=80,22", "udp=53"]) {
          let ten = Array(repeating: "tcp - 10.0.0.2 80", count: 10)
          #expect(try await proof.lab.probe("client", ten) == Array(repeating: "open", count: 10))
          #expect(try await proof.packets("server", comment: "web") == 10)

          let end = time(nil) + 3
          async let held = proof.talk("client", to: "10.0.0.2", over: end)
          for policy in [wider, proof, wider] { try await policy.apply() }
          // The held connection is one more; applies took nothing away.
          _ = try await proof.lab.probe("client", ten)
          #expect(try await held == ["echo", "echo"])
          #expect(try await proof.packets("server", comment: "web") == 21)
          #expect(try await proof.packets("client", comment: "web") == 21)

          let others = try await proof.lab.probe("second", ["tcp - 10.0.0.2 22", "udp - 2001:db8::2 53"])
          #expect(others == ["open", "open"])
          try await proof.apply()
          let gone = try await proof.lab.probe("second", ["tcp - 10.0.0.2 22", "udp - 2001:db8::2 53"])
          #expect(gone == ["silent", "egress denied"])
        }
      }
    }

    @Test func `ends of two families meet in the family they share, and open nothing in the other`()
      async throws
    {
      let inventory = """
        version: 1
        networks:
          near: {prefixes: [10.0.0.0/24, "2001:db8::/64"]}
          rest: {prefixes: [10.0.0.0/24], except: [managed]}
        services: {web: tcp/80, ssh: tcp/22}
        hosts:
          four: {addresses: [10.0.0.4], groups: [mixed]}
          six: {addresses: ["2001:db8::6"], groups: [mixed]}
          both: {addresses: [10.0.0.5, "2001:db8::5"], groups: [mixed]}
          lonely: {addresses: [10.0.0.7]}
        flows:
          mixed: {from: mixed, to: [four, six], service: web, why: a test}
          but-one: {from: rest, to: both, service: ssh, why: a test}
          few: {from: mixed & !six & !both, to: both, service: ssh, why: a test}
        """
      try await withEnforcedLab(inventory, try labRights()) { proof in
        // No rule accepts whatever comes.
        for host in ["four", "six", "both", "lonely"] {
          for chain in try await proof.installed(host).chains where chain.name.text.contains(".") {
            for rule in chain.rules { #expect(rule.expressions.count > 3, "\(host) \(chain.name) \(rule)") }
          }
        }
        _ = try await proof.lab.whileListening(["four", "six", "both"], ["tcp=80,22"]) {
          for (host, attempts, expected) in [
            ("both", ["tcp - 10.0.0.4 80", "tcp - 2001:db8::6 80"], ["open", "open"]),
            ("four", ["tcp - 10.0.0.5 22", "tcp - 10.0.0.5 80"], ["open", "silent"]),
            ("six", ["tcp - 2001:db8::5 22", "tcp - 2001:db8::5 80"], ["silent", "silent"]),
            ("lonely", ["tcp - 10.0.0.5 22", "tcp - 10.0.0.4 80"], ["silent", "silent"]),
            ("rest", ["tcp - 10.0.0.5 22", "tcp - 10.0.0.4 80"], ["open", "silent"]),
          ] {
            let outcomes = try await proof.lab.probe(host, attempts)
            #expect(outcomes == expected, "\(host)")
          }
        }
      }
    }
  }
}
