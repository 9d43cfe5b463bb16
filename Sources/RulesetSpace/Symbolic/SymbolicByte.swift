/// What a byte of a register holds, for all packets at once.
enum SymbolicByte: Hashable {
  case constant(UInt8)
  /// Some bits are known: those set in `known` are as in `value`.
  case partial(value: UInt8, known: UInt8)
  /// `(byte & mask) ^ xor` of a byte of something that differs from packet to packet, counted from the front.
  case field(Field, byte: Int, mask: UInt8, xor: UInt8)
  /// Depends on what is not looked at.
  case hidden

  /// What packets differ in.
  enum Field: Hashable {
    case source
    case destination
    /// Destination port (2 bytes) or message type (1 byte).
    case kind
    /// One of the protocols that are looked at together.
    case ipProtocol
    /// Index or name of a link: anything but the loopback's.
    case linkIndex
    case linkName
    /// The name of a link that is none of those looked at apart either.
    case otherLinkName
    /// The same of a link that a packet came by, where it came by none of some further ones.
    case otherInputName
    /// What the routing table calls the source or the destination.
    case sourceType
    case destinationType
    /// A destination and a port that are translated to one of several, and what the routing table calls an
    /// address that is not the host's.
    case target
    case targetKind
    /// The source of what goes out under an address of the host.
    case disguise
    case foreignType
  }

  static func field(_ field: Field, _ byte: Int) -> Self { .field(field, byte: byte, mask: 0xff, xor: 0) }

  /// `(self & mask) ^ xor`.
  func masked(_ mask: UInt8, _ xor: UInt8) -> Self {
    switch self {
    case .constant(let value): return .constant(value & mask ^ xor)
    case .partial(let value, let known):
      let result = value & mask ^ xor
      return known | ~mask == 0xff ? .constant(result) : .partial(value: result, known: known | ~mask)
    case .field(let field, let byte, let oldMask, let oldXor):
      return mask & oldMask == 0
        ? .constant(oldXor & mask ^ xor)
        : .field(field, byte: byte, mask: mask & oldMask, xor: oldXor & mask ^ xor)
    case .hidden: return mask == 0 ? .constant(xor) : .hidden
    }
  }
}
