internal import Addressing
internal import CMnl
internal import Netlink
internal import Sessions

extension Session {
  /// How long the kernel waits for a packet of an established session (`tcp_timeouts`, nf_conntrack_proto_tcp.c), in
  /// seconds: five days. The first packet puts the host's own setting in its place.
  private static let patience: UInt32 = 432_000

  /// Appends the payload of `IPCTNL_MSG_CT_NEW` (linux/netfilter/nfnetlink_conntrack.h).
  ///
  ///     CTA_TUPLE_ORIG    nested                  from the client
  ///       CTA_TUPLE_IP      nested: CTA_IP_V4_SRC, CTA_IP_V4_DST or CTA_IP_V6_SRC, CTA_IP_V6_DST
  ///       CTA_TUPLE_PROTO   nested: CTA_PROTO_NUM u8, CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT u16
  ///     CTA_TUPLE_REPLY   the same, from the server
  ///     CTA_STATUS        u32: IPS_*
  ///     CTA_TIMEOUT       u32, seconds
  ///     CTA_PROTOINFO     nested
  ///       CTA_PROTOINFO_TCP   nested
  ///         CTA_PROTOINFO_TCP_STATE            u8
  ///         CTA_PROTOINFO_TCP_FLAGS_ORIGINAL   struct nf_ct_tcp_flags
  ///         CTA_PROTOINFO_TCP_FLAGS_REPLY      struct nf_ct_tcp_flags
  ///
  /// The scales of its windows are not known, so that packets beyond them must not count as invalid: the kernel is as liberal
  /// with connections that it comes upon half-way (`tcp_new`).
  func put(into writer: inout MessageWriter) {
    let isIPv4 = client.address.family == .ipv4
    writer.append([UInt8(isIPv4 ? AF_INET : AF_INET6), UInt8(NFNETLINK_V0), 0, 0])
    put(CTA_TUPLE_ORIG, from: client, to: server, into: &writer)
    put(CTA_TUPLE_REPLY, from: server, to: client, into: &writer)
    writer.put(CTA_STATUS, (IPS_CONFIRMED.rawValue | IPS_SEEN_REPLY.rawValue | IPS_ASSURED.rawValue))
    writer.put(CTA_TIMEOUT, Self.patience)
    let information = writer.beginNest(CTA_PROTOINFO)
    let tcp = writer.beginNest(CTA_PROTOINFO_TCP)
    writer.put(CTA_PROTOINFO_TCP_STATE, [UInt8(TCP_CONNTRACK_ESTABLISHED.rawValue)])
    let liberal = UInt8(IP_CT_TCP_FLAG_BE_LIBERAL)
    writer.put(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, [liberal, liberal])
    writer.put(CTA_PROTOINFO_TCP_FLAGS_REPLY, [liberal, liberal])
    writer.endNest(tcp)
    writer.endNest(information)
  }

  private func put(
    _ attribute: ctattr_type, from source: SessionEnd, to destination: SessionEnd,
    into writer: inout MessageWriter
  ) {
    let isIPv4 = source.address.family == .ipv4
    let tuple = writer.beginNest(attribute)
    let addresses = writer.beginNest(CTA_TUPLE_IP)
    writer.put(isIPv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, source.address.networkBytes)
    writer.put(isIPv4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, destination.address.networkBytes)
    writer.endNest(addresses)
    let ports = writer.beginNest(CTA_TUPLE_PROTO)
    writer.put(CTA_PROTO_NUM, [IPProtocol.tcp.rawValue])
    writer.put(CTA_PROTO_SRC_PORT, bytes(source.port))
    writer.put(CTA_PROTO_DST_PORT, bytes(destination.port))
    writer.endNest(ports)
    writer.endNest(tuple)
  }

  private func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff)] }
}
