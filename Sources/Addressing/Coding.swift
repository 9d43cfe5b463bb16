// Addresses and protocols as values of Codable: an address is its text, a protocol its number.

extension Address: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard text.utf8.count <= Self.longestText, let address = try? Address(parsing: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an address")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// `INET6_ADDRSTRLEN` without its NUL (netinet/in.h).
  private static let longestText = 45
}

extension AddressFamily: Codable {}

extension IPProtocol: Codable {}
