/// Why a text cannot name a kernel object.
public enum NameError: Error, Hashable, Sendable {
  case empty
  /// The kernel's limit in bytes, without the terminating NUL (`NFT_NAME_MAXLEN - 1`,
  /// linux/netfilter/nf_tables.h).
  case tooLong(limit: Int)
  case containsNUL
}

/// A name of a table, chain or set, checked against the kernel's limits when made.
///
/// The kernel takes any bytes; what nft(8) can read back is narrower, see ``isIdentifier``.
public protocol KernelName: Hashable, Comparable, Sendable, CustomStringConvertible,
  ExpressibleByStringLiteral
where StringLiteralType == String {
  var text: String { get }
  init(checked text: String)
}

extension KernelName {
  /// Checks a name that comes from outside.
  ///
  /// - Throws: ``NameError``.
  public init(_ text: String) throws(NameError) {
    guard !text.isEmpty else { throw .empty }
    guard text.utf8.count <= 255 else { throw .tooLong(limit: 255) }
    guard !text.utf8.contains(0) else { throw .containsNUL }
    self.init(checked: text)
  }

  /// A name written in the program; one that breaks the limits is a programming error.
  public init(stringLiteral text: String) {
    precondition(!text.isEmpty && text.utf8.count <= 255 && !text.utf8.contains(0), "not a kernel name")
    self.init(checked: text)
  }

  /// Whether nft(8) reads the name back as one word: a letter, `_` or `.`, then letters, digits and
  /// `/ \ _ . -` (scanner.l, `string`).
  public var isIdentifier: Bool {
    var isFirst = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        break
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"),
        UInt8(ascii: "\\"):
        if isFirst { return false }
      default: return false
      }
      isFirst = false
    }
    return true
  }

  public var description: String { text }

  public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
}

/// Name of a table.
public struct TableName: KernelName {
  public let text: String
  public init(checked text: String) { self.text = text }
}

/// Name of a chain within its table.
public struct ChainName: KernelName {
  public let text: String
  public init(checked text: String) { self.text = text }
}

/// Name of a set or map within its table; sets and maps share one name space.
public struct SetName: KernelName {
  public let text: String
  public init(checked text: String) { self.text = text }
}
