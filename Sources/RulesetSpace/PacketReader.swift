internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// Which links a packet has met when a hook is called.
struct LinkPlace: Hashable {
  enum Link: Hashable {
    case none
    /// Any but the loopback.
    case some
    /// Any but the loopback and those that are looked at apart (``Circumstances/apartFrom``).
    case other
    /// The same, and none that the packet did not come by (``Circumstances/notBy``).
    case otherInput
    case known(Circumstances.Link)
  }

  let input: Link
  let output: Link

  static let loopback = Circumstances.Link(name: "lo", index: 1)

  /// What is forwarded has the link that it came by behind the last hook, too (Linux 5.7, 28f8bfd1ac94).
  init(_ hook: Hook, input: Link, output: Link) {
    self.input = [.prerouting, .input, .forward, .postrouting].contains(hook) ? input : .none
    self.output = [.output, .forward, .postrouting].contains(hook) ? output : .none
  }
}

/// What expressions read out of the first packet of every connection of a domain.
struct PacketReader {
  private let domain: Domain
  private let link: LinkPlace
  private let circumstances: Circumstances
  private let alteration: Alteration
  /// Whether connection tracking has looked at the packet.
  private let isTracked: Bool
  /// Whether any table translates: then bits of the state of a connection say how far that has come.
  private let isTranslating: Bool

  init(
    _ domain: Domain, _ link: LinkPlace, _ circumstances: Circumstances, _ alteration: Alteration,
    isTracked: Bool, isTranslating: Bool
  ) {
    self.domain = domain
    self.link = link
    self.circumstances = circumstances
    self.alteration = alteration
    self.isTracked = isTracked
    self.isTranslating = isTranslating
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
    case .inputInterface: index(link.input)
    case .outputInterface: index(link.output)
    case .inputInterfaceName: name(link.input)
    case .outputInterfaceName: name(link.output)
    case .timeNanoseconds: circumstances.time.map { constant(hostBytes($0)) } ?? hidden(8)
    default: hidden(16)
    }
  }

  /// Where there is no link, the kernel reads 0 and an empty name (nft_meta.c).
  private func index(_ link: LinkPlace.Link) -> [SymbolicByte] {
    switch link {
    case .none: constant(hostBytes(UInt32(0)))
    case .some, .other, .otherInput: field(.linkIndex, 4)
    case .known(let link): link.index.map { constant(hostBytes($0)) } ?? field(.linkIndex, 4)
    }
  }

  private func name(_ link: LinkPlace.Link) -> [SymbolicByte] {
    switch link {
    case .none: return constant(Array(repeating: 0, count: 16))
    case .some: return field(.linkName, 16)
    case .other: return field(.otherLinkName, 16)
    case .otherInput: return field(.otherInputName, 16)
    case .known(let link):
      let bytes = Array(link.name.utf8.prefix(15))
      return constant(bytes + Array(repeating: 0, count: 16 - bytes.count))
    }
  }

  func fib(_ result: FibResult, _ flags: FibFlags) -> [SymbolicByte] {
    switch (result, flags) {
    case (.addressType, .source): sourceType
    case (.addressType, .destination): destinationType
    // Whether there is a way back, by the link that it came by.
    case (.outputInterface, let flags)
    where flags.contains([.source, .present]) && circumstances.input == nil:
      constant(hostBytes(UInt32(1)))
    default: hidden(16)
    }
  }

  private var destinationType: [SymbolicByte] {
    let local = constant(hostBytes(UInt32(2)))
    if alteration.destination == .asked { return field(.destinationType, 4) }
    if alteration.destination == .own { return local }
    return switch alteration.delivery(.either, own: circumstances.ownDestinations, domain.family) {
    case .here: local
    case .onward: field(.foreignType, 4)
    case .either: hidden(4)
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

  private var destination: [SymbolicByte] {
    let width = domain.family.byteCount
    return switch alteration.destination {
    case .asked: field(.destination, width)
    case .bytes(let bytes): bytes
    case .among: field(.target, width)
    case .own: circumstances.ownDestinations == nil ? hidden(width) : field(.target, width)
    case .unknown: hidden(width)
    }
  }

  private var source: [SymbolicByte] {
    let width = domain.family.byteCount
    return switch alteration.source {
    case .asked: field(.source, width)
    case .bytes(let bytes): bytes
    // Of a host whose addresses are not known none is told for certain.
    case .own: circumstances.ownSources?.isEmpty ?? true ? hidden(width) : field(.disguise, width)
    case .unknown: hidden(width)
    }
  }

  private var sourceType: [SymbolicByte] {
    switch alteration.source {
    case .asked: field(.sourceType, 4)
    case .own: constant(hostBytes(UInt32(2)))
    case .bytes, .unknown: hidden(4)
    }
  }

  private var port: [SymbolicByte] {
    switch alteration.port {
    case .asked: field(.kind, 2)
    case .bytes(let bytes): bytes
    case .among: field(.targetKind, 2)
    case .unknown: hidden(2)
    }
  }

  /// RFC 791, RFC 8200.
  private var networkHeader: [SymbolicByte] {
    switch domain.family {
    case .ipv4:
      // It is no fragment: whether it may be made one is open.
      [.partial(value: 0x40, known: 0xf0)] + hidden(5) + [
        .partial(value: 0, known: 0x3f), .constant(0), .hidden,
      ]
        + [ipProtocol] + hidden(2) + source + destination
    case .ipv6:
      [.partial(value: 0x60, known: 0xf0)] + hidden(5) + [ipProtocol, .hidden] + source + destination
    }
  }

  /// As far as every packet of the protocol has it.
  private var transportHeader: [SymbolicByte] {
    switch domain.ipProtocol {
    case .tcp:
      // RFC 9293, 3.1; a SYN may also offer congestion notification.
      let flags = circumstances.state == .new ? .syn : circumstances.flags
      let byte = flags.map { SymbolicByte.partial(value: $0.rawValue, known: 0x3f) }
      return hidden(2) + port + hidden(9) + [byte ?? .hidden] + hidden(6)
    case .udp: return hidden(2) + port + hidden(4)
    case .sctp: return hidden(2) + port + hidden(8)
    case .icmp, .icmpv6: return (alteration.port == .unknown ? hidden(1) : field(.kind, 1)) + hidden(7)
    default: return []
    }
  }

  // MARK: Connection tracking

  private var state: ConntrackState? {
    switch alteration.tracking {
    case .usual: circumstances.state
    case .untracked: .untracked
    case .unknown: nil
    }
  }

  /// - Returns: `nil` where a packet has no connection, which ends the rule (nft_ct.c).
  func conntrack(_ key: ConntrackKey, _ direction: ConntrackDirection?) -> [SymbolicByte]? {
    let width = domain.family.byteCount
    guard isTracked, let state else { return hidden(16) }
    if key == .state { return constant(hostBytes(state.rawValue)) }
    if state == .untracked || state == .invalid { return nil }
    switch (key, direction) {
    case (.status, nil): return state == .new ? status : hidden(4)
    case (.direction, nil):
      return state == .new ? constant([ConntrackDirection.original.rawValue]) : hidden(1)
    case (.l3Protocol, _):
      return constant([domain.family == .ipv4 ? Family.ipv4.rawValue : Family.ipv6.rawValue])
    case (.transportProtocol, _): return [ipProtocol]
    default: break
    }
    // What was written into it ahead of connection tracking is what that has seen.
    guard direction == .original, state == .new, !alteration.isRewritten else { return hidden(16) }
    switch key {
    case .source, .sourceIPv4, .sourceIPv6: return field(.source, width)
    // What the client asked for, whatever has become of it.
    case .destination, .destinationIPv4, .destinationIPv6: return field(.destination, width)
    case .destinationPort: return domain.kindWidth == 2 ? field(.kind, 2) : hidden(2)
    case .sourcePort: return hidden(2)
    default: return hidden(16)
    }
  }

  /// `IPS_*` of a connection that begins (linux/netfilter/nf_conntrack_common.h), in the host's order.
  private var status: [SymbolicByte] {
    guard isTranslating else { return constant(hostBytes(UInt32(0))) }
    let isTranslated = alteration.isTranslated == true
    let value = hostBytes(isTranslated ? UInt32(destinationTranslated) : 0)
    // How far translation has come, and that of the source, are not followed.
    let open =
      sourceTranslated | sourceDone | destinationDone
      | (alteration.isTranslated == nil ? destinationTranslated : 0)
    return zip(value, hostBytes(~open)).map { .partial(value: $0 & $1, known: $1) }
  }
}

private let sourceTranslated: UInt32 = 1 << 4
private let destinationTranslated: UInt32 = 1 << 5
private let sourceDone: UInt32 = 1 << 7
private let destinationDone: UInt32 = 1 << 8
