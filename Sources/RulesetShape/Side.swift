package import Nftables
package import Policy

/// One of the three ways a packet meets a host.
///
/// The raw value is the first word of the names of everything that belongs to the side. `/` follows it in names of
/// Sekisho's own, `.` in those of services, so that no service can take a name of ours.
package enum Side: String, Hashable, Sendable, CaseIterable {
  /// To the host.
  case input = "in"
  /// Through the host.
  case forward
  /// From the host.
  case output = "out"

  package var hook: Hook {
    switch self {
    case .input: .input
    case .forward: .forward
    case .output: .output
    }
  }

  /// The side of a host on which a direction of its policy is enforced.
  package init(_ direction: Direction) {
    self =
      switch direction {
      case .ingress: .input
      case .egress: .output
      case .forward: .forward
      }
  }

  /// The side whose base chain stands at a hook.
  package init?(_ hook: Hook) {
    guard let side = Self.allCases.first(where: { $0.hook == hook }) else { return nil }
    self = side
  }

  /// Name of the base chain: the hook in nft's words.
  package var baseName: String {
    switch self {
    case .input: "input"
    case .forward: "forward"
    case .output: "output"
    }
  }

  /// Divides a name into the side and what stands behind a separator.
  static func divided(_ name: String, at separator: Character) -> (side: Self, rest: Substring)? {
    guard let place = name.firstIndex(of: separator), let side = Self(rawValue: String(name[..<place]))
    else { return nil }
    let rest = name[name.index(after: place)...]
    return rest.isEmpty ? nil : (side, rest)
  }
}
