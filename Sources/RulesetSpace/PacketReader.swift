internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// Which links a packet has met when a hook is called.
struct LinkPlace {
  let hasInput: Bool
  let hasOutput: Bool

  init(_ hook: Hook) {
    hasInput = [.prerouting, .input, .forward].contains(hook)
    hasOutput = [.output, .forward, .postrouting].contains(hook)
  }
}

/// What expressions read out of the first packet of every connection of a domain.
struct PacketReader {
  private let domain: Domain
  private let link: LinkPlace
  private let circumstances: Circumstances
  private let isTracked: Bool
  /// Whether addresses may have been translated before.
  private let isTranslated: Bool

  init(
    _ domain: Domain, _ link: LinkPlace, _ circumstances: Circumstances, isTracked: Bool, isTranslated: Bool
  ) {
    self.domain = domain
    self.link = link
    self.circumstances = circumstances
    self.isTracked = isTracked
    self.isTranslated = isTranslated
  }

  private var ipProtocol: SymbolicByte {
    domain.protocols.count == 1 ? .constant(domain.ipProtocol.rawValue) : .field(.ipProtocol, 0)
  }

  private func hidden(_ count: Int) -> [SymbolicByte] { Array(repeating: .hidden, count: count) }
  private func constant(_ bytes: [UInt8]) -> [SymbolicByte] { bytes.map { .constant($0) } }
  private func field(_ field: SymbolicByte.Field, _ count: Int) -> [SymbolicByte] {
    (0..<count).map { .field(field, $0) }
  }

  // MARK: Metadata

  func meta(_ key: MetaKey) -> [SymbolicByte] {
    switch key {
    case .nfProto:
      constant([domain.family == .ipv4 ? Family.ipv4.rawValue : Family.ipv6.rawValue])
    case .l4Proto: [ipProtocol]
    case .etherProtocol: constant(domain.family == .ipv4 ? [0x08, 0x00] : [0x86, 0xdd])
    // Where there is no link, the kernel reads 0 and an empty name (nft_meta.c).
    case .inputInterface: link.hasInput ? field(.linkIndex, 4) : constant(hostBytes(UInt32(0)))
    case .outputInterface: link.hasOutput ? field(.linkIndex, 4) : constant(hostBytes(UInt32(0)))
    case .inputInterfaceName: link.hasInput ? field(.linkName, 16) : constant(Array(repeating: 0, count: 16))
    case .outputInterfaceName:
      link.hasOutput ? field(.linkName, 16) : constant(Array(repeating: 0, count: 16))
    case .timeNanoseconds: circumstances.time.map { constant(hostBytes($0)) } ?? hidden(8)
    default: hidden(16)
    }
  }

  func fib(_ result: FibResult, _ flags: FibFlags) -> [SymbolicByte] {
    switch (result, flags) {
    case (.addressType, .source): field(.sourceType, 4)
    case (.addressType, .destination): field(.destinationType, 4)
    default: hidden(16)
    }
  }

  // MARK: Headers

  /// - Returns: the bytes, and whether every packet has them.
  func payload(_ base: PayloadBase, _ offset: Int, _ length: Int) -> ([SymbolicByte], isThere: Bool) {
    // The kernel takes no more than its registers hold.
    guard length <= 64 else { return (hidden(65), false) }
    switch base {
    case .network:
      let header = networkHeader
      let bytes = (offset..<offset + length).map { $0 < header.count ? header[$0] : .hidden }
      return (bytes, offset + length <= header.count)
    case .transport:
      let header = transportHeader
      let bytes = (offset..<offset + length).map { $0 < header.count ? header[$0] : .hidden }
      return (bytes, offset + length <= header.count)
    case .link, .inner: return (hidden(length), false)
    }
  }

  /// RFC 791, RFC 8200.
  private var networkHeader: [SymbolicByte] {
    switch domain.family {
    case .ipv4:
      [.partial(value: 0x40, known: 0xf0)] + hidden(8) + [ipProtocol] + hidden(2) + field(.source, 4)
        + field(.destination, 4)
    case .ipv6:
      [.partial(value: 0x60, known: 0xf0)] + hidden(5) + [ipProtocol, .hidden] + field(.source, 16)
        + field(.destination, 16)
    }
  }

  /// As far as every packet of the protocol has it.
  private var transportHeader: [SymbolicByte] {
    let ports = hidden(2) + field(.kind, 2)
    switch domain.ipProtocol {
    case .tcp:
      // RFC 9293, 3.1; a SYN may also offer congestion notification.
      let flags = SymbolicByte.partial(value: TCPFlags.syn.rawValue, known: 0x3f)
      let isFirst = circumstances.state == .new
      return ports + hidden(9) + [isFirst ? flags : .hidden] + hidden(6)
    case .udp: return ports + hidden(4)
    case .sctp: return ports + hidden(8)
    case .icmp, .icmpv6: return field(.kind, 1) + hidden(7)
    default: return []
    }
  }

  // MARK: Connection tracking

  func conntrack(_ key: ConntrackKey, _ direction: ConntrackDirection?) -> [SymbolicByte] {
    let width = domain.family.byteCount
    guard isTracked else { return hidden(16) }
    switch (key, direction) {
    case (.state, nil): return constant(hostBytes(circumstances.state.rawValue))
    case (.status, nil):
      return isTranslated || circumstances.state != .new ? hidden(4) : constant([0, 0, 0, 0])
    case (.direction, nil):
      return circumstances.state == .new ? constant([ConntrackDirection.original.rawValue]) : hidden(1)
    case (.l3Protocol, _):
      return constant([domain.family == .ipv4 ? Family.ipv4.rawValue : Family.ipv6.rawValue])
    case (.transportProtocol, _): return [ipProtocol]
    default: break
    }
    guard direction == .original, !isTranslated, circumstances.state == .new else { return hidden(16) }
    switch key {
    case .source, .sourceIPv4, .sourceIPv6: return field(.source, width)
    case .destination, .destinationIPv4, .destinationIPv6: return field(.destination, width)
    case .destinationPort: return domain.kindWidth == 2 ? field(.kind, 2) : hidden(2)
    case .sourcePort: return hidden(2)
    default: return hidden(16)
    }
  }
}
