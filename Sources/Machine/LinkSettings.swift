package import Addressing
internal import Glibc

/// What of the network namespace this process is in decides about packets beside nftables.
package enum LinkSettings {
  /// A setting of links.
  package enum Setting: String, Sendable {
    /// Whether packets that come by a link are led on.
    case forwarding
    /// Whether packets that come by a link may be for addresses of the loopback; of IPv4 alone.
    case routesLoopback = "route_localnet"
  }

  /// What a setting is on links: one value, or both; none where the kernel does not say.
  ///
  /// - Parameter link: `nil`: all but the loopback; where there is none, what a new one has.
  package static func values(of setting: Setting, _ family: AddressFamily, on link: String?) -> Set<Bool> {
    var links = link.map { [$0] } ?? Interfaces.names().filter { $0 != "lo" }
    if links.isEmpty { links = ["default"] }
    guard let all = isSet(setting.rawValue, family, "all") else { return [] }
    switch (setting, family) {
    // The one of a link counts alone (ip_route_input_slow, net/ipv4/route.c); that of all is how it was written to each.
    case (.forwarding, .ipv4): return Set(links.compactMap { isSet(setting.rawValue, family, $0) })
    // That of all, or since Linux 6.17 that of the link (ip6_forward, net/ipv6/ip6_output.c).
    case (.forwarding, .ipv6):
      return all ? [true] : Set(links.map { isSet("force_forwarding", family, $0) ?? false })
    // Either (IN_DEV_ROUTE_LOCALNET, linux/inetdevice.h).
    case (.routesLoopback, _):
      return all ? [true] : Set(links.compactMap { isSet(setting.rawValue, family, $0) })
    }
  }

  /// Such as `net.ipv4.ip_forward`: where a setting is changed that is off.
  package static func name(of setting: Setting, _ family: AddressFamily, on link: String?) -> String {
    let isOfAll = isSet(setting.rawValue, family, "all") == false
    switch (setting, family) {
    case (.forwarding, .ipv4) where isOfAll: return "net.ipv4.ip_forward"
    case (.forwarding, .ipv6): return "net.ipv6.conf.all.forwarding"
    case (.forwarding, .ipv4), (.routesLoopback, _):
      return "net.ipv4.conf.\(link ?? "*").\(setting.rawValue)"
    }
  }

  private static func isSet(_ name: String, _ family: AddressFamily, _ link: String) -> Bool? {
    // A name with a slash is none of a link, and would lead to another file.
    if link.contains("/") { return nil }
    let directory = family == .ipv4 ? "ipv4" : "ipv6"
    guard let text = Files.text("/proc/sys/net/\(directory)/conf/\(link)/\(name)"),
      let value = Int(text.filter { !$0.isWhitespace })
    else { return nil }
    return value > 0
  }
}
