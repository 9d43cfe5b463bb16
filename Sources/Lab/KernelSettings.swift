internal import SystemPackage

/// Values of sysctl(8) for one network namespace, so that nothing but nftables decides about packets.
///
/// What this kernel does not have stays as it is.
struct KernelSettings {
  private let values: [(path: String, value: String)]

  /// For the keeper's own namespace, which routes: frames on its bridge go to nobody's IP filters, and the
  /// ports of the bridge have no addresses and say nothing.
  static let core = KernelSettings(
    values: node(forwards: true).values + [
      ("bridge/bridge-nf-call-iptables", "0"), ("bridge/bridge-nf-call-ip6tables", "0"),
      ("bridge/bridge-nf-call-arptables", "0"), ("ipv6/conf/default/disable_ipv6", "1"),
    ])

  /// For an interface that was made while the default was not to.
  static func speaksIPv6(_ interface: String) -> KernelSettings {
    KernelSettings(values: [("ipv6/conf/\(interface)/disable_ipv6", "0")])
  }

  /// For a node, before it has interfaces.
  static func node(forwards: Bool) -> KernelSettings {
    let interfaces: [(String, String)] = [
      ("ipv4/conf/*/rp_filter", "0"),
      // A gateway with one leg would otherwise tell both ends to go around it.
      ("ipv4/conf/*/send_redirects", "0"), ("ipv4/conf/*/accept_redirects", "0"),
      ("ipv6/conf/*/accept_redirects", "0"), ("ipv6/conf/*/accept_ra", "0"),
      // Link-local addresses too are usable at once.
      ("ipv6/conf/*/accept_dad", "0"), ("ipv6/conf/*/disable_ipv6", "0"),
    ]
    let whole: [(String, String)] = [
      // The kernel answers only some of many closed ports; a lab shows them all.
      ("ipv4/icmp_ratelimit", "0"), ("ipv4/icmp_msgs_per_sec", "1000000"),
      ("ipv4/icmp_msgs_burst", "1000000"), ("ipv6/icmp/ratelimit", "0"),
      ("ipv4/ip_forward", forwards ? "1" : "0"), ("ipv6/conf/all/forwarding", forwards ? "1" : "0"),
      ("ipv6/conf/default/forwarding", forwards ? "1" : "0"),
    ]
    // Forwarding comes first: switching it sets others back to their defaults.
    return KernelSettings(
      values: whole
        + interfaces.flatMap { path, value in
          ["all", "default"].map { (path.replacing("*", with: $0), value) }
        })
  }

  /// Sets them in the network namespace this process is in.
  func apply() {
    for (path, value) in values {
      let path = FilePath("/proc/sys/net/\(path)")
      guard let file = try? FileDescriptor.open(path, .writeOnly, options: .closeOnExec) else { continue }
      _ = try? file.closeAfter { try file.writeAll(value.utf8) }
    }
  }
}
