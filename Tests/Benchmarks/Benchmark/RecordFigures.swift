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
    // By itself this part can be measured, too, where `sekisho` is a link to the program.
    guard FileManager.default.isExecutableFile(atPath: sekisho) else { fail("no program at \(sekisho)") }
    let inventory = CompileFigures.inventory(1000, in: place)
    if !FileManager.default.fileExists(atPath: inventory) { try CompileFigures.write(1000, in: place) }
    guard let policy = try Inventory.load(inventory).policy else { fail("\(inventory) is not valid") }
    var random = RandomRecords(policy)
    try write(policy, to: "random") { _ in random.next(Self.records) }
    // Half a gigabyte of JSON.
    for (options, target) in [([], .atMost(5)), (["--by", "source"], .atMost(5)), (["--json"], .none)]
      as [([String], Figure.Target)]
    {
      measure(["observed"] + options, policy, of: "random", target)
    }
    measure(["suggest"], policy, of: "random", .atMost(5))
    var needs = NeededRecords(policy)
    try write(policy, to: "needs") { needs.next(Self.records, of: $0) }
    for question in ["observed", "suggest"] { measure([question], policy, of: "needs", .atMost(5)) }
  }

  private func measure(_ question: [String], _ policy: Policy, of records: String, _ target: Figure.Target) {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let names = policy.hosts.prefix(Self.hosts).map(\.name).joined(separator: ", ")
    let usages = (0..<Self.runs).map { _ in
      waitForQuiet()
      // What is left over would be told a line each.
      return run(
        [
          "/usr/bin/env", "PATH=\(place)/\(records):\(path)", sekisho, question[0], "-i",
          CompileFigures.inventory(1000, in: place), "--host", names,
        ] + question.dropFirst(), output: "\(place)/answers", isQuiet: true)
    }
    guard usages.allSatisfy({ $0.status == 0 }) else { fail("\(question.joined(separator: " ")) failed") }
    let answer = try? FileManager.default.attributesOfItem(atPath: "\(place)/answers")
    guard answer?[.size] as? Int ?? 0 > 1000 else { fail("nothing was told") }
    let what = (question + ["of", records]).joined(separator: " ")
    Figure(what, usages.map(\.seconds).min() ?? 0, "s", target).show()
    Figure("  processor time of all cores", usages.map(\.processor).min() ?? 0, "s").show()
  }

  /// Makes hosts answer with records, and an `ssh` that leads to them, in a directory.
  private func write(
    _ policy: Policy, to name: String, _ records: (String) -> Set<Recorded.Record>
  ) throws {
    let agents = "\(place)/\(name)"
    try FileManager.default.createDirectory(atPath: agents, withIntermediateDirectories: true)
    var random = Draw(state: 12)
    for host in policy.hosts.prefix(Self.hosts) {
      let entries = records(host.name).sorted().map { record in
        RecordList.Entry(
          record, packets: UInt64(1 + random.below(9)), bytes: 60, age: random.below(80_000), firstAge: 90_000
        )
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
  }
}

/// Numbers that are the same in each run.
private struct Draw {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  mutating func one<Element>(of some: [Element]) -> Element { some[below(some.count)] }
}

/// Peers of a fleet, strangers, and the ports that services are about.
private struct Peers {
  let known: [Address]
  let served: [UInt16]

  init(_ policy: Policy) {
    known = policy.hosts.flatMap(\.addresses).filter { $0.family == .ipv4 }
    served = policy.services.flatMap(\.terms).compactMap { term in
      if case .ports(let ports) = term.match { ports.ranges.first?.lowerBound } else { nil }
    }
  }

  static func stranger(_ draw: inout Draw) -> Recorded.Record {
    record(of: Address(.ipv4, 0x0808_0000 | UInt128(draw.below(50))), UInt16(1 + draw.below(65_535)))
  }

  static func record(of peer: Address, _ port: UInt16) -> Recorded.Record {
    Recorded.Record(peer: peer, destination: nil, ipProtocol: .tcp, port: port)
  }
}

/// Hosts that know each other and strangers, ask for what flows are about and for what they are not, and scan: of most of it
/// no two hosts have the same.
private struct RandomRecords {
  private let peers: Peers
  private var draw = Draw(state: 11)

  init(_ policy: Policy) { peers = Peers(policy) }

  mutating func next(_ count: Int) -> Set<Recorded.Record> {
    var seen: Set<Recorded.Record> = []
    while seen.count < count {
      let isStranger = draw.below(4) == 0
      let peer =
        isStranger ? Address(.ipv4, 0x0808_0000 | UInt128(draw.below(50))) : draw.one(of: peers.known)
      let isServed = draw.below(3) == 0
      let port = isServed ? draw.one(of: peers.served) : UInt16(1 + draw.below(isStranger ? 65_535 : 200))
      seen.insert(Peers.record(of: peer, port))
    }
    return seen
  }
}

/// As fleets are: hosts of one role are asked for the same by whole roles, sites and environments. Besides, some pairs have
/// something for themselves, and a quarter is strangers that scan.
private struct NeededRecords {
  private let peers: Peers
  /// The addresses of whoever belongs together.
  private let groups: [[Address]]
  /// By role.
  private var needs: [String: Set<Recorded.Record>] = [:]
  private var draw = Draw(state: 13)

  init(_ policy: Policy) {
    peers = Peers(policy)
    groups = policy.hostGroups.map { group in
      group.hosts.flatMap { policy[$0].addresses }.filter { $0.family == .ipv4 }
    }
  }

  /// A role's own ports are fewer than what is taken for a scan.
  private static let ownPorts = 5
  private static let strays = 100

  mutating func next(_ count: Int, of host: String) -> Set<Recorded.Record> {
    let role = String(host.prefix { $0 != "-" })
    var seen = needs[role] ?? []
    if seen.isEmpty {
      let own = (0..<Self.ownPorts).map { _ in UInt16(8000 + draw.below(1000)) }
      while seen.count < count * 3 / 4 {
        let port = draw.below(5) == 0 ? draw.one(of: own) : draw.one(of: peers.served)
        for peer in draw.one(of: groups) { seen.insert(Peers.record(of: peer, port)) }
      }
      needs[role] = seen
    }
    for _ in 0..<Self.strays {
      seen.insert(Peers.record(of: draw.one(of: peers.known), UInt16(1 + draw.below(200))))
    }
    while seen.count < count { seen.insert(Peers.stranger(&draw)) }
    return seen
  }
}
