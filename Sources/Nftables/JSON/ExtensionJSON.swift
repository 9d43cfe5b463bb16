/// Extensions of iptables in JSON. nft(8) tells type and name alone: `{"xt": {"type": "match", "name": "conntrack"}}`.
struct HeldExtension {
  let type: String
  let name: String
  let revision: UInt32
  let structure: [UInt8]
  let text: String
}

extension Expression {
  /// `nil` for what is no extension.
  var heldExtension: HeldExtension? {
    switch self {
    case .matchExtension(let match):
      HeldExtension(
        type: "match", name: match.name, revision: match.revision, structure: match.structure,
        text: match.listingText)
    case .targetExtension(let target):
      HeldExtension(
        type: "target", name: target.name, revision: target.revision, structure: target.structure,
        text: target.listingText)
    default: nil
    }
  }

  /// `nil` for one without a name, of which nothing can be said.
  init?(extension body: JSONValue, family: Family) throws(RulesetJSONError) {
    guard let type = try body.optionalString("type"), let name = try body.optionalString("name") else {
      return nil
    }
    guard let revision = UInt32(exactly: try body.optionalInteger("rev") ?? 0) else {
      throw RulesetJSONError(.invalid("a revision beyond 32 bits")).under("rev")
    }
    guard let structure = Hex.bytes(try body.optionalString("info") ?? "") else {
      throw RulesetJSONError(.invalid("no bytes in hexadecimal")).under("info")
    }
    switch type {
    case "match":
      self = .matchExtension(
        MatchExtension(name: name, revision: revision, structure: structure, family: family))
    case "target":
      self = .targetExtension(
        TargetExtension(name: name, revision: revision, structure: structure, family: family))
    default: return nil
    }
  }
}

/// Bytes as pairs of hexadecimal digits.
enum Hex {
  static func text(_ bytes: [UInt8]) -> String {
    var writer = TextWriter(.listing)
    for byte in bytes { writer.append(hex: UInt64(byte), digits: 2) }
    return String(decoding: writer.out, as: UTF8.self)
  }

  /// `nil` for a text that is no such pairs.
  static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}
