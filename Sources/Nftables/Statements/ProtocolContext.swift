/// What is known of a packet's headers at a place in a rule: from the table's family, and from the
/// matches so far. nft(8) adds a match for what a header field needs and nothing has said yet.
struct ProtocolContext: Hashable, Sendable {
  let family: Family
  var link: Header?
  var network: Header?
  /// The transport protocol's number.
  var transport: UInt8?
  /// The type of ICMP or ICMPv6 message; several when a set was matched.
  var icmpTypes: [UInt8]?

  init(family: Family) {
    self.family = family
    switch family {
    case .ipv4: network = .ip
    case .ipv6: network = .ip6
    case .arp: network = .arp
    case .bridge, .netdev: link = .ether
    default: break
    }
  }

  /// Takes in that an operand equals a value.
  mutating func learn(_ operand: Operand, equals value: [UInt8]) {
    switch operand {
    case .meta(.nfProto):
      guard family == .inet else { return }
      switch value {
      case [Family.ipv4.rawValue]: network = .ip
      case [Family.ipv6.rawValue]: network = .ip6
      default: break
      }
    case .meta(.l4Proto): if let number = value.first { transport = number }
    case .meta(.inputInterfaceType): if value == hostBytes(UInt16(1)) { link = .ether }
    case .meta(.etherProtocol):
      if family == .bridge || family == .netdev { network = Self.network(etherType: value) ?? network }
    case .field(let field):
      switch (field.header, field.name) {
      case (.ip, "protocol"), (.ip6, "nexthdr"): if let number = value.first { transport = number }
      case (.ether, "type"), (.vlan, "type"):
        if value == [0x81, 0x00] {
          link = .vlan
        } else {
          network = Self.network(etherType: value) ?? network
        }
      case (.icmp, "type"), (.icmpv6, "type"): icmpTypes = value
      default: break
      }
    default: break
    }
  }

  private static func network(etherType: [UInt8]) -> Header? {
    switch etherType {
    case [0x08, 0x00]: .ip
    case [0x86, 0xdd]: .ip6
    case [0x08, 0x06]: .arp
    default: nil
    }
  }
}

extension Header {
  /// The transport protocol's number; `nil` for headers of other layers and for `th`.
  var transportProtocol: UInt8? {
    switch self {
    case .icmp: 1
    case .igmp: 2
    case .tcp: 6
    case .udp: 17
    case .dccp: 33
    case .esp: 50
    case .ah: 51
    case .icmpv6: 58
    case .comp: 108
    case .sctp: 132
    case .udplite: 136
    default: nil
    }
  }

  init?(transportProtocol number: UInt8) {
    guard let header = Self.allCases.first(where: { $0.transportProtocol == number }) else { return nil }
    self = header
  }
}

extension HeaderField {
  /// Types of ICMP messages that have the field; `nil` when all have it.
  var icmpTypes: [UInt8]? {
    switch (header, name) {
    case (.icmp, "id"), (.icmp, "sequence"): [0, 8]
    case (.icmp, "gateway"): [5]
    case (.icmp, "mtu"): [3]
    case (.icmpv6, "id"), (.icmpv6, "sequence"): [128, 129]
    case (.icmpv6, "mtu"): [2]
    case (.icmpv6, "max-delay"): [130]
    case (.icmpv6, "parameter-problem"): [4]
    default: nil
    }
  }

  static let etherType = Self(.ether, "type", 96, 16, .etherType)
}

extension ProtocolContext {
  /// The field that begins in a byte of a header, as far as the header is known.
  func field(_ base: PayloadBase, byte: Int, where matches: (HeaderField) -> Bool) -> HeaderField? {
    var headers: [Header] = []
    switch base {
    case .link: headers = link == .vlan ? [.vlan, .ether] : link.map { [$0] } ?? []
    case .network: headers = network.map { [$0] } ?? []
    case .transport: headers = transport.flatMap { Header(transportProtocol: $0) }.map { [$0] } ?? [.th]
    case .inner: return nil
    }
    for header in headers {
      let found = HeaderField.fields(of: header).first { field in
        guard field.byteOffset == byte, matches(field) else { return false }
        guard let types = field.icmpTypes else { return true }
        return icmpTypes.map { known in known.allSatisfy(types.contains) } ?? false
      }
      if let found { return found }
    }
    return nil
  }
}
