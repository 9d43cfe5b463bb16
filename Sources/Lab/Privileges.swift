internal import Machine

/// What the kernel lets this process do.
enum Privileges {
  /// Whether namespaces can be made without a user namespace around them: `CAP_NET_ADMIN` (12) and
  /// `CAP_SYS_ADMIN` (21) of capabilities(7) are effective. Root in a container often has neither.
  static var sufficeForNamespaces: Bool {
    guard let status = Files.text("/proc/self/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
      let mask = line.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap({
        UInt64($0, radix: 16)
      })
    else { return false }
    return mask & needed == needed
  }

  private static let needed: UInt64 = 1 << 12 | 1 << 21
}
