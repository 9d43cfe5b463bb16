internal import CNftnl
internal import Netlink
public import Nftables

/// The declaration of a set as the kernel tells it, without its elements.
///
///     NFTA_SET_TABLE       string
///     NFTA_SET_NAME        string
///     NFTA_SET_FLAGS       u32, absent when none is set
///     NFTA_SET_KEY_TYPE    u32, nft's number of the type; 6 bits for each field of a concatenation
///     NFTA_SET_KEY_LEN     u32, bytes
///     NFTA_SET_DATA_TYPE   u32, NFT_DATA_VERDICT or nft's number
///     NFTA_SET_DATA_LEN    u32, bytes
///     NFTA_SET_TIMEOUT     u64, milliseconds
///     NFTA_SET_DESC        nested
///       NFTA_SET_DESC_SIZE     u32, the most elements
///       NFTA_SET_DESC_CONCAT   nested, a list: lengths of the fields of a concatenated interval set
///         NFTA_LIST_ELEM         nested
///           NFTA_SET_FIELD_LEN     u32, bytes; must be what the key's types tell
///     NFTA_SET_USERDATA    notes, see UserData
///     NFTA_SET_EXPR        nested, an expression that each element has; of these `counter` is modelled
///     NFTA_SET_HANDLE      u64
///     NFTA_SET_TYPE, NFTA_SET_COUNT   state
public struct SetMessage: Hashable, Sendable {
  public let family: Family
  public let table: TableName
  /// Without elements.
  public let set: NamedSet
  /// Bytes of a key.
  public let keyLength: Int
  /// Bytes of the data that a key of a map leads to; `nil` for sets and verdict maps.
  public let dataLength: Int?
  /// Whether everything that matters to the packet path is in ``set``.
  public let isExact: Bool
  /// How many elements the kernel says it has; older ones do not say.
  let announced: Int?
  /// 0: the kernel has not said.
  let handle: UInt64

  public var isAnonymous: Bool { self.set.flags.contains(.anonymous) }

  /// Reads one `NFT_MSG_NEWSET` message, header included.
  ///
  /// - Throws: ``MessageError``.
  public init(decoding bytes: [UInt8]) throws(MessageError) {
    try self.init(ObjectMessage.only(NFT_MSG_NEWSET, in: bytes), in: bytes)
  }

  init(_ message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    family = message.family
    table = try fields.name(NFTA_SET_TABLE)
    let name: SetName = try fields.name(NFTA_SET_NAME)
    let flags = SetFlags(rawValue: fields.u32(NFTA_SET_FLAGS) ?? 0)
    guard let keyType = fields.u32(NFTA_SET_KEY_TYPE) else { throw .missing(NFTA_SET_KEY_TYPE.rawValue) }
    guard let keyLength = fields.u32(NFTA_SET_KEY_LEN), 1...UInt32(NFT_DATA_VALUE_MAXLEN) ~= keyLength
    else { throw .missing(NFTA_SET_KEY_LEN.rawValue) }
    self.keyLength = Int(keyLength)
    let dataType = fields.u32(NFTA_SET_DATA_TYPE)
    let dataLength = fields.u32(NFTA_SET_DATA_LEN)
    var isExact = flags.subtracting(Self.modelledFlags).isEmpty
    var data: [DataType]?
    if let dataType, flags.contains(.map) {
      data = dataType == sekisho_nft_data_verdict() ? [.verdict] : DataType.fields(of: dataType)
    } else if flags.contains(.map) || dataType != nil {
      isExact = false
    }
    if data == nil || data == [.verdict] {
      self.dataLength = nil
    } else {
      self.dataLength = dataLength.flatMap { 1...UInt32(NFT_DATA_VALUE_MAXLEN) ~= $0 ? Int($0) : nil }
      if self.dataLength == nil { isExact = false }
    }

    var size: UInt32?
    if var description = fields.nest(NFTA_SET_DESC) {
      size = description.u32(NFTA_SET_DESC_SIZE)
      if let list = description.take(NFTA_SET_DESC_CONCAT) {
        let fields = DataType.lengths(of: DataType.fields(of: keyType), total: Int(keyLength))
        if fields == nil || fields != Self.fieldLengths(bytes, list) { isExact = false }
      }
      if !description.isExhausted { isExact = false }
    }
    let notes = fields.take(NFTA_SET_USERDATA).map { bytes[$0] } ?? []
    let timeout = fields.u64(NFTA_SET_TIMEOUT)
    if fields.contains(NFTA_SET_POLICY), fields.u32(NFTA_SET_POLICY) != NFT_SET_POL_PERFORMANCE.rawValue {
      isExact = false
    }
    handle = fields.u64(NFTA_SET_HANDLE) ?? 0
    let countsElements = fields.nest(NFTA_SET_EXPR).map { Self.isCounter($0) }
    if countsElements == false { isExact = false }
    fields.ignore(NFTA_SET_ID)
    fields.ignore(NFTA_SET_PAD)
    _ = fields.take(number: UInt32(SEKISHO_NFTA_SET_TYPE))
    announced = fields.take(number: UInt32(SEKISHO_NFTA_SET_COUNT), size: 4).map {
      Int(bytes.span.networkUInt32(at: $0.lowerBound))
    }
    self.isExact = isExact && fields.isExhausted
    set = NamedSet(
      name: name, key: DataType.fields(of: keyType), data: data, flags: flags, size: size,
      timeout: timeout, comment: UserData.text(NFTNL_UDATA_SET_COMMENT.rawValue, in: notes),
      countsElements: countsElements ?? false,
      elements: .none(keyLength: Int(keyLength)))
  }

  /// A set whose declaration is known already.
  init(declared set: NamedSet, family: Family, table: TableName) {
    self.family = family
    self.table = table
    self.set = set.holding(.none(keyLength: set.elements.keyLength))
    keyLength = set.elements.keyLength
    let length = SetDeclaration.dataLength(set.data, set.elements)
    dataLength = length > 0 ? length : nil
    isExact = true
    announced = nil
    handle = 0
  }

  private static func isCounter(_ expression: Attributes) -> Bool {
    var expression = expression
    return expression.text(NFTA_EXPR_NAME) == "counter"
  }

  /// Lengths in bytes of a concatenation's fields.
  private static func fieldLengths(_ bytes: [UInt8], _ list: Range<Int>) -> [Int]? {
    AttributeCursor.elements(of: list, in: bytes)?.compactMap {
      guard var field = Attributes(bytes, $0) else { return nil }
      return field.u32(NFTA_SET_FIELD_LEN).map { Int($0) }
    }
  }

  /// Flags that a ``NamedSet`` can say. Maps to stateful objects are not modelled.
  static let modelledFlags: SetFlags = [
    .anonymous, .constant, .interval, .map, .timeout, .dynamic, .concatenated,
  ]
}

extension DataType {
  /// Bits of one type's number in the number of a concatenation (`TYPE_BITS`, nft's datatype.h).
  static let bits = 6

  /// The types of a concatenation's fields, or the one type itself.
  static func fields(of number: UInt32) -> [DataType] {
    var rest = number
    var fields: [DataType] = []
    repeat {
      fields.append(DataType(rawValue: rest & (1 << UInt32(bits) - 1)))
      rest >>= UInt32(bits)
    } while rest != 0
    return fields.reversed()
  }

  /// The number of a concatenation; of a single type, its own.
  static func number(of fields: [DataType]) -> UInt32 {
    fields.reduce(0) { $0 << UInt32(bits) | $1.rawValue }
  }
}
