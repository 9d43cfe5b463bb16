internal import CNftnl
internal import Netlink
internal import Nftables

/// `dynset`: the packet changes a set (net/netfilter/nft_dynset.c).
///
///     NFTA_DYNSET_SET_NAME      string
///     NFTA_DYNSET_SET_ID        u32   only sent: a set of the same transaction
///     NFTA_DYNSET_OP            u32
///     NFTA_DYNSET_SREG_KEY      u32
///     NFTA_DYNSET_SREG_DATA     u32   of a map
///     NFTA_DYNSET_TIMEOUT       u64, milliseconds; 0: the set's own
///     NFTA_DYNSET_EXPR          nested: one expression
///     NFTA_DYNSET_EXPRESSIONS   nested: a list of them
///     NFTA_DYNSET_FLAGS         u32: NFT_DYNSET_F_INV (not modelled), NFT_DYNSET_F_EXPR
enum DynamicSetExpression {
  static let name = "dynset"

  static func decode(_ attributes: inout Attributes, _ sets: SetCatalog, _ family: Family) -> Expression? {
    guard let set = attributes.text(NFTA_DYNSET_SET_NAME).flatMap({ try? SetName($0) }),
      case .named? = sets.reference(set),
      let operation = attributes.u32(NFTA_DYNSET_OP).flatMap(DynamicSet.Operation.init),
      let key = attributes.register(NFTA_DYNSET_SREG_KEY)
    else { return nil }
    attributes.ignore(NFTA_DYNSET_SET_ID)
    attributes.ignore(NFTA_DYNSET_PAD)
    let timeout = attributes.u64(NFTA_DYNSET_TIMEOUT) ?? 0
    let flags = attributes.u32(NFTA_DYNSET_FLAGS) ?? 0
    guard flags & ~NFT_DYNSET_F_EXPR.rawValue == 0,
      let expressions = expressions(&attributes, sets, family)
    else { return nil }
    return .dynamicSet(
      DynamicSet(
        operation, set: set, key: key, data: attributes.register(NFTA_DYNSET_SREG_DATA),
        timeout: timeout == 0 ? nil : timeout, expressions: expressions))
  }

  /// The statements of the element; `nil` when one of them is not modelled.
  private static func expressions(
    _ attributes: inout Attributes, _ sets: SetCatalog, _ family: Family
  ) -> [Expression]? {
    var found: [Range<Int>] = []
    if let one = attributes.take(NFTA_DYNSET_EXPR) {
      found = [one]
    } else if let list = attributes.take(NFTA_DYNSET_EXPRESSIONS) {
      guard let elements = AttributeCursor.elements(of: list, in: attributes.bytes) else { return nil }
      found = elements
    }
    var context = DecodingContext(sets: sets, family: family)
    var expressions: [Expression] = []
    for range in found {
      switch context.expression(attributes.bytes, range) {
      case nil, .opaque?, .matchExtension?, .targetExtension?: return nil
      case let expression?: expressions.append(expression)
      }
    }
    return expressions
  }

  static func encode(_ update: DynamicSet) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_DYNSET_SREG_KEY, update.key.rawValue)
    if let data = update.data { handle.set(NFTNL_EXPR_DYNSET_SREG_DATA, data.rawValue) }
    handle.set(NFTNL_EXPR_DYNSET_OP, update.operation.rawValue)
    if let timeout = update.timeout { handle.set(NFTNL_EXPR_DYNSET_TIMEOUT, u64: timeout) }
    try handle.set(NFTNL_EXPR_DYNSET_SET_NAME, update.set.text)
    if update.expressions.count > 1 { handle.set(NFTNL_EXPR_DYNSET_FLAGS, NFT_DYNSET_F_EXPR.rawValue) }
    // The kernel takes two (NFT_SET_EXPR_MAX).
    guard update.expressions.count <= 16 else { throw .elementStatement }
    for expression in update.expressions {
      guard let inner = try expression.statement() else { throw .elementStatement }
      handle.add(
        update.expressions.count > 1 ? NFTNL_EXPR_DYNSET_EXPRESSIONS : NFTNL_EXPR_DYNSET_EXPR, inner)
    }
    return handle
  }
}
