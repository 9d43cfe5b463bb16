internal import CNftnl
internal import Netlink
internal import Nftables

/// `lookup`: a register in a set, and the data of a map (net/netfilter/nft_lookup.c).
///
///     NFTA_LOOKUP_SET      string
///     NFTA_LOOKUP_SREG     u32
///     NFTA_LOOKUP_DREG     u32   of a map
///     NFTA_LOOKUP_SET_ID   u32   only sent: a set of the same transaction
///     NFTA_LOOKUP_FLAGS    u32: NFT_LOOKUP_F_INV
enum LookupExpression {
  static let name = "lookup"

  static func decode(_ attributes: inout Attributes, _ sets: SetCatalog) -> Expression? {
    guard let set = attributes.text(NFTA_LOOKUP_SET).flatMap({ try? SetName($0) }),
      let reference = sets.reference(set), let register = attributes.register(NFTA_LOOKUP_SREG)
    else { return nil }
    let into = attributes.register(NFTA_LOOKUP_DREG)
    attributes.ignore(NFTA_LOOKUP_SET_ID)
    let flags = attributes.u32(NFTA_LOOKUP_FLAGS) ?? 0
    guard flags & ~NFT_LOOKUP_F_INV.rawValue == 0 else { return nil }
    return .lookup(reference, register, negated: flags != 0, into: into)
  }

  /// - Parameter set: the name, and for an anonymous set the number it has in this transaction.
  static func encode(
    _ set: (name: String, id: UInt32?), _ register: Register, negated: Bool, into: Register?
  ) throws(EncodingError) -> ExpressionHandle {
    let handle = try ExpressionHandle(name)
    handle.set(NFTNL_EXPR_LOOKUP_SREG, register.rawValue)
    if let into { handle.set(NFTNL_EXPR_LOOKUP_DREG, into.rawValue) }
    try handle.set(NFTNL_EXPR_LOOKUP_SET, set.name)
    if let id = set.id { handle.set(NFTNL_EXPR_LOOKUP_SET_ID, id) }
    if negated { handle.set(NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV.rawValue) }
    return handle
  }
}
