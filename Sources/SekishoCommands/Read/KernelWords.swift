internal import Addressing
internal import Diagnostics
internal import RulesetSpace

/// What beside the tables of a host stops connections, in words.
struct KernelWords {
  private let obstacles: Set<KernelFacts.Obstacle>
  private let kernel: KernelFacts
  private let families: [AddressFamily]

  /// - Parameter family: of which it is told; `nil`: of both.
  init(_ obstacles: Set<KernelFacts.Obstacle>, _ kernel: KernelFacts, _ family: AddressFamily? = nil) {
    (self.obstacles, self.kernel) = (obstacles, kernel)
    families = family.map { [$0] } ?? AddressFamily.allCases
  }

  /// For programs.
  static func codes(_ obstacles: Set<KernelFacts.Obstacle>) -> [String] { obstacles.map(\.rawValue).sorted() }

  var entries: [Entry] {
    KernelFacts.Obstacle.allCases.filter { obstacles.contains($0) }.flatMap { obstacle -> [Entry] in
      switch obstacle {
      case .forwarding: forwarding.map { Entry(nil, Words($0)) }
      case .loopback: [Entry(nil, Words(loopback))]
      case .legacy: legacy.map { [Entry(.risk, Words($0))] } ?? []
      case .arp: [Entry(.risk, Words("tables of family arp may keep neighbours of IPv4 from being found"))]
      }
    }
  }

  private var forwarding: [String] {
    func families(_ setting: KernelFacts.Setting) -> [AddressFamily] {
      self.families.filter { kernel.forwarding[$0] == setting }
    }
    func names(_ families: [AddressFamily]) -> String {
      families.compactMap { kernel.settings[$0] }.joined(separator: " and ")
    }
    let (off, either) = (families(.off), families(.either))
    let part = off.count == 1 ? " of \(off[0].title)" : ""
    var lines: [String] = []
    if !off.isEmpty {
      lines.append("the kernel forwards no packets\(part) (\(names(off)) \(off.count == 1 ? "is" : "are") 0)")
    }
    if !either.isEmpty {
      lines.append(
        "the kernel forwards no packets that come by some of the links (\(names(either))); --in NAME tells")
    }
    return lines
  }

  private var loopback: String {
    let told = "what comes by a link for addresses of the loopback"
    return kernel.routesLoopback == .off
      ? "the kernel drops \(told) (\(kernel.loopbackSetting) is 0)"
      : "the kernel drops \(told), unless \(kernel.loopbackSetting) is 1"
  }

  /// Rules of iptables that are not read; `nil`: there are none.
  var legacy: String? {
    let tables = families.flatMap { family in
      (kernel.legacyTables[family] ?? []).map { "\(family == .ipv4 ? "ip" : "ip6") \($0)" }
    }
    if tables.isEmpty { return nil }
    return "rules of iptables-legacy (\(listed(tables))) are not read: they may stop what is said to pass"
  }
}

extension KernelFacts {
  /// Whether nothing of either family is led on.
  var forwardsNothing: Bool { AddressFamily.allCases.allSatisfy { forwarding[$0] == .off } }
}

extension AddressFamily {
  fileprivate var title: String { self == .ipv4 ? "IPv4" : "IPv6" }
}
