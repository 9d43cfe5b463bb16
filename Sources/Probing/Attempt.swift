public import Addressing

/// One packet, or one connection, to be tried.
public struct Attempt: Hashable, Sendable {
  /// What of the protocol is meant.
  public enum Aim: Hashable, Sendable {
    /// Destination port of TCP, UDP or SCTP.
    case port(UInt16)
    /// Message type of ICMP or ICMPv6.
    case type(UInt8)
    /// A protocol that has neither, such as ESP.
    case plain
  }

  public let ipProtocol: IPProtocol
  /// `nil`: the kernel chooses.
  public let source: Address?
  /// For protocols with ports; `nil`: the kernel chooses.
  public let sourcePort: UInt16?
  public let destination: Address
  public let aim: Aim
  /// Bytes that are sent beyond the few that are always, and that TCP and UDP want echoed by a ``Listener``:
  /// a path that passes small packets only shows as silent. Zero asks TCP for no more than a connection.
  public let size: UInt16
  /// The interface for link-local and multicast destinations; `nil`: the first one that is not the loopback.
  public let interface: String?

  public init(
    _ ipProtocol: IPProtocol, from source: Address? = nil, sourcePort: UInt16? = nil,
    to destination: Address, _ aim: Aim, size: UInt16 = 0, interface: String? = nil
  ) {
    self.ipProtocol = ipProtocol
    self.source = source
    self.sourcePort = sourcePort
    self.destination = destination
    self.aim = aim
    self.size = size
    self.interface = interface
  }
}

extension Attempt: CustomStringConvertible {
  /// `tcp 10.20.1.11 10.20.3.11 5432`: protocol, source or `-`, destination, port or type or `-`; then the size
  /// unless it is 0.
  public var description: String {
    let number =
      switch aim {
      case .port(let port): String(port)
      case .type(let type): String(type)
      case .plain: "-"
      }
    let port = sourcePort.map { "#\($0)" } ?? ""
    return "\(ipProtocol) \(source?.description ?? "-")\(port) \(destination) \(number)"
      + (size == 0 ? "" : " \(size)")
  }

  /// Reads what ``description`` writes; `nil` for anything else.
  public init?(parsing text: some StringProtocol) {
    let words = text.split(separator: " ")
    guard words.count == 4 || words.count == 5, let size = words.count == 4 ? 0 : UInt16(words[4]) else {
      return nil
    }
    let known = IPProtocol(name: words[0]) ?? UInt8(words[0]).map { IPProtocol(rawValue: $0) }
    guard let ipProtocol = known, let destination = try? Address(parsing: words[2]) else { return nil }

    let ends = words[1].split(separator: "#", omittingEmptySubsequences: false)
    let source = ends[0] == "-" ? nil : try? Address(parsing: ends[0])
    guard ends.count <= 2, source != nil || ends[0] == "-" else { return nil }
    var sourcePort: UInt16?
    if ends.count == 2 {
      guard let port = UInt16(ends[1]) else { return nil }
      sourcePort = port
    }

    let aim: Aim
    if words[3] == "-" {
      aim = .plain
    } else if ipProtocol.hasPorts {
      guard let port = UInt16(words[3]) else { return nil }
      aim = .port(port)
    } else {
      guard let type = UInt8(words[3]) else { return nil }
      aim = .type(type)
    }
    self.init(ipProtocol, from: source, sourcePort: sourcePort, to: destination, aim, size: size)
  }
}
