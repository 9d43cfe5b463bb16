import Addressing
import Lab
import LabFixtures
import LabHarness
import Machine
import Testing

/// Who reaches whom in a lab, by which way, and how programs run in it.
@Suite(.serialized, .needsNamespaces) struct LabTrafficTests {
  @Test(arguments: Rights.available)
  func `without rulesets everybody reaches everybody by TCP, UDP and ping in both families`(rights: Rights)
    async throws
  {
    try await withLab(Fleet.withGateway(), rights) { lab in
      let names = lab.plan.nodes.map(\.name)
      _ = try await lab.whileListening(names, ["tcp=7000", "udp=7001"]) {
        for node in lab.plan.nodes {
          let attempts = try attempts(from: node, in: lab)
          #expect(attempts.count >= 18)
          let outcomes = try await lab.probe(node.name, attempts)
          #expect(outcomes.count == attempts.count)
          for (attempt, outcome) in zip(attempts, outcomes) {
            #expect(outcome == "open", "\(node.name): \(attempt)")
          }
        }
      }
    }
  }

  @Test(arguments: Rights.available)
  func `a gateway that forwards nothing cuts exactly the pairs that its routes separate`(rights: Rights)
    async throws
  {
    try await withLab(Fleet.withGateway(), rights) { lab in
      try await lab.load(
        "gate", "table inet t { chain f { type filter hook forward priority 0; counter drop; }; }")
      let names = lab.plan.nodes.map(\.name)
      _ = try await lab.whileListening(names, ["tcp=7000", "udp=7001"]) {
        for node in lab.plan.nodes {
          let attempts = try attempts(from: node, in: lab)
          let outcomes = try await lab.probe(node.name, attempts)
          for (attempt, outcome) in zip(attempts, outcomes) {
            let words = attempt.split(separator: " ")
            let gateway = lab.plan.gateway(
              from: try Address(parsing: words[1]), to: try Address(parsing: words[2]))
            #expect(outcome == (gateway == nil ? "open" : "silent"), "\(node.name): \(attempt)")
          }
        }
      }
    }
  }

  @Test(arguments: Rights.available)
  func `nobody is told to go around the core or a gateway`(rights: Rights) async throws {
    try await withLab(Fleet.withGateway(), rights) { lab in
      let names = lab.plan.nodes.map(\.name)
      let heard = try await lab.whileListening(names, ["raw=icmp,icmpv6"]) {
        for node in lab.plan.nodes { _ = try await lab.probe(node.name, attempts(from: node, in: lab)) }
      }
      #expect(heard.values.joined().contains { $0.hasPrefix("icmpv6 128 ") })
      let redirects = heard.values.joined().filter { $0.hasPrefix("icmp 5 ") || $0.hasPrefix("icmpv6 137 ") }
      #expect(redirects == [])
    }
  }

  @Test(arguments: Rights.available)
  func `groups on the link are heard, in both families`(rights: Rights) async throws {
    try await withLab(Fleet.withGateway(), rights) { lab in
      let heard = try await lab.whileListening(
        ["web-2"], ["udp=5353", "raw=vrrp", "group=224.0.0.251,224.0.0.18,ff02::fb,ff02::12"]
      ) {
        let outcomes = try await lab.probe(
          "web-1",
          [
            "udp - 224.0.0.251 5353", "udp 10.1.0.11#5353 224.0.0.251 5353", "udp - ff02::fb 5353",
            "vrrp 10.1.0.11 224.0.0.18 -", "vrrp - ff02::12 -",
          ])
        #expect(outcomes == ["open", "open", "open", "silent", "silent"])
      }
      let lines = try #require(heard["web-2"])
      #expect(lines.contains("udp 5353 10.1.0.11 2"))
      #expect(lines.contains("vrrp - 10.1.0.11 1"))
      #expect(lines.count { $0.hasPrefix("udp 5353 fe80::") } == 1)
      #expect(lines.count { $0.hasPrefix("vrrp - fe80::") } == 1)
    }
  }

  @Test(arguments: Rights.available)
  func
    `a program in a host has its standard streams, its exit status, its own runtime directory and the others' names`(
      rights: Rights
    ) async throws
  {
    try await withLab(Fleet.withGateway(), rights) { lab in
      for status in [0, 1, 7, 255] as [Int32] {
        let finished = try await lab.run("web-1", ["sh", "-c", "cat; exit \(status)"], input: "one\ntwo\n")
        #expect(finished.output == "one\ntwo\n")
        #expect(finished.status == status)
      }
      let killed = try await lab.run("web-1", ["sh", "-c", "kill -9 $$"])
      #expect(killed.status == 137)

      let directory = try await lab.run("db-1", ["sh", "-c", "cd $SEKISHO_RUNTIME_DIR && touch x && pwd"])
      #expect(directory.output == "/run/sekisho/db-1\n")
      let names = try await lab.run("db-1", ["getent", "ahosts", "web-2"])
      for address in ["10.1.0.12", "10.1.0.22", "2001:db8:1::12"] {
        #expect(names.lines.contains { $0.hasPrefix("\(address) ") }, "\(address)")
      }
      let others = try await lab.run("web-1", ["sh", "-c", "ls $SEKISHO_RUNTIME_DIR | wc -l"])
      #expect(others.output == "0\n")
    }
  }

  @Test(arguments: Rights.available)
  func `a command becomes the process that was asked to run it`(rights: Rights) async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      let lab = try Lab.up(
        Fleet.withGateway(), in: directory, keeper: [supportProgram(), "keep"], tethered: true,
        userNamespace: rights == .userNamespace)
      let prefix = ["/usr/bin/env", "SEKISHO_RUNTIME_DIR=\(path)", try supportProgram(), "exec"]
      let address = try await run(prefix + ["db-old", "ip", "-4", "-brief", "address", "show", "eth0"])
      #expect(address.output.contains("10.2.0.99/32"))
      let echo = try await run(prefix + ["db-old", "sh", "-c", "cat; exit 3"], input: "in and out")
      #expect(echo.output == "in and out")
      #expect(echo.status == 3)
      let unknown = try await run(prefix + ["db-9", "true"])
      #expect(
        unknown.output
          == "db-9: the lab has no host or network of this name; `sekisho lab status` lists them\n")
      let missing = try await run(prefix + ["db-1", "no-such-program"])
      // 126 where a directory of the search path is closed to us.
      #expect([126, 127].contains(missing.status))
      try lab.down()
    }
  }

  @Test(.needs(.userNamespace)) func `a name of 63 bytes is a host like any other`() async throws {
    let name = String(repeating: "long-name", count: 7)
    var fleet = Fleet()
    try fleet.host(name, ["10.0.0.1"])
    try fleet.host("0", ["10.0.0.2"])
    try await withLab(fleet.policy, .userNamespace) { lab in
      let outcomes = try await lab.probe(name, ["icmp - 10.0.0.2 8"])
      #expect(outcomes == ["open"])
    }
  }

  /// One attempt by each protocol from each address to each address of each other node.
  private func attempts(from node: LabNode, in lab: Lab) throws -> [String] {
    lab.plan.nodes.filter { $0.name != node.name }.flatMap { other in
      node.addresses.flatMap { source in
        other.addresses.filter { $0.family == source.family }.flatMap { destination in
          let ping =
            source.family == .ipv4 ? "icmp \(source) \(destination) 8" : "icmpv6 \(source) \(destination) 128"
          return [ping, "tcp \(source) \(destination) 7000", "udp \(source) \(destination) 7001"]
        }
      }
    }
  }
}
