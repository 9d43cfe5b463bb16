import AgentProtocol
import CBareNetlink
import Enforcement
import Foundation
import HostLife
import HostState
import HostStore
import Machine
import Nftables
import NftablesNetlink

/// What a boot costs, and a change with its trial as people make it; in a network namespace of its own.
struct LifeFigures {
  /// Where inventories, locks and the state of the host go, and a link to the program.
  let place: String

  private let rounds = 9

  func show() throws {
    try showBoot()
    try showTrial()
  }

  private func showBoot() throws {
    let large = LargeTable(services: 16, perService: 6250)
    section("A boot that loads \(text(Double(large.count))) elements (median of \(rounds), in turns)")
    let wanted = try large.table()
    let directory = "\(place)/boot"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    guard chmod(directory, 0o700) == 0 else { fail("no directory of our own") }
    let host = LocalHost(runtimeDirectory: directory, learning: .zero)
    let life = HostLife(
      host, HostStore(try StateDirectory(path: directory)), by: Actor(user: "benchmark"), clock: { 0 },
      people: { _ in })
    _ = try life.adopt(
      wanted, seen: nil, isLearning: false, HostLife.Reason(why: nil, meaning: "all")
    ) { _ in }
    var (bare, ours): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds {
      delete()
      bare.append(
        seconds {
          let result = bare_send(large.addresses, large.services, large.perService, large.size)
          if result != 0 { fail("bare_send: \(String(cString: strerror(result)))") }
        })
      delete()
      ours.append(
        try seconds {
          guard case .confirmed(_, trouble: nil) = try life.boot() else { fail("something else was loaded") }
        })
    }
    delete()
    Figure("read from disk, checked, loaded, proven", median(ours) * 1000, "ms").show()
    Figure("  against the bare C sender", median(ours) / median(bare), "x", .atMost(1.3)).show()
  }

  private func delete() {
    let result = bare_delete()
    if result != 0 { fail("bare_delete: \(String(cString: strerror(result)))") }
  }

  /// The words of an operator, on a server of a small inventory.
  private func showTrial() throws {
    section("A change as commands (median of \(rounds), in turns)")
    require(["ip", "link", "set", "lo", "up"])
    require(["ip", "address", "add", "10.99.0.2", "dev", "lo"])
    for port in [80, 81] {
      let inventory = """
        version: 1
        services: {web: tcp/\(port), ssh: tcp/22}
        hosts:
          client: {addresses: [10.99.0.1]}
          server: {addresses: [10.99.0.2]}
        flows:
          web: {from: client, to: server, service: web, why: figures}
          ssh: {from: client, to: server, service: ssh, why: figures}

        """
      try Data(inventory.utf8).write(to: URL(fileURLWithPath: "\(place)/\(port).yaml"))
    }
    setenv("SEKISHO_STATE_DIR", "\(place)/state", 1)
    setenv("SEKISHO_RUNTIME_DIR", "\(place)/run", 1)
    let sekisho = "\(place)/sekisho"
    func command(_ port: Int, _ more: [String]) -> [String] {
      [sekisho, "apply", "--local", "--host", "server", "-i", "\(place)/\(port).yaml", "--yes", "-q"] + more
    }
    require([sekisho, "compile", "-q", "-i", "\(place)/80.yaml", "-o", "\(place)/80"])
    require(command(80, ["--no-trial"]), output: "/dev/null")
    var (whole, plain, nft): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<rounds {
      let begin = now()
      let apply = start(
        command(81, ["--confirm-within", "5m"]), output: "/dev/null", isQuiet: true)
      while run([sekisho, "confirm", "-q"], output: "/dev/null", isQuiet: true).status != 0 {}
      whole.append(now() - begin)
      guard wait(apply) == 0 else { fail("the change did not stay") }
      plain.append(require(command(80, ["--no-trial"]), output: "/dev/null").seconds)
      nft.append(require(["nft", "-f", "\(place)/80/server.nft"]).seconds)
    }
    Figure("apply on trial, and confirm from elsewhere", median(whole) * 1000, "ms").show()
    Figure("apply without a trial", median(plain) * 1000, "ms").show()
    Figure("  against nft -f of the ruleset, which keeps no books", median(plain) / median(nft), "x").show()
  }
}
