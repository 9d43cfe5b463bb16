package import Addressing

/// One packet, or one connection, to be tried.
package struct Attempt: Hashable, Sendable {
  package let ipProtocol: IPProtocol
  /// `nil`: the kernel chooses.
  package let source: Address?
  /// For protocols with ports; `nil`: the kernel chooses.
  package let sourcePort: UInt16?
  package let destination: Address
  package let aim: Aim
  /// Bytes that are sent beyond the few that are always, and that TCP and UDP want echoed by whoever listens:
  /// a path that passes small packets only shows as silent. Zero asks TCP for no more than a connection.
  package let size: UInt16
  /// The interface for link-local and multicast destinations; `nil`: the first one that is not the loopback.
  package let interface: String?

  package init(
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
  package var description: String {
    let port = sourcePort.map { "#\($0)" } ?? ""
    return "\(ipProtocol) \(source?.description ?? "-")\(port) \(destination) \(aim)"
      + (size == 0 ? "" : " \(size)")
  }

  /// Reads what ``description`` writes; `nil` for anything else.
  package init?(parsing text: some StringProtocol) {
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

extension Attempt: Codable {
  private enum Key: String, CodingKey {
    case ipProtocol = "protocol"
    case source = "from"
    case sourcePort = "from_port"
    case destination = "to"
    case size
    case interface
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let interface = try fields.decodeIfPresent(String.self, forKey: .interface)
    // IFNAMSIZ
    guard interface.map({ (1..<16).contains($0.utf8.count) }) ?? true else {
      throw DecodingError.dataCorruptedError(
        forKey: .interface, in: fields, debugDescription: "not a name of an interface")
    }
    self.init(
      try fields.decode(IPProtocol.self, forKey: .ipProtocol),
      from: try fields.decodeIfPresent(Address.self, forKey: .source),
      sourcePort: try fields.decodeIfPresent(UInt16.self, forKey: .sourcePort),
      to: try fields.decode(Address.self, forKey: .destination), try Aim(from: decoder),
      size: try fields.decodeIfPresent(UInt16.self, forKey: .size) ?? 0, interface: interface)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(ipProtocol, forKey: .ipProtocol)
    try fields.encodeIfPresent(source, forKey: .source)
    try fields.encodeIfPresent(sourcePort, forKey: .sourcePort)
    try fields.encode(destination, forKey: .destination)
    try aim.encode(to: encoder)
    if size != 0 { try fields.encode(size, forKey: .size) }
    try fields.encodeIfPresent(interface, forKey: .interface)
  }
}
