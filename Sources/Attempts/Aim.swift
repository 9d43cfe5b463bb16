extension Attempt {
  /// What of the protocol is meant.
  package enum Aim: Hashable, Sendable {
    /// Destination port of TCP, UDP or SCTP.
    case port(UInt16)
    /// Message type of ICMP or ICMPv6.
    case type(UInt8)
    /// A protocol that has neither, such as ESP.
    case plain
  }
}

extension Attempt.Aim: CustomStringConvertible {
  /// The number of the port or the type, or `-`.
  package var description: String {
    switch self {
    case .port(let port): String(port)
    case .type(let type): String(type)
    case .plain: "-"
    }
  }
}

extension Attempt.Aim: Codable {
  private enum Key: CodingKey {
    case port
    case type
  }

  /// A `port`, a `type`, or neither; both are a mistake.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let port = try fields.decodeIfPresent(UInt16.self, forKey: .port)
    let type = try fields.decodeIfPresent(UInt8.self, forKey: .type)
    switch (port, type) {
    case (let port?, nil): self = .port(port)
    case (nil, let type?): self = .type(type)
    case (nil, nil): self = .plain
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: fields, debugDescription: "a port and a type")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    switch self {
    case .port(let port): try fields.encode(port, forKey: .port)
    case .type(let type): try fields.encode(type, forKey: .type)
    case .plain: break
    }
  }
}
