/// How a table is written as nft(8) text.
public struct TextStyle: Hashable, Sendable {
  /// What the text is for.
  public enum Use: Hashable, Sendable {
    /// A file to load: points in time as seconds (nft reads dates in the machine's time zone), what
    /// cannot be said exactly is refused.
    case file
    /// Byte for byte what `nft list` prints (in time zone UTC); what nft's language does not say is
    /// shown as `(opaque …)`.
    case listing
  }

  public var use: Use
  /// Names of interfaces by index, for `iif` and `oif`; others are written as numbers, as nft(8) does
  /// for interfaces that the machine does not have.
  public var interfaces: [UInt32: String]
  /// Counter values of rules are printed where they are given; `-s` of nft(8) leaves them out.
  public var isStateless: Bool

  public init(_ use: Use, interfaces: [UInt32: String] = [1: "lo"], isStateless: Bool = false) {
    self.use = use
    self.interfaces = interfaces
    self.isStateless = isStateless
  }

  /// A file to load.
  public static let file = Self(.file)
  /// What `nft list` prints.
  public static let listing = Self(.listing)
}
