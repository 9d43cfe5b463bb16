internal import CNftnl
internal import Netlink
internal import Nftables

/// Gathers the elements of one set from the messages of a dump, packed, and puts them in order.
///
///     NFTA_SET_ELEM_LIST_TABLE      string
///     NFTA_SET_ELEM_LIST_SET        string
///     NFTA_SET_ELEM_LIST_ELEMENTS   nested, a list
///       NFTA_LIST_ELEM              nested
///         NFTA_SET_ELEM_KEY          nested: NFTA_DATA_VALUE
///         NFTA_SET_ELEM_KEY_END      nested: NFTA_DATA_VALUE, the last key of a concatenated range
///         NFTA_SET_ELEM_DATA         nested: NFTA_DATA_VALUE or NFTA_DATA_VERDICT
///         NFTA_SET_ELEM_FLAGS        u32: NFT_SET_ELEM_INTERVAL_END, NFT_SET_ELEM_CATCHALL
///         NFTA_SET_ELEM_TIMEOUT      u64, milliseconds
///         NFTA_SET_ELEM_EXPIRATION   u64, milliseconds left; state
///         NFTA_SET_ELEM_USERDATA     notes, see UserData
///         NFTA_SET_ELEM_EXPR         nested, an expression: what was counted; state
///
/// A hundred thousand elements pass here, so nothing is allocated for a single one that has no
/// comment, timeout or jump.
struct ElementCollector {
  let message: SetMessage
  private(set) var keys: [UInt8] = []
  /// The last keys of concatenated ranges, parallel to ``keys``.
  private(set) var lastKeys: [UInt8] = []
  /// Which elements of an interval set end a range, parallel to ``keys``.
  private(set) var ends: [Bool] = []
  private(set) var verdicts: [Verdict] = []
  private(set) var values: [UInt8] = []
  private(set) var attributes: [Int: ElementAttributes] = [:]
  /// Whether the set and every element so far are modelled; what is not is not collected.
  private(set) var isExact: Bool
  private(set) var count = 0

  let keepsLastKeys: Bool
  let keepsEnds: Bool

  init(_ message: SetMessage) {
    self.message = message
    isExact = message.isExact
    keepsLastKeys = message.set.flags.contains(.concatenated)
    keepsEnds = message.set.flags.contains(.interval) && !keepsLastKeys
    // An announced count is the kernel's, but untrusted like all of its bytes.
    keys.reserveCapacity(min(message.announced ?? 0, 1 << 20) * message.keyLength)
  }

  /// The set that an element message is about.
  static func setName(_ object: ObjectMessage, in bytes: [UInt8]) throws(MessageError) -> SetName {
    var fields = try object.fields(bytes)
    return try fields.name(NFTA_SET_ELEM_LIST_SET)
  }

  /// Adds the elements of one `NFT_MSG_NEWSETELEM` message.
  mutating func add(_ object: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    guard isExact else { return }
    var fields = try object.fields(bytes)
    guard let list = fields.take(NFTA_SET_ELEM_LIST_ELEMENTS) else { return }
    var cursor = AttributeCursor(list)
    let span = bytes.span
    while let element = cursor.next(in: span) {
      guard element.is(NFTA_LIST_ELEM) else { throw .malformed }
      try add(element.payload, span, bytes)
    }
    if cursor.isMalformed { throw .malformed }
  }

  private mutating func add(
    _ element: Range<Int>, _ span: borrowing Span<UInt8>, _ bytes: [UInt8]
  ) throws(MessageError) {
    var key: Range<Int>?
    var lastKey: Range<Int>?
    var data: Range<Int>?
    var flags: UInt32 = 0
    var extra = ElementAttributes()
    var hasExtra = false
    var cursor = AttributeCursor(element)
    while let attribute = cursor.next(in: span) {
      switch UInt32(attribute.type) {
      case NFTA_SET_ELEM_KEY.rawValue: key = Self.value(attribute.payload, span)
      case NFTA_SET_ELEM_KEY_END.rawValue: lastKey = Self.value(attribute.payload, span)
      case NFTA_SET_ELEM_DATA.rawValue: data = attribute.payload
      case NFTA_SET_ELEM_FLAGS.rawValue where attribute.payload.count == 4:
        flags = span.networkUInt32(at: attribute.payload.lowerBound)
      case NFTA_SET_ELEM_TIMEOUT.rawValue where attribute.payload.count == 8:
        let start = attribute.payload.lowerBound
        extra.timeout =
          UInt64(span.networkUInt32(at: start)) << 32 | UInt64(span.networkUInt32(at: start + 4))
        hasExtra = true
      case NFTA_SET_ELEM_USERDATA.rawValue:
        extra.comment = UserData.text(
          NFTNL_UDATA_SET_ELEM_COMMENT.rawValue, in: bytes[attribute.payload])
        hasExtra = hasExtra || extra.comment != nil
      case NFTA_SET_ELEM_EXPIRATION.rawValue, NFTA_SET_ELEM_PAD.rawValue: break
      // The kernel takes no other statement for an element than its set has (nft_setelem_expr_setup).
      case NFTA_SET_ELEM_EXPR.rawValue where message.set.countsElements: break
      default: isExact = false
      }
    }
    if cursor.isMalformed { throw .malformed }
    guard let key, flags & ~NFT_SET_ELEM_INTERVAL_END.rawValue == 0 else {
      // The catch-all element has no key.
      isExact = false
      return
    }
    guard key.count == message.keyLength, lastKey.map({ $0.count == key.count }) ?? true else {
      throw .malformed
    }
    let isEnd = flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0
    if isEnd && !keepsEnds || lastKey != nil && !keepsLastKeys { isExact = false }
    keys.append(span, key)
    if keepsLastKeys { lastKeys.append(span, lastKey ?? key) }
    if keepsEnds { ends.append(isEnd) }
    appendData(isEnd ? nil : data, isEnd: isEnd, span, bytes)
    if hasExtra { attributes[count] = extra }
    count += 1
  }

  /// Keeps data parallel to the keys, so that an end of a range has a filler.
  private mutating func appendData(
    _ data: Range<Int>?, isEnd: Bool, _ span: borrowing Span<UInt8>, _ bytes: [UInt8]
  ) {
    switch (message.set.data, message.dataLength) {
    case (nil, _): if data != nil { isExact = false }
    case (_, let length?):
      if let data, let value = Self.value(data, span), value.count == length {
        values.append(span, value)
      } else {
        values.append(contentsOf: repeatElement(0, count: length))
        if !isEnd { isExact = false }
      }
    case (_, nil):
      if let data, var inner = Attributes(bytes, data), let verdict = VerdictData.decode(&inner),
        inner.isExhausted
      {
        verdicts.append(verdict)
      } else {
        verdicts.append(.continue)
        if !isEnd { isExact = false }
      }
    }
  }

  /// Where the bytes of `NFTA_DATA_VALUE` lie in a nest that holds nothing else.
  private static func value(_ nest: Range<Int>, _ span: borrowing Span<UInt8>) -> Range<Int>? {
    var cursor = AttributeCursor(nest)
    guard let value = cursor.next(in: span), value.is(NFTA_DATA_VALUE), cursor.next(in: span) == nil,
      !cursor.isMalformed
    else { return nil }
    return value.payload
  }
}

extension [UInt8] {
  /// Appends a part of other bytes that has been checked to lie within them.
  mutating func append(_ span: borrowing Span<UInt8>, _ range: Range<Int>) {
    for index in range { append(span[index]) }
  }
}
