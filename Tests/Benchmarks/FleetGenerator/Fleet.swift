/// A made-up company of a given size, the same for the same seed: sites, environments and roles whose
/// hosts need one another the way real services do, and what every company has (names, time, logs,
/// monitoring, a bastion).
package struct Fleet: Sendable {
  /// The inventory as files: path and text.
  package let files: [(path: String, text: String)]
  package let hostCount: Int

  private static let roles: [(name: String, weight: Int)] = [
    ("worker", 30), ("web", 24), ("api", 20), ("cache", 8), ("db", 8), ("queue", 6), ("search", 6),
    ("auth", 4), ("orders", 8), ("ledger", 4), ("quotes", 6), ("risk", 4), ("mail", 2), ("files", 4),
    ("batch", 6), ("report", 2), ("admin", 2), ("proxy", 4), ("stream", 5), ("match", 4),
  ]
  private static let services: [(name: String, terms: String)] = [
    ("https", "[tcp/443, udp/443]"), ("postgres", "[tcp/5432, tcp/6432]"), ("redis", "[tcp/6379, tcp/26379]"),
    ("amqp", "[tcp/5671, tcp/5672]"), ("grpc", "tcp/50051"), ("search", "[tcp/9200, tcp/9300]"),
    ("ledger", "tcp/7000"), ("quotes", "tcp/7100"), ("files", "tcp/2049"), ("stream", "[tcp/9092, tcp/9093]"),
  ]
  private static let shared = ["dns", "ntp", "logging", "monitoring", "bastion"]

  /// - Parameter hosts: about how many; the shared ones come on top of the roles.
  package init(hosts: Int, seed: UInt64 = 1) {
    var random = Generator(state: seed)
    let sites =
      hosts < 500
      ? ["tokyo", "osaka"] : ["tokyo", "osaka", "nagoya", "sapporo", "fukuoka", "sendai", "kyoto", "naha"]
    let environments = hosts < 500 ? ["prod"] : ["prod", "staging"]
    let cells = sites.flatMap { site in environments.map { (site, $0) } }
    let perShared = max(1, hosts / 2500) * 2
    let weights = Self.roles.reduce(0) { $0 + $1.weight }
    let forRoles = hosts - perShared * Self.shared.count

    var hostLines: [String] = []
    var number = 0
    func host(_ name: String, _ zone: String, _ groups: [String]) {
      number += 1
      let v4 = "10.\(20 + number / 62_500).\(number / 250 % 250).\(number % 250 + 1)"
      let v6 = "2001:db8:\(String(number / 65_536 + 1, radix: 16))::\(String(number % 65_536, radix: 16))"
      hostLines.append(
        "  \(name): {addresses: [\(v4), \"\(v6)\"], zone: \(zone), groups: [\(groups.joined(separator: ", "))]}"
      )
    }
    for role in Self.shared {
      for index in 1...perShared { host("\(role)-\(index)", "core", [role]) }
    }
    for (cellIndex, (site, environment)) in cells.enumerated() {
      let cellHosts = forRoles / cells.count + (cellIndex < forRoles % cells.count ? 1 : 0)
      var left = cellHosts
      for (index, role) in Self.roles.enumerated() {
        let isLast = index == Self.roles.count - 1
        let count = isLast ? left : min(left, max(1, cellHosts * role.weight / weights))
        for n in 0..<count {
          host(
            "\(role.name)-\(site)-\(environment)-\(n + 1)", "\(site)-\(environment)",
            [role.name, site, environment])
        }
        left -= count
      }
    }

    var flowLines: [String] = []
    func flow(_ name: String, _ from: String, _ to: String, _ service: String, _ why: String) {
      flowLines.append(
        "  \(name): {from: \(from), to: \(to), service: \(service), why: \"\(why)\", owner: platform}")
    }
    flow("names", "all", "dns", "dns", "Every host resolves names")
    flow("time", "all", "ntp", "ntp", "Every host keeps time")
    flow("logs", "all", "logging", "syslog", "Every host ships its logs")
    flow("metrics", "monitoring", "all", "metrics", "Prometheus scrapes every host")
    flow("liveness", "monitoring", "all", "ping", "Monitoring pings every host")
    flow("shell", "bastion", "all", "ssh", "People log in through the bastion only")
    for environment in environments {
      for role in Self.roles {
        var wanted: Set<String> = []
        let needs = 3 + random.below(6)
        while wanted.count < needs {
          let target = Self.roles[random.below(Self.roles.count)].name
          let service = Self.services[random.below(Self.services.count)].name
          // Every other need is met by whichever site answers first, the rest within the site.
          let isWide = random.below(2) == 0
          let name = "\(role.name)-to-\(target)-\(service)-\(environment)"
          if target == role.name || !wanted.insert(name).inserted { continue }
          for site in isWide ? ["any"] : sites {
            let place = isWide ? environment : "\(site) & \(environment)"
            flow(
              "\(name)-\(site)", "[\(role.name) & \(place)]", "[\(target) & \(place)]", service,
              "\(role.name) needs \(target)")
          }
        }
      }
    }

    var head = ["version: 1", "zones:", "  core: {description: shared services}"]
    for (site, environment) in cells {
      head.append("  \(site)-\(environment): {description: \(environment) in \(site)}")
    }
    head.append("services:")
    head += Self.services.map { "  \($0.name): \($0.terms)" }
    head += [
      "  dns: [udp/53, tcp/53]", "  ntp: udp/123", "  syslog: tcp/6514", "  metrics: tcp/9100",
      "  ping: icmp/echo-request", "  ssh: tcp/22",
    ]
    files = [
      ("00-fleet.yaml", head.joined(separator: "\n") + "\n"),
      ("flows.yaml", (["flows:"] + flowLines).joined(separator: "\n") + "\n"),
      ("hosts.yaml", (["hosts:"] + hostLines).joined(separator: "\n") + "\n"),
    ]
    hostCount = hostLines.count
  }
}

/// SplitMix64.
private struct Generator {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ z >> 31) % UInt64(bound))
  }
}
