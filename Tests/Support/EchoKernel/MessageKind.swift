/// Types of messages: netlink's own, those around a batch, and `NFT_MSG_*` of `NFNL_SUBSYS_NFTABLES`.
package enum MessageKind: UInt16, Sendable {
  case acknowledgement = 2
  case done = 3
  case batchBegin = 16
  case batchEnd = 17
  case newTable = 0xa00
  case getTable
  case deleteTable
  case newChain
  case getChain
  case deleteChain
  case newRule
  case getRule
  case deleteRule
  case newSet
  case getSet
  case deleteSet
  case newElements
  case getElements
  case deleteElements
  case newGeneration
  case getGeneration

  /// As the kernel's headers call it.
  package var name: String {
    switch self {
    case .acknowledgement: "NLMSG_ERROR"
    case .done: "NLMSG_DONE"
    case .batchBegin: "NFNL_MSG_BATCH_BEGIN"
    case .batchEnd: "NFNL_MSG_BATCH_END"
    case .newTable: "NFT_MSG_NEWTABLE"
    case .getTable: "NFT_MSG_GETTABLE"
    case .deleteTable: "NFT_MSG_DELTABLE"
    case .newChain: "NFT_MSG_NEWCHAIN"
    case .getChain: "NFT_MSG_GETCHAIN"
    case .deleteChain: "NFT_MSG_DELCHAIN"
    case .newRule: "NFT_MSG_NEWRULE"
    case .getRule: "NFT_MSG_GETRULE"
    case .deleteRule: "NFT_MSG_DELRULE"
    case .newSet: "NFT_MSG_NEWSET"
    case .getSet: "NFT_MSG_GETSET"
    case .deleteSet: "NFT_MSG_DELSET"
    case .newElements: "NFT_MSG_NEWSETELEM"
    case .getElements: "NFT_MSG_GETSETELEM"
    case .deleteElements: "NFT_MSG_DELSETELEM"
    case .newGeneration: "NFT_MSG_NEWGEN"
    case .getGeneration: "NFT_MSG_GETGEN"
    }
  }
}
