import AgentProtocol
import Foundation
import Lab
import LabHarness
import Nftables
import Testing

extension HostProof {
  /// A host that is changed again and again under traffic: `make soak` goes on for as long as it is told.
  @Suite struct SoakTests {
    /// What is allowed and what is not stays the same; sets, ranges and chains come and go.
    static func inventory(_ network: String, _ flow: String) -> String {
      """
      version: 1
      networks:
        office: {prefixes: [\(network)]}
      services: {app: [tcp/9000, udp/9000], more: [tcp/9100-9200, udp/9300]}
      hosts:
        client: {addresses: [10.0.0.1, "2001:db8::1"]}
        server: {addresses: [10.0.0.2, "2001:db8::2"]}
      flows:
        in-for-good: {from: client, to: server, service: app, why: a test}
        out-for-good: {from: server, to: client, service: app, why: a test}
        \(flow)
      """
    }

    private static let inventories = [
      inventory("192.0.2.0/25", "one: {from: office, to: server, service: more, why: a test}"),
      inventory(
        "192.0.2.128/26, 198.51.100.0/24", "two: {from: office, to: server, service: app, why: a test}"),
    ]

    /// Each path of a packet, ahead of every rule of Sekisho's and behind them.
    static let paths = ["ipv4", "ipv6"].flatMap { family in
      ["udp", "tcp"].flatMap { proto in
        ["in", "out"].map { (family: family, proto: proto, way: $0) }
      }
    }

    static let witness: String = {
      func chain(_ name: String, _ hook: String, _ priority: Int, _ way: String) -> String {
        let rules = paths.filter { $0.way == way }.flatMap { path in
          [9000, 9001].map { port in
            let begins = path.proto == "tcp" ? " tcp flags & (syn | ack) == syn" : ""
            return
              "meta nfproto \(path.family) \(path.proto) dport \(port)\(begins) counter comment \"\(path.family) \(path.proto) \(port)\""
          }
        }
        return
          "chain \(name) {\ntype filter hook \(hook) priority \(priority);\n\(rules.joined(separator: "\n"))\n}"
      }
      return """
        table inet witness {
        \(chain("in-ahead", "prerouting", -400, "in"))
        \(chain("in-behind", "input", 100, "in"))
        \(chain("out-ahead", "output", -400, "out"))
        \(chain("out-behind", "postrouting", 100, "out"))
        }
        """
    }()

    static func packets(_ proof: ProofLab, _ chain: String) async throws -> [String: Int] {
      let listing = try await proof.lab.run("server", ["nft", "list", "chain", "inet", "witness", chain])
        .output
      return Dictionary(
        uniqueKeysWithValues: listing.matches(of: /packets (\d+) .*comment "(.*)"/).map {
          (String($0.2), Int($0.1) ?? 0)
        })
    }

    /// What became of all that was poured.
    struct Passage: CustomStringConvertible {
      var allowed = 0
      var lost = 0
      var denied = 0
      var passed = 0

      var description: String {
        "\(allowed) allowed packets, \(lost) lost; \(denied) denied ones, \(passed) passed"
      }
    }

    /// - Parameter least: packets on each path.
    static func passage(_ proof: ProofLab, _ ways: [String], atLeast least: Int) async throws -> Passage {
      var sum = Passage()
      for way in ways {
        let ahead = try await packets(proof, "\(way)-ahead")
        let behind = try await packets(proof, "\(way)-behind")
        for (family, proto, _) in paths.filter({ $0.way == way }) {
          let allowed = "\(family) \(proto) 9000"
          let denied = "\(family) \(proto) 9001"
          let sent = (allowed: try #require(ahead[allowed]), denied: try #require(ahead[denied]))
          let came = (allowed: try #require(behind[allowed]), denied: try #require(behind[denied]))
          #expect(sent.allowed > least && sent.denied > least, "\(way) \(allowed)")
          #expect(sent.allowed == came.allowed, "\(way) \(allowed)")
          #expect(came.denied == 0, "\(way) \(denied)")
          sum.allowed += sent.allowed
          sum.lost += sent.allowed - came.allowed
          sum.denied += sent.denied
          sum.passed += came.denied
        }
      }
      return sum
    }

    /// How often a flow was used, by its rules outside a trial.
    private static func uses(_ listing: String, of flow: String) -> Int {
      var isTrial = false
      var sum = 0
      for line in listing.split(separator: "\n") {
        if line.hasPrefix("\tchain ") { isTrial = line.hasPrefix("\tchain trial/") }
        guard !isTrial, line.contains("comment \"\(flow)\"") else { continue }
        sum += line.firstMatch(of: /packets (\d+)/).flatMap { Int($0.1) } ?? 0
      }
      return sum
    }

    /// One after the other in an endless row: what an operator does.
    private static func change(
      _ number: Int, to wanted: Table, _ agent: any Agent
    ) async throws {
      let note = ChangeNote(why: nil, meaning: "number \(number)")
      switch number % 4 {
      case 0: _ = try await agent.ask(Apply(wanted, seen: nil))
      case 1:
        let armed = try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
        _ = try await agent.ask(Confirm(token: armed.token))
      case 2:
        _ = try await agent.ask(Arm(wanted, seen: nil, seconds: 600, note: note))
        _ = try await agent.ask(EndTrial())
      default:
        _ = try await agent.ask(Arm(wanted, seen: nil, seconds: 300, note: note))
        _ = try await agent.ask(Extend(seconds: 600))
        _ = try await agent.ask(Confirm(token: nil))
      }
    }

    @Test func `hundreds of changes lose nothing that is allowed and let nothing pass that is not`()
      async throws
    {
      let variables = ProcessInfo.processInfo.environment
      let limit = variables["SOAK_SECONDS"].flatMap { Double($0) }
      let most = limit == nil ? 500 : Int.max
      try await withProofLab(try loaded(Self.inventories[0]), try labRights()) { proof in
        try await proof.apply(["server"])
        try await proof.lab.load("server", Self.witness)
        let tables = try Self.inventories.map { try proof.changed(to: $0).table(of: "server") }
        func pouring(_ host: String, _ addresses: String) throws -> [String] {
          try proof.lab.execPrefix(host) + [supportProgram(), "pour", "5000", addresses, "9000", "9001"]
        }
        let incoming = try pouring("client", "10.0.0.2,2001:db8::2")
        let outgoing = try pouring("server", "10.0.0.1,2001:db8::1")
        let end = limit.map { Date.now.addingTimeInterval($0) } ?? .distantFuture
        let changes = try await whileRunning(incoming, after: "pouring") {
          try await whileRunning(outgoing, after: "pouring") {
            var number = 0
            var uses = ["in-for-good": 0, "out-for-good": 0]
            while number < most, Date.now < end {
              // An agent is one session of an operator.
              let begin = number
              number = try await proof.ask("server") { agent in
                var number = begin
                while number < most, number < begin + 20, Date.now < end {
                  // What is kept the time before last comes again: what is rolled back is tried once more.
                  try await Self.change(number, to: tables[number / 2 % 2 == 0 ? 1 : 0], agent)
                  number += 1
                }
                return number
              }
              let listing = try await proof.listing("server")
              #expect(!listing.contains("trial"))
              for (flow, before) in uses {
                let count = Self.uses(listing, of: flow)
                #expect(count > before, "the counter of \(flow) went from \(before) to \(count)")
                uses[flow] = count
              }
            }
            return number
          }.result
        }.result
        let passage = try await Self.passage(proof, ["in", "out"], atLeast: changes)
        print("measured: \(changes) changes; \(passage)")
      }
    }
  }
}
