/// What an expression of the kernel translates, and from which registers (net/netfilter/nft_nat.c, nft_redir.c,
/// nft_masq.c, nft_tproxy.c).
public struct Translation: Hashable, Sendable {
  /// Which end, and to what kind of address.
  public enum Kind: Hashable, Sendable {
    case source
    case destination
    /// To the host itself: its address on the link that the packet came by, the loopback's for its own.
    case redirect
    /// Of the source, to the address of the link that the packet goes by.
    case masquerade
    /// A socket of the host takes the packet as it is (`tproxy`).
    case socket
  }

  /// The lowest and the highest of a range; twice the same for one value.
  public struct Ends: Hashable, Sendable {
    public let first: Register
    public let last: Register

    public init(_ first: Register, _ last: Register) {
      self.first = first
      self.last = last
    }
  }

  /// `NF_NAT_RANGE_*` (linux/netfilter/nf_nat.h).
  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let addresses = Self(rawValue: 1)
    public static let ports = Self(rawValue: 2)
    public static let random = Self(rawValue: 4)
    public static let persistent = Self(rawValue: 8)
    public static let fullyRandom = Self(rawValue: 16)
    /// Ports are counted from that of the packet on.
    public static let portOffset = Self(rawValue: 32)
    /// The bits in which the ends of the range are equal replace those of the address.
    public static let prefix = Self(rawValue: 64)
  }

  public let kind: Kind
  /// Packets of another family are left alone; `nil`: those of any are translated.
  public let family: Family?
  /// `nil`: the address stays, or is one of the host's.
  public let addresses: Ends?
  /// `nil`: the port stays.
  public let ports: Ends?
  public let flags: Flags

  public init(_ kind: Kind, family: Family? = nil, addresses: Ends? = nil, ports: Ends? = nil, flags: Flags) {
    self.kind = kind
    self.family = family
    self.addresses = addresses
    self.ports = ports
    self.flags = flags
  }
}

extension Translation {
  /// Reads the attributes of an expression; `nil` for another one, or one that is not understood whole.
  ///
  ///     nat     1 NFTA_NAT_TYPE  2 FAMILY  3 REG_ADDR_MIN  4 REG_ADDR_MAX  5 REG_PROTO_MIN  6 REG_PROTO_MAX  7 FLAGS
  ///     redir   1 NFTA_REDIR_REG_PROTO_MIN  2 REG_PROTO_MAX  3 FLAGS
  ///     masq    1 NFTA_MASQ_FLAGS  2 REG_PROTO_MIN  3 REG_PROTO_MAX
  ///     tproxy  1 NFTA_TPROXY_FAMILY  2 REG_ADDR  3 REG_PORT
  init?(name: String, attributes: [UInt8]) {
    guard let place = Self.places[name], let values = OpaqueAttributes(attributes),
      values.numbers.allSatisfy({ place.known.contains($0) && values[$0] != nil })
    else { return nil }
    func ends(_ first: UInt16?, _ last: UInt16?) -> Ends? {
      guard let low = first.flatMap({ values[$0] }).map({ Register(rawValue: $0) }) else { return nil }
      return Ends(low, last.flatMap { values[$0] }.map { Register(rawValue: $0) } ?? low)
    }
    let kind: Kind
    switch (name, values[1]) {
    case ("nat", 0): kind = .source
    case ("nat", 1): kind = .destination
    case ("nat", _): return nil
    case ("redir", _): kind = .redirect
    case ("masq", _): kind = .masquerade
    default: kind = .socket
    }
    let family = place.family.flatMap { values[$0] }.flatMap { UInt8(exactly: $0) }
    self.init(
      kind, family: family == 0 || family == Family.inet.rawValue ? nil : family.map { Family(rawValue: $0) },
      addresses: ends(place.addresses?.0, place.addresses?.1), ports: ends(place.ports.0, place.ports.1),
      flags: Flags(rawValue: place.flags.flatMap { values[$0] } ?? 0))
  }

  private struct Places {
    let known: ClosedRange<UInt16>
    var family: UInt16?
    var addresses: (UInt16, UInt16?)?
    let ports: (UInt16, UInt16?)
    var flags: UInt16?
  }

  private static let places: [String: Places] = [
    "nat": Places(known: 1...7, family: 2, addresses: (3, 4), ports: (5, 6), flags: 7),
    "redir": Places(known: 1...3, ports: (1, 2), flags: 3),
    "masq": Places(known: 1...3, ports: (2, 3), flags: 1),
    "tproxy": Places(known: 1...3, family: 1, addresses: (2, nil), ports: (3, nil)),
  ]

  /// The expression as the kernel has it.
  var expression: Expression {
    let name: String
    var values: [UInt16: UInt32] = [:]
    switch kind {
    case .source: (name, values[1]) = ("nat", 0)
    case .destination: (name, values[1]) = ("nat", 1)
    case .redirect: name = "redir"
    case .masquerade: name = "masq"
    case .socket: name = "tproxy"
    }
    if let place = Self.places[name] {
      if let family, let number = place.family { values[number] = UInt32(family.rawValue) }
      for (ends, numbers) in [(addresses, place.addresses), (ports, place.ports)] {
        guard let ends, let numbers else { continue }
        values[numbers.0] = ends.first.rawValue
        if let last = numbers.1 { values[last] = ends.last.rawValue }
      }
      if flags != [], let number = place.flags { values[number] = flags.rawValue }
    }
    let attributes = values.sorted { $0.key < $1.key }.map { (number: $0.key, bytes: networkBytes($0.value)) }
    return .opaque(name: name, attributes: OpaqueAttributes.written(attributes))
  }
}
