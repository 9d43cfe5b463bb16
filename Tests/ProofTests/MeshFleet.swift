import PolicyFixtures

/// A fleet of groups with flows between them, in which somebody changes something again and again.
struct MeshFleet {
  static let ports: [UInt16] = [9001, 9002, 9003]

  private struct Flow {
    let name: String
    var from: Int
    var to: Int
    var port: Int
  }

  let count: Int
  private var random: SeededGenerator
  private var groups: [[Int]] = []
  private var flows: [Flow] = []
  private var names = 0

  init(hosts count: Int, seed: UInt64) {
    self.count = count
    random = SeededGenerator(seed: seed)
    let size = min(4, count / 2)
    groups = (0..<max(4, count / 4)).map { _ in
      Array((0..<count).shuffled(using: &random).prefix(size)).sorted()
    }
    for _ in 0..<groups.count * 3 / 2 { add() }
  }

  /// `h3`.
  static func name(_ host: Int) -> String { "h\(host)" }

  /// Of either family.
  static func address(_ host: Int, isIPv6: Bool) -> String {
    isIPv6 ? "2001:db8::\(String(host + 1, radix: 16))" : "10.0.0.\(host + 1)"
  }

  var inventory: String {
    var lines = ["version: 1", "services: {s0: tcp/9001, s1: tcp/9002, s2: tcp/9003}", "groups:"]
    for (number, members) in groups.enumerated() {
      lines.append("  g\(number): [\(members.map(Self.name).joined(separator: ", "))]")
    }
    lines.append("hosts:")
    for host in 0..<count {
      let own = [false, true].map { "\"\(Self.address(host, isIPv6: $0))\"" }.joined(separator: ", ")
      lines.append("  \(Self.name(host)): {addresses: [\(own)], deny: \(host % 2 == 0 ? "drop" : "reject")}")
    }
    lines.append("flows:")
    for flow in flows {
      lines.append(
        "  \(flow.name): {from: g\(flow.from), to: g\(flow.to), service: s\(flow.port), why: a test}")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What flows open, from host to host; an inventory may give the same twice.
  var allowed: Set<[Int]> {
    Set(
      flows.flatMap { flow in
        groups[flow.from].flatMap { from in
          groups[flow.to].filter { $0 != from }.map { [from, $0, flow.port] }
        }
      })
  }

  /// A service moves from one group to another, and something else changes with it.
  mutating func change() {
    let moved = Int.random(in: flows.indices, using: &random)
    flows[moved].to = other(than: flows[moved].from, and: flows[moved].to)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: add()
    case 1 where flows.count > groups.count:
      flows.remove(at: Int.random(in: flows.indices, using: &random))
    case 2: flows[Int.random(in: flows.indices, using: &random)].port = Int.random(in: 0..<3, using: &random)
    default:
      let place = Int.random(in: groups.indices, using: &random)
      let out = Int.random(in: groups[place].indices, using: &random)
      let fresh = (0..<count).filter { !groups[place].contains($0) }.randomElement(using: &random)
      if let fresh { groups[place][out] = fresh }
    }
  }

  private mutating func add() {
    let from = Int.random(in: groups.indices, using: &random)
    names += 1
    flows.append(
      Flow(
        name: "f\(names)", from: from, to: other(than: from, and: from),
        port: Int.random(in: 0..<3, using: &random)))
  }

  private mutating func other(than one: Int, and two: Int) -> Int {
    groups.indices.filter { $0 != one && $0 != two }.randomElement(using: &random) ?? 0
  }
}
