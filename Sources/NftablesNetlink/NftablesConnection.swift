internal import CMnl
internal import CNftnl
public import Netlink
internal import Nftables

/// Reads and changes the nftables ruleset of the network namespace it was opened in.
///
/// Synchronous, and for one thread.
public final class NftablesConnection {
  var channel: Channel

  /// Connects to the running kernel.
  ///
  /// - Throws: ``Netlink/NetlinkError``.
  public init() throws(NetlinkError) {
    channel = Channel(try KernelSocket())
  }

  /// Speaks over another transport, such as a played back kernel.
  public init(over transport: any Transport) {
    channel = Channel(transport)
  }

  /// The type of a message of nf_tables.
  static func type(_ kind: nf_tables_msg_types) -> UInt16 {
    UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(kind.rawValue)
  }
}

extension MessageWriter {
  /// The payload of a request: `struct nfgenmsg` and attributes.
  static func request(_ family: Family, _ attributes: (inout MessageWriter) -> Void = { _ in }) -> [UInt8] {
    var writer = MessageWriter()
    writer.append([family.rawValue, UInt8(NFNETLINK_V0), 0, 0])
    attributes(&writer)
    return writer.bytes
  }
}

extension Family {
  /// Stands for all families in a request that lists (`NFPROTO_UNSPEC`).
  static let any = Self(rawValue: 0)
}
