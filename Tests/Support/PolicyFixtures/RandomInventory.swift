/// Small inventories as text, each of which a lab can be: two sides with a gateway between them, or one side
/// alone; networks with and without hosts in them; every kind of service; flows that have ended and that have
/// not.
///
/// Not every text is a valid inventory: a flow may come out as one that opens nothing.
package struct RandomInventory: Sendable {
  package let text: String

  package init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var lines = ["version: 1"]
    let hasGateway = !random.oneIn(3)

    lines.append("settings: {deny: \(random.oneIn(3) ? "reject" : "drop")}")
    lines.append(contentsOf: Self.networks)
    lines.append(contentsOf: Self.services)

    lines.append("hosts:")
    let count = Int.random(in: 4...7, using: &random)
    for number in 1...count {
      let side = hasGateway ? number % 2 : 1
      // The first of each side has both families, so that every group has.
      let families = number <= 2 ? 2 : Int.random(in: 0...3, using: &random)
      var addresses: [String] = []
      if families != 0 { addresses.append("10.\(side).0.\(number)") }
      if families != 1 { addresses.append("\"2001:db8:\(side)::\(number)\"") }
      if random.oneIn(4) { addresses.append("10.\(side).7.\(number)") }
      var groups = [side == 1 ? "left" : "right", number <= 2 ? "both" : "late"]
      if random.oneIn(2) { groups.append("some") }
      let keys = Self.keys(&random, isGateway: false)
      lines.append(
        "  h\(number): {addresses: [\(addresses.joined(separator: ", "))], groups: [\(groups.joined(separator: ", "))]\(keys)}"
      )
    }
    if hasGateway {
      let outside = random.oneIn(2) ? ", {between: [office, left]}" : ""
      let wide = random.oneIn(3) ? ", {between: [world, right]}" : ""
      lines.append(
        "  gate: {addresses: [10.1.0.254, 10.0.0.254, \"2001:db8:1::fe\", \"2001:db8:0::fe\"], "
          + "forwarding: gateway, routes: [{between: [left, right]}\(outside)\(wide)]\(Self.keys(&random, isGateway: true))}"
      )
    }

    lines.append("flows:")
    let names = ["left", "both", "both", "late", "h1", "h2", "all", "all"] + (hasGateway ? ["right"] : [])
    let ends = names + ["office", "near", "world", "touching", "outside", "\"office\", h1"]
    for number in 0..<Int.random(in: 5...11, using: &random) {
      var from = ends.randomElement(using: &random) ?? "all"
      var to = ends.randomElement(using: &random) ?? "all"
      let isOutside = !names.contains(from) && !names.contains(to)
      if isOutside, !random.oneIn(8) {
        if random.oneIn(2) { from = "both" } else { to = "both" }
      }
      var services = Set([Self.serviceNames.randomElement(using: &random) ?? "web"])
      if random.oneIn(3) { services.insert(Self.serviceNames.randomElement(using: &random) ?? "dns") }
      // Not drawn, so that what seeds stand for stays.
      let areHosts = names.contains(from) && names.contains(to)
      let per = areHosts && number % 3 == 0 ? ", per: [\(number % 2 == 0 ? "both, some" : "left, h1")]" : ""
      let until = ["", "", "", ", until: 2020-01-01", ", until: 2099-12-31"].randomElement(using: &random)
      lines.append(
        "  f\(number): {from: [\(from)], to: [\(to)], "
          + "service: [\(services.sorted().joined(separator: ", "))], why: random\(per)\(until ?? "")}")
    }
    text = lines.joined(separator: "\n") + "\n"
  }

  private static let networks = [
    "networks:",
    "  world: {prefixes: [\"0.0.0.0/0\", \"::/0\"]}",
    "  outside: {prefixes: [\"0.0.0.0/0\", \"::/0\"], except: [managed, private]}",
    "  near: {prefixes: [10.1.0.0/29, \"2001:db8:1::/125\"]}",
    "  office: {prefixes: [198.51.100.0/28, \"2001:db8:100::/64\"]}",
    "  touching: {prefixes: [192.0.2.0/26, 192.0.2.64/26, 192.0.2.32/27, \"2001:db8:200::/121\", \"2001:db8:200::80/121\"]}",
  ]

  private static let services = [
    "services:",
    "  web: tcp/80",
    "  alt: tcp/8000-8100",
    "  inner: [tcp/8050-8060, tcp/80]",
    "  dns: [udp/53, tcp/53]",
    "  high: udp/30000-30010",
    "  low: [udp/30010-30020, udp/53]",
    "  ping: icmp/echo-request",
    "  ping4: icmpv4/echo-request",
    "  tunnel: esp",
    "  wrap: gre",
    "  odd: {protocol: 99}",
    "  diameter: sctp/3868-3870",
    "  vrrp: {protocol: vrrp, multicast: [224.0.0.18, \"ff02::12\"]}",
    "  mdns: {protocol: udp, ports: [5353], multicast: [224.0.0.251, \"ff02::fb\"]}",
    "  any-tcp: tcp/1-65535",
  ]

  private static let serviceNames = [
    "web", "alt", "inner", "dns", "dns", "high", "low", "ping", "ping", "ping4", "tunnel", "wrap", "odd",
    "diameter", "vrrp", "mdns", "any-tcp",
  ]

  private static func keys(_ random: inout SeededGenerator, isGateway: Bool) -> String {
    var keys = ""
    switch Int.random(in: 0..<12, using: &random) {
    case 0: keys += ", mode: observe"
    case 1: keys += ", mode: {ingress: observe}"
    case 2: keys += ", mode: {egress: observe\(isGateway ? ", forward: observe" : "")}"
    case 3: keys += ", mode: {ingress: leave}"
    case 4: keys += ", mode: {egress: leave\(isGateway ? ", forward: observe" : "")}"
    default: break
    }
    if random.oneIn(4) { keys += ", deny: \(random.oneIn(2) ? "reject" : "drop")" }
    if random.oneIn(6) { keys += ", dhcp: true" }
    if !isGateway, random.oneIn(6) { keys += ", forwarding: deny" }
    return keys
  }
}
