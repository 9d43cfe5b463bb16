import Addressing
import LabHarness
import Nftables
import Policy
import Testing

extension ProofLab {
  /// The table that the policy of a host compiles to.
  func table(of name: String) -> Table {
    guard let index = policy.hosts.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("no host named \(name)")
    }
    return table(HostID(index))
  }

  /// Sends whole packets from a node.
  ///
  /// - Returns: `sent`, or the system's words, for each.
  @discardableResult
  func inject(_ packets: [WirePacket], from node: String) async throws -> [String] {
    let input = packets.map { $0.line + "\n" }.joined()
    return try await lab.run(node, [supportProgram(), "inject"], input: input).lines
  }

  /// Sends whole packets from a node.
  ///
  /// - Returns: what arrived at another one.
  func inject(_ packets: [WirePacket], from node: String, listening: String, for what: String) async throws
    -> [String]
  {
    let heard = try await lab.whileListening([listening], [what]) {
      #expect(try await inject(packets, from: node).allSatisfy { $0 == "sent" })
      // They are there when what was sent behind them is.
      let destination = packets[0].destination
      let ping = destination.family == .ipv4 ? "icmp - \(destination) 8" : "icmpv6 - \(destination) 128"
      _ = try await lab.probe(node, [ping])
    }
    return heard[listening] ?? []
  }

  /// How many packets the rules with a comment have counted.
  func packets(_ host: String, comment: String) async throws -> Int {
    try await listing(host).split(separator: "\n").filter { $0.contains("comment \"\(comment)\"") }
      .compactMap { $0.firstMatch(of: /counter packets (\d+)/)?.1 }.compactMap { Int($0) }.reduce(0, +)
  }
}

extension Table {
  /// The table without the rules that have a comment.
  func without(_ comment: String) -> Table {
    Table(
      family: family, name: name, flags: flags, comment: self.comment,
      chains: chains.map { chain in
        Chain(
          name: chain.name, base: chain.base, comment: chain.comment,
          rules: chain.rules.filter { $0.comment != comment })
      }, sets: sets, others: others)
  }
}
