/// Flags of a table (`NFT_TABLE_F_*`, linux/netfilter/nf_tables.h).
public struct TableFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Switched off: its base chains are called by no hook.
  public static let dormant = Self(rawValue: 1)
  /// Belongs to the socket that made it, and goes with it (Linux 5.12).
  public static let owner = Self(rawValue: 2)
  /// Stays when its owner goes, and can be taken over (Linux 6.9).
  public static let persist = Self(rawValue: 4)

  /// The words nft(8) has for them, or the number where it has none.
  public var words: String {
    let known: [(Self, String)] = [(.dormant, "dormant"), (.owner, "owner"), (.persist, "persist")]
    let names = known.filter { contains($0.0) }.map(\.1)
    return names.isEmpty ? "\(rawValue)" : names.joined(separator: ", ")
  }
}
