/// A register of the rule's small machine (`NFT_REG_*`): 0 holds the verdict; 1 to 4 are 16 bytes
/// each; 8 to 23 are the same memory in units of 4 bytes, so 9 is the second quarter of 1.
public struct Register: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let verdict = Self(rawValue: 0)
  public static let r1 = Self(rawValue: 1)

  /// The register that begins a number of bytes (a multiple of 4) behind the beginning of register 1,
  /// in the numbering the kernel reports: multiples of 16 bytes as 1 to 4.
  public static func at(byte: Int) -> Self {
    precondition(byte >= 0 && byte < 64 && byte.isMultiple(of: 4), "no such register")
    return byte.isMultiple(of: 16)
      ? Self(rawValue: UInt32(byte / 16) + 1) : Self(rawValue: UInt32(byte / 4) + 8)
  }

  /// Bytes behind the beginning of register 1; `nil` for the verdict register and unknown numbers.
  public var byteOffset: Int? {
    switch rawValue {
    case 1...4: Int(rawValue - 1) * 16
    case 8...23: Int(rawValue - 8) * 4
    default: nil
    }
  }
}

/// One step of a rule as the kernel evaluates it (`nft_expr_ops`, net/netfilter/nft_*.c).
///
/// Values are the bytes of registers: header fields in network order, `meta` and `ct` values in the
/// host's.
public enum Expression: Hashable, Sendable {
  /// Reads packet metadata into a register.
  case meta(MetaKey, into: Register)
  /// Writes packet metadata from a register.
  case setMeta(MetaKey, from: Register)
  /// Reads bytes of the packet into a register; a packet too short ends the rule.
  case payload(base: PayloadBase, offset: UInt32, length: UInt32, into: Register)
  /// Ends the rule unless the register compares to the value.
  case compare(ComparisonOperator, Register, [UInt8])
  /// Ends the rule unless the register is within (`negated`: outside) the range, ends included.
  case range(negated: Bool, Register, from: [UInt8], to: [UInt8])
  /// `into = (from & mask) ^ xor`.
  case bitwise(from: Register, into: Register, mask: [UInt8], xor: [UInt8])
  /// Shifts 32-bit words of the register.
  case shift(from: Register, into: Register, length: UInt32, left: Bool, bits: UInt32)
  /// Swaps host and network order of the `size`-byte numbers in `length` bytes.
  case byteorder(from: Register, into: Register, toNetwork: Bool, length: UInt32, size: UInt32)
  /// Ends the rule unless the register is (`negated`: is not) in the set; a map also loads its data.
  case lookup(SetReference, Register, negated: Bool, into: Register?)
  /// Loads a constant.
  case immediate(Register, [UInt8])
  /// Decides.
  case verdict(Verdict)
  /// Reads connection tracking state into a register.
  case conntrack(ConntrackKey, direction: ConntrackDirection?, into: Register)
  /// Writes connection tracking state from a register.
  case setConntrack(ConntrackKey, direction: ConntrackDirection?, from: Register)
  /// Counts packets and bytes that get here; the values are not part of the rule.
  case counter
  /// Ends the rule for packets above the rate (`over`: below it).
  case limit(Limit)
  /// Writes to the kernel's log or to a netlink group.
  case log(Log)
  /// Drops the packet and answers it.
  case reject(Reject)
  /// Adds, refreshes or deletes an element of a dynamic set; ends the rule when the set is full.
  case dynamicSet(DynamicSet)
  /// Looks up an address in the routing table.
  case fib(result: FibResult, flags: FibFlags, into: Register)
  /// Ends the rule unless a match of iptables holds.
  case matchExtension(MatchExtension)
  /// Does what a target of iptables does.
  case targetExtension(TargetExtension)
  /// Anything Sekisho does not model: the kernel's name of it and its attributes, byte for byte.
  case opaque(name: String, attributes: [UInt8])
}

/// A set that an expression refers to.
public enum SetReference: Hashable, Sendable {
  case named(SetName)
  /// An anonymous set of the rule itself, such as `{ tcp, udp }`.
  case inline(InlineSet)
}

/// An anonymous set: its name (`__set0`) is the kernel's and means nothing.
public struct InlineSet: Hashable, Sendable {
  public let key: [DataType]
  public let data: [DataType]?
  /// ``SetFlags/interval`` or ``SetFlags/concatenated``; anonymous and constant go without saying.
  public let flags: SetFlags
  public let elements: SetElements

  public init(key: [DataType], data: [DataType]? = nil, flags: SetFlags = [], elements: SetElements) {
    self.key = key
    self.data = data
    self.flags = flags.subtracting([.map, .anonymous, .constant])
    self.elements = elements
  }
}
