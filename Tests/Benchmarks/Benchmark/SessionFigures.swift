import Addressing
import AgentProtocol
import CBareNetlink
import ConntrackNetlink
import Enforcement
import Foundation
import Nftables
import NftablesNetlink
import RulesetDiff
import Sessions

/// What it costs to end sessions; in a network namespace of its own.
struct SessionFigures {
  /// Where the lock goes.
  let place: String

  private let rounds = 7
  private let sessions = 100_000

  func show() throws {
    section(
      "The kernel: \(text(Double(sessions))) sessions that the rules deny (median of \(rounds), in turns)")
    let chains = [("input", Hook.input), ("output", .output)].map { name, hook in
      Chain(name: ChainName(checked: name), base: BaseChain(hook: hook, policy: .drop), rules: [])
    }
    let table = Table(family: .inet, name: "sekisho", chains: chains, sets: [])
    let nftables = try NftablesConnection()
    for step in TableDiff.change(from: nil, to: table).steps {
      _ = try nftables.commit(step, expecting: nil)
    }
    require(["ip", "link", "set", "lo", "up"])
    let server = SessionEnd(Address(.ipv4, 0x0a00_0001), 80)
    require(["ip", "address", "add", "10.0.0.1", "dev", "lo"])
    let all = (0..<sessions).map { number in
      Session(
        client: SessionEnd(
          Address(.ipv4, 0x0a01_0000 | UInt128(number / 50_000)), UInt16(1000 + number % 50_000)),
        server: server)
    }
    let connection = try ConntrackConnection()
    let host = LocalHost(runtimeDirectory: place)
    var (bare, ours): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds {
      try enter(all, connection)
      bare.append(
        seconds {
          let ended = bare_sweep()
          if ended != sessions { fail("bare_sweep ended \(ended)") }
        })
      try enter(all, connection)
      ours.append(
        try seconds {
          let cut = try host.end(EndSessions(flow: nil, peer: nil), try host.hold()).cut
          if cut.sessions != sessions || cut.left > 0 { fail("not what was entered: \(cut)") }
        })
    }
    Figure("list, judge and end them, and look again", median(ours), "s", .atMost(1)).show()
    Figure("  against a bare C listing with deletes", median(ours) / median(bare), "x", .atMost(1.5)).show()
  }

  private func enter(_ all: [Session], _ connection: ConntrackConnection) throws {
    if try connection.enter(all) != sessions { fail("the kernel tracks fewer sessions than it was told of") }
  }
}
