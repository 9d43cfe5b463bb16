import Addressing
import CTraffic
import Foundation
import Nftables
import NftablesNetlink
import RulesetDiff
import RulesetShape

/// What a packet costs under the compiled rules, beside a ruleset of connection tracking and one accept
/// rule. This program is the receiver, in a network namespace of its own; a veth leads to the sender's.
struct TrafficFigures {
  /// This program.
  let program: String
  let place: String
  private static let rounds = 25
  private static let packets = 60_000
  static let port: UInt16 = 5000
  static let receiver = "10.255.255.1"
  /// The receiver's link address.
  static let link = "02:00:00:00:00:01"
  static let sender = "10.255.255.2"

  private static let reference = """
    table inet reference {
      chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        udp dport \(port) accept
        counter drop
      }
    }
    """

  /// Whose packets are sent.
  enum Traffic: String {
    case random, hot, established
    /// What is denied, of sources that are recorded already, and of ever others.
    case denied, flood

    static let allowed: [Self] = [.random, .hot, .established]

    /// The port that is asked for.
    var port: UInt16 { self == .denied || self == .flood ? TrafficFigures.port + 100 : TrafficFigures.port }
  }

  func show() throws {
    section("Data plane: a packet over a veth (median ratio of \(Self.rounds) pairs of \(Self.packets))")
    let holder = try join()
    defer { kill(holder, SIGKILL) }
    let file = "\(place)/reference.nft"
    try Data(Self.reference.utf8).write(to: URL(fileURLWithPath: file))
    let clients = LargeTable(services: 1, perService: 100_000).addresses + [inet_addr(Self.sender)]
    let compiled = ServerPolicy(clients: clients).table()
    let change = TableDiff.change(from: nil, to: compiled)
    let trial = TrialTable(of: compiled, beside: compiled, milliseconds: 3_600_000)

    var (plain, ours): ([Traffic: [Double]], [Traffic: [Double]]) = ([:], [:])
    var (judged, tried): ([Traffic: [Double]], [Traffic: [Double]]) = ([:], [:])
    for _ in 0..<Self.rounds {
      require(["nft", "-f", file])
      for traffic in Traffic.allowed { plain[traffic, default: []].append(try cost(traffic, holder)) }
      require(["nft", "delete", "table", "inet", "reference"])
      for step in change.steps { _ = try NftablesConnection().commit(step, expecting: nil) }
      for traffic in Traffic.allowed { ours[traffic, default: []].append(try cost(traffic, holder)) }
      for traffic in Traffic.allowed { judged[traffic, default: []].append(try cost(traffic, holder)) }
      for table in [trial.prepared, trial.armed] { try install(table) }
      for traffic in Traffic.allowed { tried[traffic, default: []].append(try cost(traffic, holder)) }
      require(["nft", "delete", "table", "inet", "sekisho"])
    }
    let names: [(Traffic, String, Double)] = [
      (.random, "new connections of 100,000 random peers", 1.3),
      (.hot, "new connections of 16 hot peers", 1.1),
      // What two runs of the same rules differ by.
      (.established, "established packets (1.02: as fast, within noise)", 1.02),
    ]
    for (traffic, name, limit) in names {
      guard let own = ours[traffic], let other = plain[traffic] else { continue }
      // Of two runs one behind the other: what else the machine does lasts longer than both.
      Figure(name, median(zip(own, other).map { $0 / $1 }), "x", .atMost(limit)).show()
      remark("\(text(median(own))) ns a packet, \(text(median(other))) with the plain ruleset")
    }
    showTrial(judged, tried)
    try showRecords(compiled, beside: file, holder)
    try showTripwire(compiled, beside: ServerPolicy(clients: clients, hasTripwire: true).table(), holder)
  }

  /// Makes what is installed a table.
  private func install(_ table: Table) throws {
    let connection = try NftablesConnection()
    let installed = try connection.table(.inet, "sekisho")
    for step in TableDiff.change(from: installed, to: table).steps {
      _ = try connection.commit(step, expecting: nil)
    }
  }

  /// What asking whether somebody is cut off, ahead of everything, costs whoever is not. Hosts without a tripwire have the same rules
  /// as if there were none anywhere.
  private func showTripwire(_ plain: Table, beside wired: Table, _ holder: pid_t) throws {
    try install(plain)
    var ratios: [Double] = []
    for _ in 0..<Self.rounds {
      let without = try cost(.established, holder)
      try install(wired)
      ratios.append(try cost(.established, holder) / without)
      try install(plain)
    }
    require(["nft", "delete", "table", "inet", "sekisho"])
    Figure("with a tripwire, against the same rules without: established", median(ratios), "x").show()
  }

  /// What it costs to record what is denied, against a chain that only counts and drops it. What is allowed passes no rule of that.
  private func showRecords(_ compiled: Table, beside file: String, _ holder: pid_t) throws {
    for (traffic, name) in [(Traffic.denied, "recorded already"), (.flood, "a flood of sources")] {
      let ratios = try (0..<Self.rounds).map { _ in
        require(["nft", "-f", file])
        let plain = try cost(traffic, holder)
        require(["nft", "delete", "table", "inet", "reference"])
        try install(compiled)
        let recorded = try cost(traffic, holder)
        require(["nft", "delete", "table", "inet", "sekisho"])
        return recorded / plain
      }
      Figure("denied packets, against a counted drop: \(name)", median(ratios), "x", .atMost(1.5)).show()
    }
  }

  private func showTrial(_ judged: [Traffic: [Double]], _ tried: [Traffic: [Double]]) {
    let limits: [(Traffic, String, Double)] = [
      (.random, "on trial, against the same rules confirmed: random peers", 1.15),
      (.hot, "  hot peers", 1.15), (.established, "  established packets", 1.02),
    ]
    for (traffic, name, limit) in limits {
      guard let own = tried[traffic], let other = judged[traffic] else { continue }
      Figure(name, median(zip(own, other).map { $0 / $1 }), "x", .atMost(limit)).show()
    }
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  /// Makes the sender's namespace and the way there.
  ///
  /// - Returns: the process that holds the namespace.
  private func join() throws -> pid_t {
    let holder = start(
      ["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "sleep", "300"], output: "/dev/null", isQuiet: true)
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
    for _ in 0..<200 {
      let other = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(holder)/ns/net")
      if let other, other != own { break }
      usleep(10_000)
    }
    require([
      "ip", "link", "add", "here", "address", Self.link, "type", "veth", "peer", "name", "there", "netns",
      "\(holder)",
    ])
    require(["ip", "address", "add", "\(Self.receiver)/8", "dev", "here"])
    require(["ip", "link", "set", "lo", "up"])
    require(["ip", "link", "set", "here", "up"])
    for command in [["address", "add", "\(Self.sender)/8", "dev", "there"], ["link", "set", "there", "up"]] {
      require(Self.inside(holder, ["ip"] + command))
    }
    return holder
  }

  private static func inside(_ holder: pid_t, _ command: [String]) -> [String] {
    ["nsenter", "--net=/proc/\(holder)/ns/net"] + command
  }

  /// Nanoseconds for a packet.
  private func cost(_ traffic: Traffic, _ holder: pid_t) throws -> Double {
    _ = wait(start(["conntrack", "-F"], output: "/dev/null", isQuiet: true))
    let descriptor = traffic_listen(inet_addr(Self.receiver), Self.port.bigEndian)
    guard descriptor >= 0 else { fail("traffic_listen: \(descriptor)") }
    defer { close(descriptor) }
    let command = [program, "send", "\(traffic.rawValue) \(Self.packets)"]
    let answer = "\(place)/cost"
    // The first packet of the established connection is answered; then it is one.
    let child = start(Self.inside(holder, command), output: answer)
    if traffic == .established, traffic_answer(descriptor) != 0 { fail("no packet arrived") }
    guard wait(child) == 0,
      let cost = Double(try String(contentsOfFile: answer, encoding: .utf8).filter { $0 != "\n" })
    else { fail("the sender failed") }
    return cost
  }
}

/// The other end of ``TrafficFigures``.
struct TrafficSender {
  /// - Parameter order: traffic and number of packets.
  static func run(_ order: String) {
    let words = order.split(separator: " ").map(String.init)
    guard words.count == 2, let traffic = TrafficFigures.Traffic(rawValue: words[0]),
      let count = Int(words[1])
    else { fail("not an order: \(order)") }
    let link = TrafficFigures.link.split(separator: ":").compactMap { UInt8($0, radix: 16) }
    let peers = LargeTable(services: 1, perService: 100_000).addresses
    var state: UInt64 = 11
    func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var sources: [UInt32] = []
    var ports: [UInt16] = []
    for number in 0..<count {
      switch traffic {
      case .random, .flood: sources.append(peers[below(peers.count)])
      case .hot, .denied: sources.append(peers[number % 16])
      case .established: sources.append(inet_addr(TrafficFigures.sender))
      }
      ports.append((traffic == .established ? 40_000 : UInt16(1024 + (number / 16) % 60_000)).bigEndian)
    }
    func send(_ count: Int) -> Double {
      traffic_send(
        "there", link, inet_addr(TrafficFigures.receiver), traffic.port.bigEndian, sources, ports, count)
    }
    if traffic == .established {
      let own = traffic_listen(inet_addr(TrafficFigures.sender), UInt16(40_000).bigEndian)
      if own < 0 || send(1) < 0 || traffic_answer(own) != 0 { fail("no connection") }
    }
    let cost = send(count)
    if cost < 0 { fail("traffic_send: \(cost)") }
    write("\(cost)")
  }
}
