internal import CNftnl
internal import Netlink
internal import Nftables

/// `match` and `target`: extensions of iptables (net/netfilter/nft_compat.c).
///
///     NFTA_MATCH_NAME   NFTA_TARGET_NAME   string
///     NFTA_MATCH_REV    NFTA_TARGET_REV    u32
///     NFTA_MATCH_INFO   NFTA_TARGET_INFO   the extension's structure, in the host's order
enum ExtensionExpression {
  static let match = "match"
  static let target = "target"

  static func decodeMatch(_ attributes: inout Attributes, _ family: Family) -> Expression? {
    guard let name = attributes.text(NFTA_MATCH_NAME), let revision = attributes.u32(NFTA_MATCH_REV),
      let structure = attributes.blob(NFTA_MATCH_INFO)
    else { return nil }
    return .matchExtension(
      MatchExtension(name: name, revision: revision, structure: structure, family: family))
  }

  static func decodeTarget(_ attributes: inout Attributes, _ family: Family) -> Expression? {
    guard let name = attributes.text(NFTA_TARGET_NAME), let revision = attributes.u32(NFTA_TARGET_REV),
      let structure = attributes.blob(NFTA_TARGET_INFO)
    else { return nil }
    return .targetExtension(
      TargetExtension(name: name, revision: revision, structure: structure, family: family))
  }

  /// `nil` for what is no extension.
  static func parts(of expression: Expression) -> Parts? {
    switch expression {
    case .matchExtension(let held):
      Parts(
        kind: match, name: held.name, revision: held.revision, structure: held.structure,
        types: (NFTA_MATCH_NAME.rawValue, NFTA_MATCH_REV.rawValue, NFTA_MATCH_INFO.rawValue))
    case .targetExtension(let held):
      Parts(
        kind: target, name: held.name, revision: held.revision, structure: held.structure,
        types: (NFTA_TARGET_NAME.rawValue, NFTA_TARGET_REV.rawValue, NFTA_TARGET_INFO.rawValue))
    default: nil
    }
  }

  /// An extension on its way into a message: libnftnl checks neither lengths nor what is in them.
  struct Parts {
    let kind: String
    let name: String
    let revision: UInt32
    let structure: [UInt8]
    let types: (name: UInt32, revision: UInt32, structure: UInt32)

    /// Bytes of unbounded length.
    var count: Int { name.utf8.count + structure.count }

    func put(into message: borrowing MessageScratch) {
      message.put(NFTA_EXPR_NAME, kind)
      let nest = message.beginNest(NFTA_EXPR_DATA)
      message.put(AttributeType(rawValue: types.name), name)
      message.put(AttributeType(rawValue: types.revision), revision)
      message.put(AttributeType(rawValue: types.structure), structure)
      message.endNest(nest)
    }
  }

  private struct AttributeType: RawRepresentable {
    let rawValue: UInt32
  }
}
