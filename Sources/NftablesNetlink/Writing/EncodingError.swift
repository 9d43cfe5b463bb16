public import Nftables

/// Why a value cannot be said in the kernel's messages.
public enum EncodingError: Error, Hashable, Sendable {
  /// libnftnl got no memory.
  case noMemory
  /// A constant of more than 64 bytes (`NFT_DATA_VALUE_MAXLEN`), or of none.
  case constantLength(Int)
  /// A comment, log prefix, chain type or device of more bytes than the kernel keeps, or with a NUL in it.
  case unusableText(limit: Int)
  /// A set whose name has a `%`: the kernel puts a number in its place, or refuses it
  /// (`nf_tables_set_alloc_name`).
  case templateName
  /// A key with fields of these types, whose widths together do not give its length.
  case fieldLengths([DataType])
  /// Expressions of more than 48 KiB.
  case ruleTooLong
  /// What an element cannot carry: in a dynamic set opaque expressions, lookups, or too many; else any.
  case elementStatement
  /// Base chains on several devices.
  case severalDevices
  /// A range in a set that is not an interval set, or single keys in one that is.
  case elementKind
  /// Data of elements that does not go with the set's.
  case elementData
  /// An object of a kind that has no number.
  case unknownKind(String)
}

extension EncodingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noMemory: "there is no memory"
    case .constantLength(let count): "a constant has \(count) bytes, not 1 to 64"
    case .unusableText(let limit): "a text has a NUL or is longer than \(limit) bytes"
    case .templateName: "the name of a set has a %, where the kernel would put a number"
    case .fieldLengths: "the fields of a key do not add up to its length"
    case .ruleTooLong: "the rule is too long"
    case .elementStatement: "an element of a set cannot carry these statements"
    case .severalDevices: "a chain has several devices"
    case .elementKind: "ranges and single keys are mixed up"
    case .elementData: "the data of the elements is not the set's"
    case .unknownKind(let kind): "the kernel knows no kind \(kind)"
    }
  }
}
