internal import Addressing
internal import CXtables

/// Reads the structure of a match by its name and revision (net/netfilter/xt_*.c, net/ipv4/netfilter,
/// net/ipv6/netfilter).
struct MatchReading {
  let revision: UInt32
  let structure: [UInt8]
  let family: Family

  /// `nil` for a match, a revision or a size that is not known.
  func conditions(of name: String) -> [MatchCondition]? {
    // A comment says nothing of the packet, whatever its structure.
    if name == "comment" { return [MatchCondition(.comment(text))] }
    switch (name, revision) {
    case ("conntrack", 1), ("conntrack", 2), ("conntrack", 3): return connection()
    case ("state", 0): return state()
    case ("tcp", 0): return tcp()
    case ("udp", 0): return udp()
    case ("sctp", 0): return sctp()
    case ("multiport", 0): return multiport()
    case ("multiport", 1): return multiportOrNot()
    case ("addrtype", 0): return addressTypeOfIPv4()
    case ("addrtype", 1): return addressType()
    case ("icmp", 0) where family == .ipv4: return icmp()
    case ("icmp6", 0) where family == .ipv6: return icmp6()
    case ("iprange", 1): return addressRange()
    case ("mark", 1): return mark(xt_mark_mtinfo1.self, \.mark, \.mask, \.invert, ofConnection: false)
    case ("connmark", 1): return mark(xt_connmark_mtinfo1.self, \.mark, \.mask, \.invert, ofConnection: true)
    case ("length", 0): return length()
    case ("ttl", 0) where family == .ipv4: return hopLimit(ipt_ttl_info.self, \.mode, \.ttl)
    case ("hl", 0) where family == .ipv6: return hopLimit(ip6t_hl_info.self, \.mode, \.hop_limit)
    case ("dscp", 0): return dscp()
    case ("pkttype", 0): return packetType()
    case ("owner", 1): return owner()
    default: return nil
    }
  }

  private var text: String {
    String(decoding: structure.prefix { $0 != 0 }, as: UTF8.self)
  }

  private var addressFamily: AddressFamily? {
    switch family {
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    default: nil
    }
  }

  // MARK: Connections

  /// `xt_conntrack_mtinfo1` to `3`: the first fields are the same; 2 widened the masks, 3 made ports ranges in the
  /// host's order.
  private func connection() -> [MatchCondition]? {
    switch revision {
    case 1:
      guard let info = Structure(xt_conntrack_mtinfo1.self, structure) else { return nil }
      return connection(
        ConnectionFields(
          flags: info.number(\.match_flags), inverted: info.number(\.invert_flags),
          states: UInt16(info.number(\.state_mask)), status: UInt16(info.number(\.status_mask)),
          ports: [
            info.number(\.origsrc_port), info.number(\.origdst_port), info.number(\.replsrc_port),
            info.number(\.repldst_port),
          ].map { [$0.bigEndian, $0.bigEndian] }))
    case 2:
      guard let info = Structure(xt_conntrack_mtinfo2.self, structure) else { return nil }
      return connection(
        ConnectionFields(
          flags: info.number(\.match_flags), inverted: info.number(\.invert_flags),
          states: info.number(\.state_mask), status: info.number(\.status_mask),
          ports: [
            info.number(\.origsrc_port), info.number(\.origdst_port), info.number(\.replsrc_port),
            info.number(\.repldst_port),
          ].map { [$0.bigEndian, $0.bigEndian] }))
    default:
      guard let info = Structure(xt_conntrack_mtinfo3.self, structure) else { return nil }
      return connection(
        ConnectionFields(
          flags: info.number(\.match_flags), inverted: info.number(\.invert_flags),
          states: info.number(\.state_mask), status: info.number(\.status_mask),
          ports: [
            [info.number(\.origsrc_port), info.number(\.origsrc_port_high)],
            [info.number(\.origdst_port), info.number(\.origdst_port_high)],
            [info.number(\.replsrc_port), info.number(\.replsrc_port_high)],
            [info.number(\.repldst_port), info.number(\.repldst_port_high)],
          ]))
    }
  }

  private struct ConnectionFields {
    let flags: UInt16
    let inverted: UInt16
    let states: UInt16
    let status: UInt16
    /// First and last of original source and destination, then of the reply's, in the host's order.
    let ports: [[UInt16]]
  }

  private func connection(_ fields: ConnectionFields) -> [MatchCondition]? {
    // What stands in front is the same in all revisions.
    guard let address = addressFamily,
      let info = Structure(
        xt_conntrack_mtinfo1.self, Array(structure.prefix(MemoryLayout<xt_conntrack_mtinfo1>.size)))
    else { return nil }
    var conditions: [MatchCondition] = []
    func add(_ flag: Int, _ option: MatchOption?) -> Bool {
      guard fields.flags & UInt16(flag) != 0 else { return true }
      guard let option else { return false }
      conditions.append(MatchCondition(option, isInverted: fields.inverted & UInt16(flag) != 0))
      return true
    }
    func ends(_ index: Int) -> MatchOption? {
      ClosedRange(fields.ports[index][0], fields.ports[index][1]).map {
        .connectionPort(index < 2 ? .original : .reply, index % 2 == 0 ? .source : .destination, $0)
      }
    }
    func masked(_ direction: ConntrackDirection, _ end: MatchEnd, _ value: [UInt8], _ mask: [UInt8])
      -> MatchOption
    {
      .connectionAddress(
        direction, end, Array(value.prefix(address.byteCount)), mask: Array(mask.prefix(address.byteCount)))
    }
    let direction: ConntrackDirection =
      fields.inverted & UInt16(XT_CONNTRACK_DIRECTION) == 0 ? .original : .reply
    let known =
      XT_CONNTRACK_STATE | XT_CONNTRACK_PROTO | XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_ORIGDST
      | XT_CONNTRACK_REPLSRC | XT_CONNTRACK_REPLDST | XT_CONNTRACK_STATUS | XT_CONNTRACK_EXPIRES
      | XT_CONNTRACK_ORIGSRC_PORT | XT_CONNTRACK_ORIGDST_PORT | XT_CONNTRACK_REPLSRC_PORT
      | XT_CONNTRACK_REPLDST_PORT | XT_CONNTRACK_DIRECTION | XT_CONNTRACK_STATE_ALIAS
    guard fields.flags & ~UInt16(known) == 0,
      add(XT_CONNTRACK_STATE, Self.states(fields.states)),
      add(
        XT_CONNTRACK_PROTO,
        .connectionProtocol(IPProtocol(rawValue: UInt8(truncatingIfNeeded: info.number(\.l4proto))))),
      add(
        XT_CONNTRACK_ORIGSRC,
        masked(.original, .source, info.bytes(\.origsrc_addr), info.bytes(\.origsrc_mask))),
      add(
        XT_CONNTRACK_ORIGDST,
        masked(.original, .destination, info.bytes(\.origdst_addr), info.bytes(\.origdst_mask))),
      add(
        XT_CONNTRACK_REPLSRC, masked(.reply, .source, info.bytes(\.replsrc_addr), info.bytes(\.replsrc_mask))),
      add(
        XT_CONNTRACK_REPLDST,
        masked(.reply, .destination, info.bytes(\.repldst_addr), info.bytes(\.repldst_mask))),
      add(XT_CONNTRACK_ORIGSRC_PORT, ends(0)), add(XT_CONNTRACK_ORIGDST_PORT, ends(1)),
      add(XT_CONNTRACK_REPLSRC_PORT, ends(2)), add(XT_CONNTRACK_REPLDST_PORT, ends(3)),
      add(XT_CONNTRACK_STATUS, .connectionStatus(UInt32(fields.status))),
      add(
        XT_CONNTRACK_EXPIRES,
        ClosedRange(info.number(\.expires_min), info.number(\.expires_max)).map { .connectionExpiry($0) })
    else { return nil }
    // The flag alone asks for the original direction, inverted for the other.
    if fields.flags & UInt16(XT_CONNTRACK_DIRECTION) != 0 {
      conditions.append(MatchCondition(.connectionDirection(direction)))
    }
    return conditions
  }

  /// `nil` for a state that is not known.
  private static func states(_ mask: UInt16) -> MatchOption? {
    let own = ConntrackState([.invalid, .established, .related, .new])
    var states = ConntrackState(rawValue: UInt32(mask)).intersection(own)
    if mask & UInt16(SEKISHO_XT_CONNTRACK_STATE_UNTRACKED) != 0 { states.insert(.untracked) }
    var translated: UInt32 = 0
    if mask & UInt16(SEKISHO_XT_CONNTRACK_STATE_SNAT) != 0 { translated |= IPS_SRC_NAT.rawValue }
    if mask & UInt16(SEKISHO_XT_CONNTRACK_STATE_DNAT) != 0 { translated |= IPS_DST_NAT.rawValue }
    let known =
      own.rawValue
      | UInt32(
        SEKISHO_XT_CONNTRACK_STATE_UNTRACKED | SEKISHO_XT_CONNTRACK_STATE_SNAT
          | SEKISHO_XT_CONNTRACK_STATE_DNAT)
    return UInt32(mask) & ~known == 0 ? .connectionState(states, translated: translated) : nil
  }

  private func state() -> [MatchCondition]? {
    guard let info = Structure(xt_state_info.self, structure) else { return nil }
    let mask: UInt32 = info.number(\.statemask)
    let own = ConntrackState([.invalid, .established, .related, .new])
    guard mask & ~(own.rawValue | UInt32(SEKISHO_XT_STATE_UNTRACKED)) == 0 else { return nil }
    var states = ConntrackState(rawValue: mask).intersection(own)
    if mask & UInt32(SEKISHO_XT_STATE_UNTRACKED) != 0 { states.insert(.untracked) }
    return [MatchCondition(.connectionState(states, translated: 0))]
  }

  // MARK: Ports

  private func tcp() -> [MatchCondition]? {
    guard let info = Structure(xt_tcp.self, structure), let sources = info.range(\.spts),
      let destinations = info.range(\.dpts)
    else { return nil }
    let inverted: UInt8 = info.number(\.invflags)
    guard inverted & ~UInt8(XT_TCP_INV_MASK) == 0 else { return nil }
    var conditions = Self.ports(
      sources, destinations, inverted, UInt8(XT_TCP_INV_SRCPT), UInt8(XT_TCP_INV_DSTPT))
    let mask = TCPFlags(rawValue: info.number(\.flg_mask))
    let flags = TCPFlags(rawValue: info.number(\.flg_cmp))
    if mask != [] || flags != [] || inverted & UInt8(XT_TCP_INV_FLAGS) != 0 {
      conditions.append(
        MatchCondition(
          .tcpFlags(flags, mask: mask), isInverted: inverted & UInt8(XT_TCP_INV_FLAGS) != 0))
    }
    let option: UInt8 = info.number(\.option)
    if option != 0 {
      conditions.append(
        MatchCondition(.tcpOption(option), isInverted: inverted & UInt8(XT_TCP_INV_OPTION) != 0))
    }
    return conditions
  }

  private func udp() -> [MatchCondition]? {
    guard let info = Structure(xt_udp.self, structure), let sources = info.range(\.spts),
      let destinations = info.range(\.dpts)
    else { return nil }
    let inverted: UInt8 = info.number(\.invflags)
    guard inverted & ~UInt8(XT_UDP_INV_MASK) == 0 else { return nil }
    return Self.ports(sources, destinations, inverted, UInt8(XT_UDP_INV_SRCPT), UInt8(XT_UDP_INV_DSTPT))
  }

  private func sctp() -> [MatchCondition]? {
    guard let info = Structure(xt_sctp_info.self, structure) else { return nil }
    let flags: UInt32 = info.number(\.flags)
    let inverted: UInt32 = info.number(\.invflags)
    // Which chunks a packet has is not looked at.
    guard flags & ~UInt32(XT_SCTP_SRC_PORTS | XT_SCTP_DEST_PORTS) == 0 else { return nil }
    var conditions: [MatchCondition] = []
    for (flag, end, range) in [
      (UInt32(XT_SCTP_SRC_PORTS), MatchEnd.source, info.range(\.spts)),
      (UInt32(XT_SCTP_DEST_PORTS), .destination, info.range(\.dpts)),
    ] where flags & flag != 0 {
      guard let range else { return nil }
      conditions.append(MatchCondition(.ports(end, [range]), isInverted: inverted & flag != 0))
    }
    return conditions
  }

  /// Every port, not inverted, is what stands there when nothing was asked.
  private static func ports(
    _ sources: ClosedRange<UInt16>, _ destinations: ClosedRange<UInt16>, _ inverted: UInt8,
    _ sourceFlag: UInt8, _ destinationFlag: UInt8
  ) -> [MatchCondition] {
    [(MatchEnd.source, sources, sourceFlag), (.destination, destinations, destinationFlag)]
      .filter { $0.1 != 0...UInt16.max || inverted & $0.2 != 0 }
      .map { MatchCondition(.ports($0.0, [$0.1]), isInverted: inverted & $0.2 != 0) }
  }

  private static func end(_ flags: UInt8) -> MatchEnd? {
    switch UInt32(flags) {
    case XT_MULTIPORT_SOURCE.rawValue: .source
    case XT_MULTIPORT_DESTINATION.rawValue: .destination
    case XT_MULTIPORT_EITHER.rawValue: .either
    default: nil
    }
  }

  private func multiport() -> [MatchCondition]? {
    guard let info = Structure(xt_multiport.self, structure), let end = Self.end(info.number(\.flags)) else {
      return nil
    }
    let count: UInt8 = info.number(\.count)
    guard count <= XT_MULTI_PORTS else { return nil }
    return [MatchCondition(.ports(end, info.numbers(\.ports).prefix(Int(count)).map { $0...$0 }))]
  }

  private func multiportOrNot() -> [MatchCondition]? {
    guard let info = Structure(xt_multiport_v1.self, structure), let end = Self.end(info.number(\.flags))
    else {
      return nil
    }
    let count = Int(info.number(\.count) as UInt8)
    guard count <= Int(XT_MULTI_PORTS) else { return nil }
    let ports = info.numbers(\.ports)
    // A port with a flag begins a range that the next one ends.
    let begins = info.bytes(\.pflags)
    var ranges: [ClosedRange<UInt16>] = []
    var index = 0
    while index < count {
      let isRange = begins[index] != 0
      guard index + (isRange ? 1 : 0) < count else { return nil }
      // Backwards, it holds nothing.
      if let range = ClosedRange(ports[index], ports[isRange ? index + 1 : index]) { ranges.append(range) }
      index += isRange ? 2 : 1
    }
    return [MatchCondition(.ports(end, ranges), isInverted: info.number(\.invert) as UInt8 != 0)]
  }

  // MARK: Addresses

  private func addressTypeOfIPv4() -> [MatchCondition]? {
    guard family == .ipv4, let info = Structure(xt_addrtype_info.self, structure) else { return nil }
    return addressTypes(
      info.number(\.source), info.number(\.dest), info.number(\.invert_source) as UInt32 != 0,
      info.number(\.invert_dest) as UInt32 != 0, [])
  }

  private func addressType() -> [MatchCondition]? {
    guard family == .ipv4 || family == .ipv6, let info = Structure(xt_addrtype_info_v1.self, structure) else {
      return nil
    }
    let flags = Int(info.number(\.flags) as UInt32)
    let known =
      XT_ADDRTYPE_INVERT_SOURCE | XT_ADDRTYPE_INVERT_DEST | XT_ADDRTYPE_LIMIT_IFACE_IN
      | XT_ADDRTYPE_LIMIT_IFACE_OUT
    guard flags & ~known == 0 else { return nil }
    var limits: FibFlags = []
    if flags & XT_ADDRTYPE_LIMIT_IFACE_IN != 0 { limits.insert(.inputInterface) }
    if flags & XT_ADDRTYPE_LIMIT_IFACE_OUT != 0 { limits.insert(.outputInterface) }
    return addressTypes(
      info.number(\.source), info.number(\.dest), flags & XT_ADDRTYPE_INVERT_SOURCE != 0,
      flags & XT_ADDRTYPE_INVERT_DEST != 0, limits)
  }

  private func addressTypes(
    _ sources: UInt16, _ destinations: UInt16, _ invertsSource: Bool, _ invertsDestination: Bool,
    _ limits: FibFlags
  ) -> [MatchCondition]? {
    [(MatchEnd.source, sources, invertsSource), (.destination, destinations, invertsDestination)]
      .filter { $0.1 != 0 }
      .map { end, mask, isInverted in
        MatchCondition(
          .addressType(end, (0..<16).filter { mask & 1 << UInt16($0) != 0 }, limits), isInverted: isInverted)
      }
  }

  private func addressRange() -> [MatchCondition]? {
    guard let info = Structure(xt_iprange_mtinfo.self, structure), let family = addressFamily else {
      return nil
    }
    func range(_ first: [UInt8], _ last: [UInt8]) -> ClosedRange<Address>? {
      guard let first = Address(networkBytes: first.prefix(family.byteCount)),
        let last = Address(networkBytes: last.prefix(family.byteCount))
      else { return nil }
      return ClosedRange(first, last)
    }
    let flags = Int(info.number(\.flags) as UInt8)
    var conditions: [MatchCondition] = []
    for (flag, inversion, end, range) in [
      (IPRANGE_SRC, IPRANGE_SRC_INV, MatchEnd.source, range(info.bytes(\.src_min), info.bytes(\.src_max))),
      (IPRANGE_DST, IPRANGE_DST_INV, .destination, range(info.bytes(\.dst_min), info.bytes(\.dst_max))),
    ] where flags & flag != 0 {
      guard let range else { return nil }
      conditions.append(MatchCondition(.addresses(end, range), isInverted: flags & inversion != 0))
    }
    return conditions
  }

  // MARK: The rest

  private func icmp() -> [MatchCondition]? {
    guard let info = Structure(ipt_icmp.self, structure) else { return nil }
    let inverted: UInt8 = info.number(\.invflags)
    let codes = info.bytes(\.code)
    guard inverted & ~UInt8(IPT_ICMP_INV) == 0, codes.count == 2, let range = ClosedRange(codes[0], codes[1])
    else { return nil }
    let type: UInt8 = info.number(\.type)
    // 255 stands for every type (`icmp_type_code_match`).
    return [
      MatchCondition(.icmpType(type == 0xff ? nil : type, codes: range), isInverted: inverted != 0)
    ]
  }

  private func icmp6() -> [MatchCondition]? {
    guard let info = Structure(ip6t_icmp.self, structure) else { return nil }
    let inverted: UInt8 = info.number(\.invflags)
    let codes = info.bytes(\.code)
    guard inverted & ~UInt8(IP6T_ICMP_INV) == 0, codes.count == 2, let range = ClosedRange(codes[0], codes[1])
    else { return nil }
    return [MatchCondition(.icmpType(info.number(\.type), codes: range), isInverted: inverted != 0)]
  }

  private func mark<Layout>(
    _ layout: Layout.Type, _ mark: KeyPath<Layout, UInt32>, _ mask: KeyPath<Layout, UInt32>,
    _ invert: KeyPath<Layout, UInt8>, ofConnection: Bool
  ) -> [MatchCondition]? {
    guard let info = Structure(layout, structure) else { return nil }
    return [
      MatchCondition(
        .mark(info.number(mark), mask: info.number(mask), ofConnection: ofConnection),
        isInverted: info.number(invert) != 0)
    ]
  }

  private func length() -> [MatchCondition]? {
    guard let info = Structure(xt_length_info.self, structure),
      let range = ClosedRange(info.number(\.min) as UInt16, info.number(\.max))
    else { return nil }
    return [MatchCondition(.length(range), isInverted: info.number(\.invert) as UInt8 != 0)]
  }

  private func hopLimit<Layout>(
    _ layout: Layout.Type, _ mode: KeyPath<Layout, UInt8>, _ limit: KeyPath<Layout, UInt8>
  ) -> [MatchCondition]? {
    guard let info = Structure(layout, structure) else { return nil }
    let sign: ComparisonOperator
    // The modes of both families have the same numbers.
    switch Int(info.number(mode)) {
    case IPT_TTL_EQ: sign = .equal
    case IPT_TTL_NE: sign = .notEqual
    case IPT_TTL_LT: sign = .less
    case IPT_TTL_GT: sign = .greater
    default: return nil
    }
    return [MatchCondition(.hopLimit(sign, info.number(limit)))]
  }

  private func dscp() -> [MatchCondition]? {
    guard let info = Structure(xt_dscp_info.self, structure) else { return nil }
    let value: UInt8 = info.number(\.dscp)
    guard value <= XT_DSCP_MAX else { return nil }
    return [MatchCondition(.dscp(value), isInverted: info.number(\.invert) as UInt8 != 0)]
  }

  private func packetType() -> [MatchCondition]? {
    guard let info = Structure(xt_pkttype_info.self, structure) else { return nil }
    let type: Int32 = info.number(\.pkttype)
    guard let type = UInt32(exactly: type) else { return nil }
    return [MatchCondition(.packetType(type), isInverted: info.number(\.invert) as Int32 != 0)]
  }

  private func owner() -> [MatchCondition]? {
    guard let info = Structure(xt_owner_match_info.self, structure) else { return nil }
    let flags = Int(info.number(\.match) as UInt8)
    let inverted = Int(info.number(\.invert) as UInt8)
    // Whether there is a socket, and its other groups, are not modelled.
    guard flags & ~(XT_OWNER_UID | XT_OWNER_GID) == 0,
      let users = ClosedRange(info.number(\.uid_min) as UInt32, info.number(\.uid_max)),
      let groups = ClosedRange(info.number(\.gid_min) as UInt32, info.number(\.gid_max))
    else { return nil }
    return [(XT_OWNER_UID, users, false), (XT_OWNER_GID, groups, true)]
      .filter { flags & $0.0 != 0 }
      .map { MatchCondition(.owner($0.1, isGroup: $0.2), isInverted: inverted & $0.0 != 0) }
  }
}
