internal import CNftnl
internal import Netlink
public import Nftables

/// A rule as the kernel tells it.
///
///     NFTA_RULE_TABLE         string
///     NFTA_RULE_CHAIN         string
///     NFTA_RULE_HANDLE        u64
///     NFTA_RULE_POSITION      u64, handle of the rule before; not read
///     NFTA_RULE_EXPRESSIONS   nested, a list
///       NFTA_LIST_ELEM        nested, see ExpressionDecoding
///     NFTA_RULE_COMPAT        nested, says how iptables' extensions were loaded; not read
///     NFTA_RULE_USERDATA      notes, see UserData
public struct RuleMessage: Hashable, Sendable {
  public let family: Family
  public let table: TableName
  public let chain: ChainName
  public let rule: Rule
  public let state: RuleState

  /// Reads one `NFT_MSG_NEWRULE` message, header included.
  ///
  /// - Parameters:
  ///   - bytes: the message.
  ///   - sets: the sets of the table; a lookup of an anonymous set that is not among them becomes opaque.
  /// - Throws: ``MessageError``. Expressions that are not modelled do not throw.
  public init(decoding bytes: [UInt8], sets: SetCatalog = SetCatalog()) throws(MessageError) {
    try self.init(ObjectMessage.only(NFT_MSG_NEWRULE, in: bytes), in: bytes, sets: sets)
  }

  init(_ message: ObjectMessage, in bytes: [UInt8], sets: SetCatalog) throws(MessageError) {
    var fields = try message.fields(bytes)
    family = message.family
    table = try fields.name(NFTA_RULE_TABLE)
    chain = try fields.name(NFTA_RULE_CHAIN)
    var expressions: [Expression] = []
    var context = DecodingContext(sets: sets, family: message.family)
    if let list = fields.take(NFTA_RULE_EXPRESSIONS) {
      guard let elements = AttributeCursor.elements(of: list, in: bytes) else { throw .malformed }
      expressions.reserveCapacity(elements.count)
      for element in elements {
        guard let expression = context.expression(bytes, element) else { throw .malformed }
        expressions.append(expression)
      }
    }
    let notes = fields.take(NFTA_RULE_USERDATA).map { bytes[$0] } ?? []
    rule = Rule(
      expressions, comment: UserData.text(NFTNL_UDATA_RULE_COMMENT.rawValue, in: notes))
    guard let handle = fields.u64(NFTA_RULE_HANDLE) else { throw .missing(NFTA_RULE_HANDLE.rawValue) }
    state = RuleState(handle: handle, counter: context.counter)
  }
}
