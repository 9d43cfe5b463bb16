import PolicyFixtures

/// Random inventories as YAML text, in which every name is chosen to be taken for something else: words of
/// nft, names of Sekisho's own, names that differ in dots alone or at their very end.
struct NastyInventory {
  let text: String
  let hosts: [String]

  private static let names = [
    "in", "out", "forward", "input", "output", "deny", "dnat", "tcp", "udp", "tcp-5432", "icmp-8", "accept",
    "drop", "ip", "ip6", "inet", "add", "delete", "table", "chain", "set", "map", "rule", "1a", "0x1a", "a",
    "a.b", "b.c", "b", "c", "a..b", "a-", "a_", "a.", "x.v4", "x.v6", "x", "e8", "denied.v4", "expired",
    "expired.a", "from", "to", "sekisho", "comment", "th", "meta", "ct", "a.json", "a.nft", "rulesets",
    "replies", "dnat.tcp", "tcp.1-2", "protocols", "0.v4", "elements", "counter", "type", "policy",
    String(repeating: "l", count: 63), String(repeating: "l", count: 62) + "m",
    String(repeating: "9", count: 62) + "a", String(repeating: "9", count: 62) + "b",
  ]
  private static let services = [
    "tcp/1-65535", "tcp/80", "tcp/80-81", "[tcp/81, udp/81]", "udp/67-68", "sctp/80", "icmp/echo-request",
    "icmpv6/echo-request", "icmpv4/8", "gre", "esp", "vrrp", "{protocol: 112}",
    "[tcp/443, icmp/echo-request]",
    "{protocol: udp, ports: [5353], multicast: [224.0.0.251, 224.0.0.252, \"ff02::fb\"]}",
    "{protocol: vrrp, multicast: [224.0.0.18, 224.0.1.0/24, \"ff02::/16\"]}",
    "{protocol: tcp, ports: [1, 2-3, 5, 65535]}",
  ]

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var pool = Self.names.shuffled(using: &random)
    func name() -> String { pool.removeLast() }
    let zone = name()
    let groups = [name(), name()]
    let networks = [name(), name()]
    var hostLines: [String] = []
    var hosts: [String] = []
    for number in 1...4 {
      let host = name()
      hosts.append(host)
      let v4 = "10.0.0.\(number)"
      let v6 = "\"2001:db8::\(number)\""
      let addresses = [v4, v6, "\(v4), \(v6)"].randomElement(using: &random) ?? v4
      var keys = ["addresses: [\(number == 1 ? "\(v4), \(v6)" : addresses)]"]
      keys.append("groups: [\(number == 1 ? groups.joined(separator: ", ") : groups[number % 2])]")
      if random.oneIn(2) { keys.append("zone: \(zone)") }
      if random.oneIn(3) { keys.append("dhcp: true") }
      if random.oneIn(3) { keys.append("deny: reject") }
      if random.oneIn(4) { keys.append("mode: {ingress: observe}") }
      if number == 4 {
        keys.append(
          "forwarding: gateway, routes: [{between: [\(networks[0]), all]}, {between: [\(groups[0]), "
            + "[\(groups[1]), \(networks[1])]]}]")
      }
      hostLines.append("  \(host): {\(keys.joined(separator: ", "))}")
    }
    hostLines.append("  last: {addresses: [10.0.0.9, \"2001:db8::9\"], zone: \(zone)}")
    hosts.append("last")
    let services = (0..<7).map { _ in (name(), Self.services.randomElement(using: &random) ?? "tcp/1") }
    let ends = groups + networks + [zone, hosts[0], "all"]
    // Names of flows and services have namespaces of their own.
    pool = Self.names.shuffled(using: &random)
    var flowLines: [String] = []
    for _ in 0..<9 {
      let to = ([groups[0], hosts[0], "all"] + ends).randomElement(using: &random) ?? "all"
      let from = networks.contains(to) ? "all" : ends.randomElement(using: &random) ?? "all"
      let chosen = services.map(\.0).shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
      let until = random.oneIn(2) ? ", until: 20\(Int.random(in: 26...29, using: &random))-01-01" : ""
      flowLines.append(
        "  \(name()): {from: \(from), to: \(to), service: [\((chosen + ["any-family"]).joined(separator: ", "))]"
          + ", why: nasty\(until)}")
    }
    self.hosts = hosts
    text = """
      version: 1
      zones: {\(zone): {}}
      networks:
        \(networks[0]): {prefixes: [0.0.0.0/0, "::/0"], except: [managed, private]}
        \(networks[1]): {prefixes: [198.51.100.0/24, 10.0.0.0/30]}
      services:
        any-family: tcp/7
      \(services.map { "  \($0.0): \($0.1)" }.joined(separator: "\n"))
      hosts:
      \(hostLines.joined(separator: "\n"))
      flows:
      \(flowLines.joined(separator: "\n"))

      """
      // A number to some readers of YAML.
      .replacing("0x1a", with: "\"0x1a\"")
  }
}
