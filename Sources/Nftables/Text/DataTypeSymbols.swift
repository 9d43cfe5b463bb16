import Addressing

/// Words that nft(8) writes for numbers, by data type.
enum DataTypeSymbols {
  /// The words of a type in order of preference; `nil` for a type without words.
  static func table(_ type: DataType) -> [(name: String, value: UInt64)]? { tables[type] }

  static func name(_ type: DataType, _ value: UInt64) -> String? {
    if type == .inetProto { return value < 256 ? protocolNames[Int(value)] : nil }
    return tables[type]?.first { $0.value == value }?.name
  }

  static func value(_ type: DataType, _ name: String) -> UInt64? {
    if type == .inetProto {
      if let index = protocolNames.firstIndex(of: name) { return UInt64(index) }
      return IPProtocol(name: name).map { UInt64($0.rawValue) }
    }
    return tables[type]?.first { $0.name == name }?.value
  }

  private static let icmpUnreachable: [(name: String, value: UInt64)] = [
    ("net-unreachable", 0), ("host-unreachable", 1), ("prot-unreachable", 2), ("port-unreachable", 3),
    ("frag-needed", 4), ("net-prohibited", 9), ("host-prohibited", 10), ("admin-prohibited", 13),
  ]

  private static let tables: [DataType: [(name: String, value: UInt64)]] = [
    .nfProto: [("ipv4", 2), ("ipv6", 10)],
    .etherType: [
      ("ip", 0x0800), ("arp", 0x0806), ("8021q", 0x8100), ("vlan", 0x8100), ("ip6", 0x86dd),
      ("8021ad", 0x88a8),
    ],
    .arpOperation: [
      ("request", 1), ("reply", 2), ("rrequest", 3), ("rreply", 4), ("inrequest", 8), ("inreply", 9),
      ("nak", 10),
    ],
    .icmpType: ICMPType.ipv4.map { ($0.name, UInt64($0.value)) },
    .icmpv6Type: ICMPType.ipv6.map { ($0.name, UInt64($0.value)) }
      + [("mld-listener-reduction", 132)],
    .tcpFlag: [
      ("fin", 0x01), ("syn", 0x02), ("rst", 0x04), ("psh", 0x08), ("ack", 0x10), ("urg", 0x20),
      ("ecn", 0x40), ("cwr", 0x80),
    ],
    .dccpPacketType: [
      ("request", 0), ("response", 1), ("data", 2), ("ack", 3), ("dataack", 4), ("closereq", 5),
      ("close", 6), ("reset", 7), ("sync", 8), ("syncack", 9),
    ],
    .arpHardware: [
      ("ether", 1), ("ppp", 512), ("ipip", 768), ("ipip6", 769), ("loopback", 772), ("sit", 776),
      ("ipgre", 778),
    ],
    // Names of groups and realms are the machine's own (/etc/iproute2); these come with every one.
    .deviceGroup: [("default", 0)],
    .realm: [("cosmos", 0)],
    .ctState: [
      ("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64),
    ],
    .ctDirection: [("original", 0), ("reply", 1)],
    .ctStatus: [
      ("expected", 1), ("seen-reply", 2), ("assured", 4), ("confirmed", 8), ("snat", 16), ("dnat", 32),
      ("dying", 512),
    ],
    .ctEventBit: [
      ("new", 1), ("related", 2), ("destroy", 4), ("reply", 8), ("assured", 16), ("protoinfo", 32),
      ("helper", 64), ("mark", 128), ("seqadj", 256), ("secmark", 512), ("label", 1024),
    ],
    .packetType: [("host", 0), ("unicast", 0), ("broadcast", 1), ("multicast", 2), ("other", 3)],
    .icmpCode: icmpUnreachable,
    .icmpv6Code: [
      ("no-route", 0), ("admin-prohibited", 1), ("addr-unreachable", 3), ("port-unreachable", 4),
      ("policy-fail", 5), ("reject-route", 6),
    ],
    .icmpxCode: [
      ("no-route", 0), ("port-unreachable", 1), ("host-unreachable", 2), ("admin-prohibited", 3),
    ],
    .dscp: [
      ("cs0", 0x00), ("cs1", 0x08), ("cs2", 0x10), ("cs3", 0x18), ("cs4", 0x20), ("cs5", 0x28),
      ("cs6", 0x30), ("cs7", 0x38), ("df", 0x00), ("be", 0x00), ("lephb", 0x01), ("af11", 0x0a),
      ("af12", 0x0c), ("af13", 0x0e), ("af21", 0x12), ("af22", 0x14), ("af23", 0x16), ("af31", 0x1a),
      ("af32", 0x1c), ("af33", 0x1e), ("af41", 0x22), ("af42", 0x24), ("af43", 0x26), ("va", 0x2c),
      ("ef", 0x2e),
    ],
    .ecn: [("not-ect", 0), ("ect1", 1), ("ect0", 2), ("ce", 3)],
    .fibAddressType: [
      ("unspec", 0), ("unicast", 1), ("local", 2), ("broadcast", 3), ("anycast", 4), ("multicast", 5),
      ("blackhole", 6), ("unreachable", 7), ("prohibit", 8),
    ],
    .boolean: [("exists", 1), ("missing", 0)],
    .igmpType: [
      ("membership-query", 17), ("membership-report-v1", 18), ("membership-report-v2", 22),
      ("leave-group", 23), ("membership-report-v3", 34),
    ],
    .timeDay: [
      ("Sunday", 0), ("Monday", 1), ("Tuesday", 2), ("Wednesday", 3), ("Thursday", 4), ("Friday", 5),
      ("Saturday", 6),
    ],
  ]

  /// Names of /etc/protocols by number, which is what nft(8) asks; those of Debian's netbase 6.4.
  static let protocolNames: [String?] = {
    var names = [String?](repeating: nil, count: 256)
    for (number, name) in knownProtocols { names[number] = name }
    return names
  }()

  private static let knownProtocols: [(Int, String)] = [
    (0, "ip"), (1, "icmp"), (2, "igmp"), (3, "ggp"), (4, "ipencap"), (5, "st"), (6, "tcp"), (8, "egp"),
    (9, "igp"), (12, "pup"), (17, "udp"), (20, "hmp"), (22, "xns-idp"), (27, "rdp"), (29, "iso-tp4"),
    (33, "dccp"), (36, "xtp"), (37, "ddp"), (38, "idpr-cmtp"), (41, "ipv6"), (43, "ipv6-route"),
    (44, "ipv6-frag"), (45, "idrp"), (46, "rsvp"), (47, "gre"), (50, "esp"), (51, "ah"), (57, "skip"),
    (58, "ipv6-icmp"), (59, "ipv6-nonxt"), (60, "ipv6-opts"), (73, "rspf"), (81, "vmtp"), (88, "eigrp"),
    (89, "ospf"), (93, "ax.25"), (94, "ipip"), (97, "etherip"), (98, "encap"), (103, "pim"),
    (108, "ipcomp"), (112, "vrrp"), (115, "l2tp"), (124, "isis"), (132, "sctp"), (133, "fc"),
    (135, "mobility-header"), (136, "udplite"), (137, "mpls-in-ip"), (138, "manet"), (139, "hip"),
    (140, "shim6"), (141, "wesp"), (142, "rohc"), (143, "ethernet"),
  ]
}
