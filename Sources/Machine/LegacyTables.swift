package import Addressing
internal import CXtables
internal import Glibc

/// Tables of iptables as it was before nftables (x_tables), whose rules no dump of nftables has.
package enum LegacyTables {
  /// Those that have rules, or do not accept what comes to their end.
  package static func names(_ family: AddressFamily) -> [String] {
    let file = family == .ipv4 ? "ip_tables_names" : "ip6_tables_names"
    let names = (Files.text("/proc/self/net/\(file)") ?? "").split(separator: "\n").map(String.init)
    return names.filter { mayDecide($0, family) }.sorted()
  }

  /// What cannot be read may decide something.
  private static func mayDecide(_ name: String, _ family: AddressFamily) -> Bool {
    // Another process may change the table between the two questions.
    for _ in 0..<3 {
      switch unsafe sekisho_legacy_table(name, family == .ipv4 ? AF_INET : AF_INET6) {
      case 0: return false
      case 1: return true
      default: continue
      }
    }
    return true
  }
}
