public import Addressing

/// Which of a protocol's connections: by destination port, by message type, or all of them.
public enum Kinds: Hashable, Sendable {
  /// All of the protocol; the only choice for protocols that have neither ports nor types.
  case any
  /// Destination ports of TCP, UDP or SCTP, among them 0.
  case ports(PortSet)
  /// Message types of ICMP or ICMPv6.
  case types(IntervalSet<UInt8>)
}

extension IPProtocol {
  /// Whether its messages are told apart by a type.
  var hasTypes: Bool { self == .icmp || self == .icmpv6 }

  /// The highest number that tells two of its connections apart: of a port, of a type, or 0.
  var highestKind: UInt16 { hasPorts ? .max : hasTypes ? 255 : 0 }
}

extension Kinds {
  /// The numbers that are meant. Ports of a protocol without ports are a programming error.
  func numbers(of ipProtocol: IPProtocol) -> [ClosedRange<UInt16>] {
    switch self {
    case .any: return [0...ipProtocol.highestKind]
    case .ports(let ports):
      precondition(ipProtocol.hasPorts, "a protocol without ports")
      return ports.ranges
    case .types(let types):
      precondition(ipProtocol.hasTypes, "a protocol without message types")
      return types.ranges.map { UInt16($0.lowerBound)...UInt16($0.upperBound) }
    }
  }

  /// The kinds of a protocol with these numbers.
  init(_ numbers: [ClosedRange<UInt16>], of ipProtocol: IPProtocol) {
    if numbers == [0...ipProtocol.highestKind] {
      self = .any
    } else if ipProtocol.hasPorts {
      self = .ports(PortSet(numbers))
    } else {
      self = .types(
        IntervalSet(
          numbers.map {
            UInt8(truncatingIfNeeded: $0.lowerBound)...UInt8(truncatingIfNeeded: $0.upperBound)
          }))
    }
  }
}
