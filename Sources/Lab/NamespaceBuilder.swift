internal import Addressing
internal import Machine
internal import SystemPackage

/// Makes the namespaces of a plan, from inside the keeper's own.
///
/// ip(8) gets long batches: one for all namespaces, one for all links, one a node.
struct NamespaceBuilder {
  private let plan: LabPlan
  private let ip: String

  init(_ plan: LabPlan) throws(LabError) {
    self.plan = plan
    ip = try Program.find("ip", package: "iproute2")
  }

  func build() throws(LabError) {
    let home = try Self.open("/proc/self/ns/net")
    defer { try? home.close() }

    KernelSettings.core.apply()
    try run(plan.nodes.map { "netns add \($0.name)" })
    for node in plan.nodes {
      try enter(node)
      KernelSettings.node(forwards: node.forwards).apply()
    }
    try enter(home, "the keeper")

    // An interface takes the settings of its namespace when it is made, hence not earlier. Interface names
    // have 15 bytes at most (IFNAMSIZ), fewer than names of hosts: the bridge's ports are numbered.
    try run(
      ["link add \(Self.bridge) type bridge stp_state 0 forward_delay 0 mcast_snooping 0"]
        + ["link set \(Self.bridge) up"]
        + plan.nodes.enumerated().flatMap { index, node in
          [
            "link add port\(index) type veth peer name eth0 netns \(node.name)",
            "link set port\(index) master \(Self.bridge) up",
          ]
        })
    KernelSettings.speaksIPv6(Self.bridge).apply()
    try run(coreCommands)
    for node in plan.nodes {
      try enter(node)
      try run(commands(for: node))
    }
    try enter(home, "the keeper")
  }

  private static let bridge = "bridge0"

  /// The keeper's own namespace routes between all nodes.
  ///
  /// If they were neighbours of each other, pairs of them would fill the neighbour table, which is one for the
  /// whole machine and holds 1,024 entries (arp(7), `gc_thresh3`). A route "via" its own destination keeps
  /// IPv6 from telling senders to go around the core (`ndisc_send_redirect` in net/ipv6/ndisc.c); nothing
  /// else can.
  private var coreCommands: [String] {
    AddressFamily.allCases.map { family in
      "addr add \(core(family))/\(family == .ipv4 ? 32 : 64) dev \(Self.bridge)\(family == .ipv6 ? " nodad" : "")"
    }
      + plan.nodes.flatMap(\.answered).map { address in
        "route add \(address)/\(address.family.bitWidth) via \(address) dev \(Self.bridge) onlink"
      }
  }

  /// The core's address on the bridge: the first link-local one that no node has.
  private func core(_ family: AddressFamily) -> Address {
    let first: UInt128 = family == .ipv4 ? 0xa9fe_0001 : 0xfe80 << 112 | 1
    let taken = Set(plan.nodes.flatMap(\.answered))
    var address = Address(family, first)
    while taken.contains(address) { address = Address(family, address.bits + 1) }
    return address
  }

  private func commands(for node: LabNode) -> [String] {
    let families = AddressFamily.allCases.filter { family in
      node.answered.contains { $0.family == family }
    }
    return ["link set lo up", "link set eth0 up"]
      + node.addresses.map { address in
        // Nobody else has the address, so that looking for a duplicate only delays its first use.
        "addr add \(address)/\(address.family.bitWidth) dev eth0\(address.family == .ipv6 ? " nodad" : "")"
      }
      + node.carried.map(\.address).map { address in
        // Never chosen as a source by itself: that is what programs ask for that answer there.
        "addr add \(address)/\(address.family.bitWidth) dev eth0"
          + (address.family == .ipv6 ? " nodad preferred_lft 0" : "")
      }
      + families.map { family in
        "route add \(family == .ipv4 ? "0.0.0.0/0" : "::/0") via \(core(family)) dev eth0 onlink"
      }
      + node.routes.map { route in
        "route add \(route.destination)/\(route.destination.family.bitWidth) via \(route.gateway) "
          + "dev eth0 onlink"
      }
  }

  private func enter(_ node: LabNode) throws(LabError) {
    let namespace = try Self.open("/run/netns/\(node.name)")
    defer { try? namespace.close() }
    try enter(namespace, node.name)
  }

  private static func open(_ path: String) throws(LabError) -> FileDescriptor {
    do {
      return try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
    } catch {
      throw LabError(.refused, "cannot be opened: \(error)", object: path)
    }
  }

  private func enter(_ namespace: FileDescriptor, _ name: String) throws(LabError) {
    do throws(Errno) { try NetworkNamespace.enter(namespace) } catch {
      throw LabError(.refused, "its namespace cannot be entered: \(error)", object: name)
    }
  }

  /// Runs lines of ip-batch in the namespace that this process is in.
  private func run(_ lines: [String]) throws(LabError) {
    let (process, stream) = try Program.start([ip, "-batch", "-"])
    stream.send(lines.joined(separator: "\n") + "\n")
    stream.finishSending()
    let output = stream.receive(within: .seconds(120))
    let status = Program.wait(for: process)
    guard status == 0 else {
      throw LabError(
        .refused, output.text.split(separator: "\n").joined(separator: "; "),
        object: "ip \(Self.failedLine(output.text, of: lines) ?? "-batch")")
    }
  }

  /// ip(8) ends with `Command failed -:7` at the seventh line.
  private static func failedLine(_ output: String, of lines: [String]) -> String? {
    guard let number = output.split(separator: "\n").last?.split(separator: ":").last.flatMap({ Int($0) }),
      lines.indices.contains(number - 1)
    else { return nil }
    return lines[number - 1]
  }
}
