/// What `meta` reads or writes (`NFT_META_*`).
public struct MetaKey: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let length = Self(rawValue: 0)
  public static let etherProtocol = Self(rawValue: 1)
  public static let priority = Self(rawValue: 2)
  public static let mark = Self(rawValue: 3)
  public static let inputInterface = Self(rawValue: 4)
  public static let outputInterface = Self(rawValue: 5)
  public static let inputInterfaceName = Self(rawValue: 6)
  public static let outputInterfaceName = Self(rawValue: 7)
  public static let inputInterfaceType = Self(rawValue: 8)
  public static let outputInterfaceType = Self(rawValue: 9)
  public static let socketUserID = Self(rawValue: 10)
  public static let socketGroupID = Self(rawValue: 11)
  public static let nftrace = Self(rawValue: 12)
  public static let routingClassID = Self(rawValue: 13)
  public static let securityMark = Self(rawValue: 14)
  /// Family of the packet: `NFPROTO_IPV4` or `NFPROTO_IPV6`, one byte.
  public static let nfProto = Self(rawValue: 15)
  /// Transport protocol, behind IPv6 extension headers; one byte.
  public static let l4Proto = Self(rawValue: 16)
  public static let bridgeInputName = Self(rawValue: 17)
  public static let bridgeOutputName = Self(rawValue: 18)
  public static let packetType = Self(rawValue: 19)
  public static let cpu = Self(rawValue: 20)
  public static let inputInterfaceGroup = Self(rawValue: 21)
  public static let outputInterfaceGroup = Self(rawValue: 22)
  public static let cgroup = Self(rawValue: 23)
  public static let random = Self(rawValue: 24)
  public static let securityPath = Self(rawValue: 25)
  public static let inputInterfaceKind = Self(rawValue: 26)
  public static let outputInterfaceKind = Self(rawValue: 27)
  public static let bridgeInputPVID = Self(rawValue: 28)
  public static let bridgeInputVLANProtocol = Self(rawValue: 29)
  /// Wall clock in nanoseconds since 1970, host order, 8 bytes.
  public static let timeNanoseconds = Self(rawValue: 30)
  public static let timeDay = Self(rawValue: 31)
  public static let timeHour = Self(rawValue: 32)
  public static let slaveInputInterface = Self(rawValue: 33)
  public static let slaveInputInterfaceName = Self(rawValue: 34)
}

/// Header from whose beginning `payload` counts (`NFT_PAYLOAD_*_HEADER`).
public enum PayloadBase: UInt32, Hashable, Sendable {
  case link = 0
  case network = 1
  case transport = 2
  case inner = 3
}

/// How a register is compared (`NFT_CMP_*`); byte strings compare as numbers in network order.
public enum ComparisonOperator: UInt32, Hashable, Sendable {
  case equal = 0
  case notEqual = 1
  case less = 2
  case lessOrEqual = 3
  case greater = 4
  case greaterOrEqual = 5

  /// The sign nft(8) uses; equality is written by writing nothing.
  public var sign: String {
    switch self {
    case .equal: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    }
  }
}

/// What `ct` reads or writes (`NFT_CT_*`).
public struct ConntrackKey: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let state = Self(rawValue: 0)
  public static let direction = Self(rawValue: 1)
  public static let status = Self(rawValue: 2)
  public static let mark = Self(rawValue: 3)
  public static let securityMark = Self(rawValue: 4)
  public static let expiration = Self(rawValue: 5)
  public static let helper = Self(rawValue: 6)
  public static let l3Protocol = Self(rawValue: 7)
  public static let source = Self(rawValue: 8)
  public static let destination = Self(rawValue: 9)
  public static let transportProtocol = Self(rawValue: 10)
  public static let sourcePort = Self(rawValue: 11)
  public static let destinationPort = Self(rawValue: 12)
  public static let labels = Self(rawValue: 13)
  public static let packets = Self(rawValue: 14)
  public static let bytes = Self(rawValue: 15)
  public static let averagePacket = Self(rawValue: 16)
  public static let zone = Self(rawValue: 17)
  public static let eventMask = Self(rawValue: 18)
  public static let sourceIPv4 = Self(rawValue: 19)
  public static let destinationIPv4 = Self(rawValue: 20)
  public static let sourceIPv6 = Self(rawValue: 21)
  public static let destinationIPv6 = Self(rawValue: 22)
  public static let identifier = Self(rawValue: 23)
}

/// The two tuples of a tracked connection (`IP_CT_DIR_*`).
public enum ConntrackDirection: UInt8, Hashable, Sendable {
  case original = 0
  case reply = 1
}

/// Bits of `ct state` (`NF_CT_STATE_BIT`), host order.
public struct ConntrackState: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let invalid = Self(rawValue: 1)
  public static let established = Self(rawValue: 2)
  public static let related = Self(rawValue: 4)
  public static let new = Self(rawValue: 8)
  public static let untracked = Self(rawValue: 64)
}

/// A token bucket (`NFTA_LIMIT_*`).
public struct Limit: Hashable, Sendable {
  /// Packets or bytes in each ``unit``.
  public let rate: UInt64
  /// Seconds: 1, 60, 3600, 86400 or 604800.
  public let unit: UInt64
  /// Packets or bytes above the rate that pass at once.
  public let burst: UInt32
  /// Whether bytes are counted, not packets.
  public let bytes: Bool
  /// Whether packets above the rate match, not those within it.
  public let over: Bool

  public init(rate: UInt64, unit: UInt64 = 1, burst: UInt32, bytes: Bool = false, over: Bool = false) {
    self.rate = rate
    self.unit = unit
    self.burst = burst
    self.bytes = bytes
    self.over = over
  }
}

/// Logging (`NFTA_LOG_*`); what is `nil` was not given.
public struct Log: Hashable, Sendable {
  public let prefix: String?
  /// syslog(3) level, 0 to 7.
  public let level: UInt32?
  /// `NF_LOG_*`.
  public let flags: UInt32?
  public let group: UInt16?
  public let snapLength: UInt32?
  public let queueThreshold: UInt16?

  public init(
    prefix: String? = nil, level: UInt32? = nil, flags: UInt32? = nil, group: UInt16? = nil,
    snapLength: UInt32? = nil, queueThreshold: UInt16? = nil
  ) {
    self.prefix = prefix
    self.level = level
    self.flags = flags
    self.group = group
    self.snapLength = snapLength
    self.queueThreshold = queueThreshold
  }
}

/// How a rejected packet is answered (`NFT_REJECT_*`).
public struct Reject: Hashable, Sendable {
  /// What the packet is answered with.
  public enum Kind: UInt32, Hashable, Sendable {
    /// ICMP or ICMPv6 destination unreachable with the family's own code.
    case icmpUnreachable = 0
    case tcpReset = 1
    /// Either family, with an abstract code (`NFT_REJECT_ICMPX_*`).
    case icmpxUnreachable = 2
  }

  public let kind: Kind
  /// Code of the ICMP message; 0 with a TCP reset.
  public let code: UInt8

  public init(_ kind: Kind, code: UInt8) {
    self.kind = kind
    self.code = code
  }

  /// `reject with icmpx admin-prohibited`: tells clients that a firewall denied them.
  public static let adminProhibited = Self(.icmpxUnreachable, code: 3)
}

/// An update of a set from the packet path (`NFTA_DYNSET_*`).
public struct DynamicSet: Hashable, Sendable {
  /// What happens to the element.
  public enum Operation: UInt32, Hashable, Sendable {
    /// Adds unless present.
    case add = 0
    /// Adds, or starts the timeout of the present element again.
    case update = 1
    case delete = 2
  }

  public let operation: Operation
  public let set: SetName
  public let key: Register
  public let data: Register?
  /// Milliseconds; `nil`: the set's own.
  public let timeout: UInt64?
  /// Evaluated for the element, such as a counter of its own.
  public let expressions: [Expression]

  public init(
    _ operation: Operation, set: SetName, key: Register, data: Register? = nil, timeout: UInt64? = nil,
    expressions: [Expression] = []
  ) {
    self.operation = operation
    self.set = set
    self.key = key
    self.data = data
    self.timeout = timeout
    self.expressions = expressions
  }
}

/// What `fib` answers (`NFT_FIB_RESULT_*`).
public struct FibResult: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let outputInterface = Self(rawValue: 1)
  public static let outputInterfaceName = Self(rawValue: 2)
  /// `RTN_*` of linux/rtnetlink.h: unicast 1, local 2, broadcast 3, multicast 5.
  public static let addressType = Self(rawValue: 3)
}

/// What `fib` looks up (`NFTA_FIB_F_*`).
public struct FibFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let source = Self(rawValue: 1)
  public static let destination = Self(rawValue: 2)
  public static let mark = Self(rawValue: 4)
  public static let inputInterface = Self(rawValue: 8)
  public static let outputInterface = Self(rawValue: 16)
  public static let present = Self(rawValue: 32)
}
