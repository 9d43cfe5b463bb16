internal import Addressing
internal import Nftables

/// What of a packet is no longer as it was when it came or was made.
struct Alteration: Hashable {
  enum Destination: Hashable {
    case asked
    /// Byte by byte: a constant, or parts of what was asked for.
    case bytes([SymbolicByte])
    case among(IntervalSet<UInt128>)
    /// An address of the host, whichever.
    case own
    case unknown
  }

  enum Port: Hashable {
    case asked
    case bytes([SymbolicByte])
    case among(ClosedRange<UInt16>)
    case unknown
  }

  enum Source: Hashable {
    case asked
    case bytes([SymbolicByte])
    /// An address of the host, whichever.
    case own
    case unknown
  }

  enum Tracking: Hashable {
    /// As the circumstances say.
    case usual
    case untracked
    case unknown
  }

  static let none = Self()

  var destination = Destination.asked
  var port = Port.asked
  var source = Source.asked
  /// Whether bytes of its header were written, or may have been: then it is not what the client has sent.
  var isRewritten = false
  /// `IPS_DST_NAT`; `nil`: not known.
  var isTranslated: Bool? = false
  var tracking = Tracking.usual
  /// Whether a socket of the host may have taken it, wherever it goes.
  var mayBeTaken = false
  /// The rule that translated it, or handed it to a socket.
  var rule: RulePlace?

  /// Another packet, whichever.
  mutating func becomeAnything() {
    (destination, port, source) = (.unknown, .unknown, .unknown)
    isRewritten = true
    isTranslated = nil
  }

  /// The same but for its source, which is translated on its way out.
  var ofDestination: Self {
    var result = self
    result.source = .asked
    return result
  }

  /// Whether nothing else became of it than that a socket may have taken it.
  var isHandedOver: Bool { mayBeTaken && destination == .asked && port == .asked }
}

/// Where a packet goes that was translated.
enum Delivery: Hashable {
  case here
  case onward
  case either
}

extension Alteration {
  /// - Parameter usual: where the packet goes unless something was translated.
  func delivery(_ usual: Delivery, own: AddressSet?, _ family: AddressFamily) -> Delivery {
    switch destination {
    case .asked: mayBeTaken && usual == .onward ? .either : usual
    case .own: .here
    case .unknown: .either
    case .bytes(let bytes): Self.delivery(of: IntervalSet([Self.hull(bytes)]), own, family)
    case .among(let targets): Self.delivery(of: targets, own, family)
    }
  }

  private static func delivery(of targets: IntervalSet<UInt128>, _ own: AddressSet?, _ family: AddressFamily)
    -> Delivery
  {
    // Whether what comes by a link may get to them is another question (route_localnet).
    if targets.subtracting(loopback(family)).isEmpty { return .here }
    guard let own, targets.intersection(loopback(family)).isEmpty else { return .either }
    let mine = targets.intersection(IntervalSet(own.ranges(family)))
    return mine.isEmpty ? .onward : mine == targets ? .here : .either
  }

  /// What a destination that is known in part may be; empty of any other.
  var targets: IntervalSet<UInt128> {
    switch destination {
    case .bytes(let bytes): IntervalSet([Self.hull(bytes)])
    case .among(let targets): targets
    case .asked, .own, .unknown: IntervalSet()
    }
  }

  /// The least and the greatest that the bytes can be.
  static func hull(_ bytes: [SymbolicByte]) -> ClosedRange<UInt128> {
    var (low, high): (UInt128, UInt128) = (0, 0)
    for byte in bytes {
      let ends: (UInt8, UInt8) =
        switch byte {
        case .constant(let value): (value, value)
        case .partial(let value, let known): (value & known, value | ~known)
        case .field(_, _, let mask, let xor): (xor & ~mask, xor | mask)
        case .hidden: (0, 0xff)
        }
      low = low << 8 | UInt128(ends.0)
      high = high << 8 | UInt128(ends.1)
    }
    return low...high
  }

  /// 127.0.0.0/8, ::1
  static func loopback(_ family: AddressFamily) -> IntervalSet<UInt128> {
    family == .ipv4 ? IntervalSet([0x7f00_0000...0x7fff_ffff]) : IntervalSet([1...1])
  }

  /// The address of the loopback that an own packet is redirected to.
  static func loopbackAddress(_ family: AddressFamily) -> [SymbolicByte] {
    Address(family, family == .ipv4 ? 0x7f00_0001 : 1).networkBytes.map { .constant($0) }
  }
}

extension Translation {
  /// What it makes of the packets of a domain, as far as registers say it.
  func alteration(_ registers: Registers, _ domain: Domain, hook: Hook, own: AddressSet?) -> Alteration {
    var alteration = Alteration(isTranslated: true)
    let width = domain.family.byteCount
    switch kind {
    case .redirect where hook == .output:
      alteration.destination = .bytes(Alteration.loopbackAddress(domain.family))
    case .redirect:
      alteration.destination = .own
      // One address is the address of every link.
      if let own, own.ranges(domain.family).count == 1, let only = own.ranges(domain.family).first,
        only.lowerBound == only.upperBound
      {
        alteration.destination = .bytes(
          Address(domain.family, only.lowerBound).networkBytes.map { .constant($0) })
      }
    case .destination:
      if let addresses {
        alteration.destination = Self.destination(
          registers.read(addresses.first, width), registers.read(addresses.last, width),
          isPrefix: flags.contains(.prefix))
      }
    case .source, .masquerade, .socket: return .none
    }
    if let ports, domain.kindWidth == 2 {
      alteration.port =
        flags.contains(.portOffset)
        ? .unknown : Self.port(registers.read(ports.first, 2), registers.read(ports.last, 2))
    }
    return alteration
  }

  /// Under which source packets go on; `nil`: under their own.
  func source(_ registers: Registers, _ domain: Domain) -> Alteration.Source? {
    if kind == .masquerade { return .own }
    guard let addresses else { return nil }
    let width = domain.family.byteCount
    guard let first = registers.read(addresses.first, width), first == registers.read(addresses.last, width),
      constants(first) != nil
    else { return .unknown }
    return .bytes(first)
  }

  private static func destination(_ first: [SymbolicByte]?, _ last: [SymbolicByte]?, isPrefix: Bool)
    -> Alteration.Destination
  {
    guard let first, let last, !first.contains(.hidden), !last.contains(.hidden) else { return .unknown }
    if first == last { return .bytes(first) }
    guard let low = constants(first), let high = constants(last) else { return .unknown }
    if isPrefix {
      return .bytes(
        zip(low, high).enumerated().map { index, ends in
          let open = ends.0 ^ ends.1
          return SymbolicByte.field(.destination, index).masked(open, ends.0 & ~open)
        })
    }
    let (start, end) = (Alteration.hull(first).lowerBound, Alteration.hull(last).lowerBound)
    return start <= end ? .among(IntervalSet([start...end])) : .unknown
  }

  private static func port(_ first: [SymbolicByte]?, _ last: [SymbolicByte]?) -> Alteration.Port {
    guard let first, let last, !first.contains(.hidden), !last.contains(.hidden) else { return .unknown }
    if first == last { return .bytes(first) }
    guard constants(first) != nil, constants(last) != nil else { return .unknown }
    let (start, end) = (Alteration.hull(first).lowerBound, Alteration.hull(last).lowerBound)
    guard start <= end, let low = UInt16(exactly: start), let high = UInt16(exactly: end) else {
      return .unknown
    }
    return .among(low...high)
  }
}
