import Addressing
import ChildProcess
import ConnectionSpace
import Foundation
import Goldens
import Nftables
import NftablesNetlink
import RulesetSpace
import Testing

/// Rulesets of iptables as people have them, loaded by iptables itself: what is said of them is what packets meet.
@Suite(.enabled(if: ExtensionTests.isIptablesHere && KernelTrait.isPossibleAsRoot, "no iptables, or no root"))
struct ForeignPacketTests {
  private static let addresses: [AddressFamily: (own: String, other: String, third: String)] = [
    .ipv4: ("10.77.0.1", "10.77.0.2", "10.77.0.3"), .ipv6: ("2001:db8::1", "2001:db8::2", "2001:db8::3"),
  ]

  private static let rulesets = Golden.names("iptables").filter { $0.hasSuffix(".v4") || $0.hasSuffix(".v6") }

  @Test(.rootNamespace) func `packets meet what is said of a ruleset of iptables`() throws {
    let peer = try Peer()
    defer { peer.end() }
    for (index, name) in Self.rulesets.enumerated() {
      let family: AddressFamily = name.hasSuffix(".v4") ? .ipv4 : .ipv6
      let text = try String(contentsOfFile: "\(Golden.root)/Tests/Golden/iptables/\(name)", encoding: .utf8)
      let restore = family == .ipv4 ? "iptables-nft-restore" : "ip6tables-nft-restore"
      let loaded = ChildProcess.run([restore], input: text)
      try #require(loaded.status == 0, "\(name): \(loaded.output)")
      let connection = try NftablesConnection()
      let tables = try connection.tables().compactMap {
        try connection.table($0.family, $0.name)?.table
      }
      let own = try #require(Self.addresses[family]).own
      let universe = Universe()
      let space = try RulesetSpace(
        tables, .ingress, Circumstances(ownAddresses: AddressSet([try Address(parsing: own)])), in: universe)
      // Each ruleset meets connections of its own: the kernel remembers those of the others.
      let packets = try Self.packets(family, from: 20000 + 100 * UInt16(index))
      let arrived = try peer.arrivals(of: packets)
      for packet in packets {
        let one = try universe.space(of: [packet.rectangle])
        let isSure = try one.isSubset(of: space.lower)
        let isPossible = try !one.intersection(space.upper).isEmpty
        if arrived.contains(packet.number) {
          #expect(isPossible, "\(name): \(packet.text) arrives and is said to be dropped")
        } else {
          #expect(!isSure, "\(name): \(packet.text) does not arrive and is said to pass")
        }
        if !Self.uncertain.contains("\(name) \(packet.ipProtocol)/\(packet.kind)") {
          #expect(isSure == isPossible, "\(name): \(packet.text) is perhaps")
        }
      }
      let passing = packets.filter { arrived.contains($0.number) }
      #expect(!passing.isEmpty && passing.count < packets.count || name == "containers.v4", "\(name)")
      _ = try nft("flush", "ruleset")
    }
  }

  /// What depends on more than the connection: who came lately, chance, the port it comes from, what kind of address
  /// the sender's is. Everything else is said for certain.
  private static let uncertain: Set<String> = [
    "layers.v4 tcp/22", "layers.v4 udp/68", "matches.v4 tcp/27", "matches.v4 tcp/31", "matches.v4 udp/68",
    "matches.v4 udp/137", "matches.v4 udp/999",
  ]

  @Test(.rootNamespace) func `what is said of rulesets of iptables stays`() throws {
    // A new namespace forwards nothing, of which its rules say nothing.
    for setting in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
      let forwards = ChildProcess.run(["sh", "-c", "echo 1 >/proc/sys/net/\(setting)"])
      try #require(forwards.status == 0, "\(forwards.output)")
    }
    for name in Self.rulesets {
      let text = try String(contentsOfFile: "\(Golden.root)/Tests/Golden/iptables/\(name)", encoding: .utf8)
      let loaded = ChildProcess.run(
        [name.hasSuffix(".v4") ? "iptables-nft-restore" : "ip6tables-nft-restore"], input: text)
      try #require(loaded.status == 0, "\(name): \(loaded.output)")
      let program = "\(ChildProcess.products)/sekisho"
      let listing = ChildProcess.run([program, "read"])
      let allowed = ChildProcess.run([program, "read", "--allows"])
      if let fault = Golden.fault(listing.output + allowed.output, "iptables/\(name).txt") {
        Issue.record("\(fault)")
      }
      _ = try nft("flush", "ruleset")
    }
  }

  @Test(.rootNamespace) func `tables of arptables and ebtables disturb nothing`() throws {
    for command in [
      ["arptables-nft", "-A", "INPUT", "--source-ip", "192.0.2.1", "-j", "DROP"],
      ["ebtables-nft", "-A", "FORWARD", "-p", "IPv4", "--ip-proto", "tcp", "--ip-dport", "80", "-j", "DROP"],
      [
        "ebtables-nft", "-t", "nat", "-A", "PREROUTING", "-j", "dnat", "--to-destination",
        "02:00:00:00:00:01",
      ],
    ] {
      let result = ChildProcess.run(command)
      // They come with iptables, each in a package of its own.
      if result.status < 0 { continue }
      try #require(result.status == 0, "\(command): \(result.output)")
    }
    let connection = try NftablesConnection()
    for table in try connection.tables() {
      let read = try #require(try connection.table(table.family, table.name))
      #expect(try !read.table.listing().isEmpty)
      let again = try Table.tables(
        fromJSON: Array("{\"nftables\":".utf8) + Table.dump([read.table]) + Array("}".utf8))
      #expect(
        again.count == 1 && again[0].chains.map { $0.rules.count } == read.table.chains.map { $0.rules.count }
      )
    }
  }

  private static func packets(_ family: AddressFamily, from first: UInt16) throws -> [TestPacket] {
    let (own, other, third) = try #require(addresses[family])
    var packets: [TestPacket] = []
    for source in [other, third] {
      let ends = (try Address(parsing: source), try Address(parsing: own))
      let ports: [UInt16] = [22, 25, 26, 27, 28, 30, 31, 80, 81, 443, 8000, 8010, 8011]
      for port in ports {
        packets.append(TestPacket(ends, .tcp, port, number: first + UInt16(packets.count)))
      }
      for port in [53, 68, 123, 137, 514, 999] as [UInt16] {
        packets.append(TestPacket(ends, .udp, port, number: first + UInt16(packets.count)))
      }
      let messages: [UInt16] = family == .ipv4 ? [8, 13] : [128]
      for type in messages {
        packets.append(
          TestPacket(
            ends, family == .ipv4 ? .icmp : .icmpv6, type, number: first + UInt16(packets.count)))
      }
    }
    return packets
  }
}

/// The first packet of a connection, with a number of its own that a rule can see.
struct TestPacket {
  let source: Address
  let destination: Address
  let ipProtocol: IPProtocol
  /// Destination port or message type.
  let kind: UInt16
  /// Source port, or identifier of an echo.
  let number: UInt16

  init(_ ends: (Address, Address), _ ipProtocol: IPProtocol, _ kind: UInt16, number: UInt16) {
    (source, destination) = ends
    self.ipProtocol = ipProtocol
    self.kind = kind
    self.number = number
  }

  private var isMessage: Bool { ipProtocol == .icmp || ipProtocol == .icmpv6 }

  var text: String { "\(ipProtocol)/\(kind) from \(source)" }

  var rectangle: Rectangle {
    Rectangle(
      .ingress, ipProtocol, from: AddressSet([source]), to: AddressSet([destination]),
      isMessage ? .types(IntervalSet([UInt8(kind)...UInt8(kind)])) : .ports(PortSet([kind...kind])))
  }

  /// From the first byte of the IP header.
  var bytes: [UInt8] {
    var payload: [UInt8]
    let place: Int
    switch ipProtocol {
    case .tcp:
      payload = pair(number) + pair(kind) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0]
      place = 16
    case .udp:
      payload = pair(number) + pair(kind) + [0, 8, 0, 0]
      place = 6
    default:
      payload =
        [UInt8(kind), 0, 0, 0] + pair(number) + [0, 1] + (kind == 13 ? Array(repeating: 0, count: 12) : [])
      place = 2
    }
    let ends = source.networkBytes + destination.networkBytes
    let pseudo =
      ipProtocol == .icmp
      ? [] : ends + [0, 0] + pair(UInt16(payload.count)) + [0, 0, 0, ipProtocol.rawValue]
    payload.replaceSubrange(place..<place + 2, with: pair(checksum(pseudo + payload)))
    if source.family == .ipv6 {
      return [0x60, 0, 0, 0] + pair(UInt16(payload.count)) + [ipProtocol.rawValue, 64] + ends + payload
    }
    var header: [UInt8] =
      [0x45, 0] + pair(UInt16(payload.count + 20)) + [0, 1, 0, 0, 64, ipProtocol.rawValue, 0, 0]
    header += ends
    header.replaceSubrange(10..<12, with: pair(checksum(header)))
    return header + payload
  }

  private func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

  /// RFC 1071.
  private func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
    }
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
  }
}

/// A namespace at the other end of a link, from which packets are sent into this one.
struct Peer {
  private let process: String

  init() throws {
    process = try Self.shell("unshare -n sleep 600 > /dev/null 2>&1 & echo $!").filter(\.isNumber)
    try Self.retrying {
      try Self.shell("readlink /proc/\(process)/ns/net") != Self.shell("readlink /proc/self/ns/net")
    }
    _ = try Self.shell(
      """
      ip link set lo up
      ip link add here type veth peer name there netns \(process)
      ip addr add 10.77.0.1/24 dev here; ip -6 addr add 2001:db8::1/64 dev here nodad; ip link set here up
      nsenter -t \(process) -n sh -ec '
        ip addr add 10.77.0.2/24 dev there; ip addr add 10.77.0.3/24 dev there
        ip -6 addr add 2001:db8::2/64 dev there nodad; ip -6 addr add 2001:db8::3/64 dev there nodad
        ip link set there up'
      """)
    // Neighbours are known, so that no ruleset has to let them be found.
    let here = try Self.shell("ip -o link show here 2>/dev/null | sed 's/.*ether \\([^ ]*\\).*/\\1/'")
    for address in ["10.77.0.1", "2001:db8::1"] {
      _ = try Self.shell(
        "nsenter -t \(process) -n ip neigh replace \(address) lladdr \(here) dev there nud permanent")
    }
  }

  func end() { _ = try? Self.shell("kill \(process)") }

  /// The numbers of those packets that pass the hook `input`.
  func arrivals(of packets: [TestPacket]) throws -> Set<UInt16> {
    _ = try nft(
      "-f", "-",
      input: """
        table inet witness {
          set come { type inet_service; flags dynamic; size 1024; }
          set arrived { type inet_service; flags dynamic; size 1024; }
          chain first { type filter hook prerouting priority -500;
            meta l4proto { tcp, udp } add @come { th sport }
            meta l4proto { icmp, ipv6-icmp } add @come { @th,32,16 }
          }
          chain last { type filter hook input priority 1000;
            meta l4proto { tcp, udp } add @arrived { th sport }
            meta l4proto { icmp, ipv6-icmp } add @arrived { @th,32,16 }
          }
        }
        """)
    let program = "\(ChildProcess.products)/lab-support"
    let input = packets.map { packet in
      packet.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\n"
    }.joined()
    let sent = ChildProcess.run(["nsenter", "-t", process, "-n", program, "inject"], input: input)
    try #require(
      !sent.output.contains("not") && sent.output.split(separator: "\n").count == packets.count, "\(sent)")
    let all = Set(packets.map(\.number))
    try Self.retrying { try numbers("come").isSuperset(of: all) }
    let arrived = try numbers("arrived")
    _ = try nft("delete", "table", "inet", "witness")
    return arrived
  }

  private func numbers(_ set: String) throws -> Set<UInt16> {
    let listing = try nft("list", "set", "inet", "witness", set)
    return Set(listing.matches(of: /\b2\d{4}\b/).compactMap { UInt16($0.output) })
  }

  private static func retrying(_ condition: () throws -> Bool) throws {
    for _ in 0..<200 {
      if try condition() { return }
      usleep(50_000)
    }
    Issue.record("it did not come about")
  }

  private static func shell(_ commands: String) throws -> String {
    let result = ChildProcess.run(["sh", "-ec", commands])
    try #require(result.status == 0, "\(commands): \(result.output)")
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
