internal import Addressing
internal import CMnl
internal import Netlink
internal import Sessions

extension TrackedSession {
  /// Reads the payload of an entry as a dump has it, behind its `struct nfgenmsg`.
  ///
  ///     CTA_TUPLE_ORIG, CTA_TUPLE_REPLY   nested, see ``Sessions/Session/put(into:)``
  ///       CTA_TUPLE_PROTO                   ports, or CTA_PROTO_ICMP_TYPE and CTA_PROTO_ICMP_CODE u8 (…_ICMPV6_…)
  ///     CTA_STATUS                        u32: IPS_*
  ///     CTA_ID                            u32
  ///     CTA_ZONE                          u16, where it is in one
  ///     CTA_PROTOINFO                     nested, TCP: CTA_PROTOINFO_TCP_STATE u8, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL
  ///
  /// `nil` where an entry is not whole.
  init?(_ message: Message, in bytes: [UInt8]) {
    guard message.type == UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_NEW.rawValue),
      message.payload.count >= 4,
      var fields = Attributes(bytes, message.payload.dropFirst(4)),
      let tuple = fields.take(CTA_TUPLE_ORIG), let original = Tuple(bytes, tuple),
      let back = fields.take(CTA_TUPLE_REPLY), let reply = Tuple(bytes, back),
      let status = fields.u32(CTA_STATUS), let id = fields.u32(CTA_ID)
    else { return nil }
    let zone = fields.take(CTA_ZONE, size: 2)
    // `tcp_new` of nf_conntrack_proto_tcp.c marks so what it comes upon without a SYN; its windows are not known.
    var protocolFields = fields.nest(CTA_PROTOINFO)
    var tcp = protocolFields?.nest(CTA_PROTOINFO_TCP)
    let state = tcp?.u8(CTA_PROTOINFO_TCP_STATE).map { UInt32($0) }
    let flags = tcp?.take(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, size: 2).map { bytes[$0.lowerBound] } ?? 0
    self.init(
      original: original, reply: reply, status: status,
      isPickedUp: flags & UInt8(IP_CT_TCP_FLAG_BE_LIBERAL) != 0,
      isOver: state == TCP_CONNTRACK_TIME_WAIT.rawValue || state == TCP_CONNTRACK_CLOSE.rawValue,
      name: Name(
        tuple: Array(bytes[tuple]), id: id, zone: zone.map { Array(bytes[$0]) } ?? []))
  }

  /// Appends the payload of `IPCTNL_MSG_CT_DELETE`: what names one entry, whole.
  ///
  /// A request without a tuple, or with an attribute that the kernel does not know, takes away everything
  /// (`ctnetlink_del_conntrack`); the number keeps it from one that has come in the place of the entry.
  func putName(into writer: inout MessageWriter) {
    let isIPv4 = original.source.family == .ipv4
    writer.append([UInt8(isIPv4 ? AF_INET : AF_INET6), UInt8(NFNETLINK_V0), 0, 0])
    func put(_ type: ctattr_type, _ bytes: [UInt8], _ flag: Int32 = 0) {
      writer.put(UInt16(type.rawValue) | UInt16(flag), bytes, bytes.indices)
    }
    put(CTA_TUPLE_ORIG, name.tuple, NLA_F_NESTED)
    writer.put(CTA_ID, name.id)
    if !name.zone.isEmpty { put(CTA_ZONE, name.zone) }
  }
}

extension TrackedSession.Tuple {
  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    guard var tuple = Attributes(bytes, range), var ip = tuple.nest(CTA_TUPLE_IP),
      var proto = tuple.nest(CTA_TUPLE_PROTO), let number = proto.u8(CTA_PROTO_NUM)
    else { return nil }
    let ends =
      if let source = ip.take(CTA_IP_V4_SRC, size: 4), let destination = ip.take(CTA_IP_V4_DST, size: 4) {
        (source, destination)
      } else if let source = ip.take(CTA_IP_V6_SRC, size: 16),
        let destination = ip.take(CTA_IP_V6_DST, size: 16)
      {
        (source, destination)
      } else { Optional<(Range<Int>, Range<Int>)>.none }
    guard let ends, let source = Address(networkBytes: bytes[ends.0]),
      let destination = Address(networkBytes: bytes[ends.1])
    else { return nil }
    let type = proto.u8(CTA_PROTO_ICMP_TYPE) ?? proto.u8(CTA_PROTO_ICMPV6_TYPE) ?? 0
    let code = proto.u8(CTA_PROTO_ICMP_CODE) ?? proto.u8(CTA_PROTO_ICMPV6_CODE) ?? 0
    self.init(
      from: source, to: destination, IPProtocol(rawValue: number),
      sourcePort: proto.u16(CTA_PROTO_SRC_PORT) ?? 0, destinationPort: proto.u16(CTA_PROTO_DST_PORT) ?? 0,
      messageType: type, messageCode: code)
  }
}
