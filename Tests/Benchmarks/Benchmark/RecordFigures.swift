import Addressing
import AgentProtocol
import Foundation
import Inventory
import InventoryFiles
import Policy

/// What it costs to tell what many hosts have recorded, as a whole command: answers come from files, so that what is measured
/// is this end.
struct RecordFigures {
  let sekisho: String
  let place: String
  private static let runs = 3
  private static let hosts = 100
  private static let records = 10_000

  func show() throws {
    section("\(text(Double(Self.records))) records of each of \(Self.hosts) hosts (best of \(Self.runs))")
    let inventory = "\(place)/fleet-1000"
    guard let policy = try Inventory.load(inventory).policy else { fail("\(inventory) is not valid") }
    let names = try writeAnswers(policy)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let questions: [(verb: String, options: [String], target: Figure.Target)] = [
      ("observed", [], .atMost(5)), ("observed", ["--by", "source"], .atMost(5)),
      // Half a gigabyte of it.
      ("observed", ["--json"], .none),
      ("suggest", [], .atMost(5)),
    ]
    for (verb, options, target) in questions {
      let usages = (0..<Self.runs).map { _ in
        waitForQuiet()
        return require(
          [
            "/usr/bin/env", "PATH=\(place)/agents:\(path)", sekisho, verb, "-i", inventory, "--host",
            names.joined(separator: ", "),
          ] + options, output: "\(place)/answers")
      }
      let size = try FileManager.default.attributesOfItem(atPath: "\(place)/answers")[.size] as? Int ?? 0
      guard size > 1000 else { fail("nothing was told") }
      Figure(([verb] + options).joined(separator: " "), usages.map(\.seconds).min() ?? 0, "s", target).show()
      Figure("  processor time of all cores", usages.map(\.processor).min() ?? 0, "s").show()
    }
  }

  /// Hosts that know each other and strangers, ask for what flows are about and for what they are not, and scan.
  private func writeAnswers(_ policy: Policy) throws -> [String] {
    let agents = "\(place)/agents"
    try FileManager.default.createDirectory(atPath: agents, withIntermediateDirectories: true)
    var state: UInt64 = 11
    func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let peers = policy.hosts.flatMap { $0.addresses }.filter { $0.family == .ipv4 }
    let served = policy.services.flatMap(\.terms).compactMap { term -> UInt16? in
      if case .ports(let ports) = term.match { ports.ranges.first?.lowerBound } else { nil }
    }
    let hosts = policy.hosts.prefix(Self.hosts)
    for host in hosts {
      var seen: Set<Recorded.Record> = []
      while seen.count < Self.records {
        let isStranger = below(4) == 0
        let peer = isStranger ? Address(.ipv4, 0x0808_0000 | UInt128(below(50))) : peers[below(peers.count)]
        let port = below(3) == 0 ? served[below(served.count)] : UInt16(1 + below(isStranger ? 65_535 : 200))
        seen.insert(Recorded.Record(peer: peer, destination: nil, ipProtocol: .tcp, port: port))
      }
      let entries = seen.sorted().map { record in
        RecordList.Entry(
          record, packets: UInt64(1 + below(9)), bytes: 60, age: below(80_000), firstAge: 90_000)
      }
      let input = RecordList.Direction(
        hook: .input, mode: .observe, memory: 86_400, isFull: false, entries: entries, untold: 0)
      let greeting = Greeting(
        requests: ["list-records"], version: "fake", node: host.name, kernel: "k", addresses: host.addresses)
      let lines =
        try Frames.reply(greeting, to: 1) + Frames.reply(RecordList(directions: [input]), to: 2)
      for (number, line) in lines.enumerated() {
        try Data(line + [UInt8(ascii: "\n")]).write(
          to: URL(fileURLWithPath: "\(agents)/\(host.ssh ?? host.name).\(number)"))
      }
    }
    let script = """
      #!/bin/sh
      for word; do test "$word" = sudo && break; host=$word; done
      for number in 0 1; do read -r line; cat '\(agents)'/"$host.$number"; done; read -r line
      """
    try Data(script.utf8).write(to: URL(fileURLWithPath: "\(agents)/ssh"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(agents)/ssh")
    return hosts.map(\.name)
  }
}
