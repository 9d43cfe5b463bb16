internal import CNftnl
internal import Netlink
public import Nftables

/// A chain as the kernel tells it, without its rules.
///
///     NFTA_CHAIN_TABLE       string
///     NFTA_CHAIN_NAME        string
///     NFTA_CHAIN_HOOK        nested   base chains
///       NFTA_HOOK_HOOKNUM      u32
///       NFTA_HOOK_PRIORITY     u32, signed
///       NFTA_HOOK_DEV          string   one device
///       NFTA_HOOK_DEVS         nested, a list of NFTA_DEVICE_NAME
///     NFTA_CHAIN_POLICY      u32      base chains
///     NFTA_CHAIN_TYPE        string   base chains
///     NFTA_CHAIN_FLAGS       u32: NFT_CHAIN_BASE, NFT_CHAIN_HW_OFFLOAD, NFT_CHAIN_BINDING
///     NFTA_CHAIN_USERDATA    notes, see UserData
///     NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE, NFTA_CHAIN_COUNTERS, NFTA_CHAIN_ID   state
public struct ChainMessage: Hashable, Sendable {
  public let family: Family
  public let table: TableName
  /// Without rules.
  public let chain: Chain
  /// What ``chain`` cannot say of it, in nft's words; `nil` when it says everything.
  public let unmodelled: String?

  /// Reads one `NFT_MSG_NEWCHAIN` message, header included.
  ///
  /// - Throws: ``MessageError``.
  public init(decoding bytes: [UInt8]) throws(MessageError) {
    try self.init(ObjectMessage.only(NFT_MSG_NEWCHAIN, in: bytes), in: bytes)
  }

  init(_ message: ObjectMessage, in bytes: [UInt8]) throws(MessageError) {
    var fields = try message.fields(bytes)
    family = message.family
    table = try fields.name(NFTA_CHAIN_TABLE)
    let name: ChainName = try fields.name(NFTA_CHAIN_NAME)
    var base: BaseChain?
    if var hook = fields.nest(NFTA_CHAIN_HOOK) {
      guard let number = hook.u32(NFTA_HOOK_HOOKNUM) else { throw .missing(NFTA_HOOK_HOOKNUM.rawValue) }
      guard let priority = hook.u32(NFTA_HOOK_PRIORITY) else {
        throw .missing(NFTA_HOOK_PRIORITY.rawValue)
      }
      base = BaseChain(
        type: fields.text(NFTA_CHAIN_TYPE) ?? "filter", hook: Hook(rawValue: number),
        priority: ChainPriority(rawValue: Int32(bitPattern: priority)),
        policy: fields.u32(NFTA_CHAIN_POLICY).flatMap(ChainPolicy.init),
        devices: Self.devices(&hook, bytes))
    }
    let notes = fields.take(NFTA_CHAIN_USERDATA).map { bytes[$0] } ?? []
    chain = Chain(
      name: name, base: base, comment: UserData.text(NFTNL_UDATA_CHAIN_COMMENT.rawValue, in: notes),
      rules: [])
    let flags = (fields.u32(NFTA_CHAIN_FLAGS) ?? 0) & ~NFT_CHAIN_BASE.rawValue
    unmodelled =
      switch flags {
      case 0: nil
      case NFT_CHAIN_HW_OFFLOAD.rawValue: "offloaded chain"
      case NFT_CHAIN_BINDING.rawValue: "anonymous chain"
      default: "chain with flags \(flags)"
      }
  }

  private static func devices(_ hook: inout Attributes, _ bytes: [UInt8]) -> [String] {
    if let list = hook.take(NFTA_HOOK_DEVS) {
      var cursor = AttributeCursor(list)
      var names: [String] = []
      while let device = cursor.next(in: bytes.span) {
        names.append(String(decoding: bytes[device.payload].prefix { $0 != 0 }, as: UTF8.self))
      }
      return names.sorted()
    }
    return hook.text(NFTA_HOOK_DEV).map { [$0] } ?? []
  }
}
