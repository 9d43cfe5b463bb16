internal import CNftnl
internal import Netlink
internal import Nftables

/// What decoding an expression needs beside its bytes.
struct DecodingContext {
  /// What the rule's lookups may refer to.
  let sets: SetCatalog
  /// That of the rule's table, on which depends what an extension of iptables says.
  let family: Family
  /// Of the rule's first counter, noted on the way: it is state, not part of the rule.
  var counter: CounterValues?

  init(sets: SetCatalog, family: Family) {
    self.sets = sets
    self.family = family
  }

  /// One expression.
  ///
  ///     [NFTA_LIST_ELEM]                 the payload that is given
  ///       NFTA_EXPR_NAME   string
  ///       NFTA_EXPR_DATA   nested: what the expression of that name has
  ///
  /// - Returns: ``Expression/opaque(name:attributes:)`` where anything is not modelled exactly; `nil`
  ///   when not even a name can be read.
  mutating func expression(_ bytes: [UInt8], _ range: Range<Int>) -> Expression? {
    guard var outer = Attributes(bytes, range), let name = outer.text(NFTA_EXPR_NAME) else { return nil }
    let data = outer.take(NFTA_EXPR_DATA) ?? range.upperBound..<range.upperBound
    if outer.isExhausted, var inner = Attributes(bytes, data),
      let expression = modelled(name, &inner), inner.isExhausted
    {
      return expression
    }
    return .opaque(name: name, attributes: Array(bytes[data]))
  }

  private mutating func modelled(_ name: String, _ attributes: inout Attributes) -> Expression? {
    switch name {
    case MetaExpression.name: MetaExpression.decode(&attributes)
    case PayloadExpression.name: PayloadExpression.decode(&attributes)
    case CompareExpression.name: CompareExpression.decode(&attributes)
    case RangeExpression.name: RangeExpression.decode(&attributes)
    case BitwiseExpression.name: BitwiseExpression.decode(&attributes)
    case ByteorderExpression.name: ByteorderExpression.decode(&attributes)
    case LookupExpression.name: LookupExpression.decode(&attributes, sets)
    case ImmediateExpression.name: ImmediateExpression.decode(&attributes)
    case ConntrackExpression.name: ConntrackExpression.decode(&attributes)
    case CounterExpression.name: CounterExpression.decode(&attributes, &counter)
    case LimitExpression.name: LimitExpression.decode(&attributes)
    case LogExpression.name: LogExpression.decode(&attributes)
    case RejectExpression.name: RejectExpression.decode(&attributes)
    case DynamicSetExpression.name: DynamicSetExpression.decode(&attributes, sets, family)
    case FibExpression.name: FibExpression.decode(&attributes)
    case ExtensionExpression.match: ExtensionExpression.decodeMatch(&attributes, family)
    case ExtensionExpression.target: ExtensionExpression.decodeTarget(&attributes, family)
    default: nil
    }
  }
}

extension Attributes {
  /// A register by its number.
  mutating func register(_ type: some RawRepresentable<UInt32>) -> Register? {
    u32(type).map { Register(rawValue: $0) }
  }

  /// The bytes of a constant.
  ///
  ///     [type]
  ///       NFTA_DATA_VALUE   bytes, at most 64
  mutating func value(_ type: some RawRepresentable<UInt32>) -> [UInt8]? {
    let before = self
    guard var inner = nest(type), let value = inner.blob(NFTA_DATA_VALUE), inner.isExhausted else {
      self = before
      return nil
    }
    return value
  }
}

extension AttributeCursor {
  /// The payloads of a list's elements (`NFTA_LIST_ELEM`); `nil` when anything else is in it.
  static func elements(of list: Range<Int>, in bytes: [UInt8]) -> [Range<Int>]? {
    var cursor = AttributeCursor(list)
    let span = bytes.span
    var payloads: [Range<Int>] = []
    while let attribute = cursor.next(in: span) {
      guard attribute.is(NFTA_LIST_ELEM) else { return nil }
      payloads.append(attribute.payload)
    }
    return cursor.isMalformed ? nil : payloads
  }
}
