import Diagnostics
import Inventory
import InventoryFiles
import Lint
import Policy
import Testing

/// The moment at which tests judge flows: 2026-01-01.
let now = Timestamp(seconds: 1_767_225_600)

/// Two zones of three hosts, and what flows need; tests add to it.
let base = """
  version: 1
  services:
    https: tcp/443
    ssh: tcp/22
    shells: [tcp/22, tcp/2222]
    dns: [udp/53, tcp/53]
    any-tcp: tcp/1-65535
    ping: icmp/echo-request
    ping6: icmpv6/echo-request
    mdns: {protocol: udp, ports: [5353], multicast: 224.0.0.251, replies: 5353}
    quiet-mdns: {protocol: udp, ports: [5353], multicast: 224.0.0.251}
    udp-5353: udp/5353
  zones: {left: {}, right: {}}
  networks:
    office: {prefixes: [198.51.100.0/24]}
    world: {prefixes: ["0.0.0.0/0"], except: [managed, private]}
    whole: {prefixes: [10.0.0.0/8]}
  hosts:
    a-[1..3]: {addresses: ["10.0.0.[1..3]", "2001:db8::[1..3]"], zone: left, groups: [a]}
    b-[1..3]: {addresses: ["10.0.1.[1..3]", "2001:db8:1::[1..3]"], zone: right, groups: [b]}

  """

/// The policy of the base with more.
func policy(_ more: String) throws -> Policy {
  let files = [("base.yaml", base), ("more.yaml", more)].map {
    SourceFile(path: $0.0, bytes: Array($0.1.utf8))
  }
  let loaded = Inventory.load(files)
  return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
}

extension Finding {
  /// `subject`, or `subject: host host`.
  var short: String { hosts.isEmpty ? subject : "\(subject): \(hosts.joined(separator: " "))" }
}
