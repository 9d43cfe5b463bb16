internal import Diagnostics
internal import FoundationEssentials

/// Answers as JSON, each object with the version of its form.
enum JSONOutput {
  static let formatVersion = 1

  /// What an answer holds for programs.
  static func bytes(_ data: Answer.Data) throws -> [UInt8] {
    switch data {
    case .none: []
    case .document(let document): try encode(Versioned(document))
    case .lines(let lines): try lines.flatMap { try encodeLine(Versioned($0)) }
    case .json(let bytes): bytes
    }
  }

  /// An answer for people and programs: indented, keys in order, with a line break at the end.
  ///
  /// - Parameter keysAsWritten: of a form that somebody else has laid down.
  static func encode(_ answer: some Encodable, keysAsWritten: Bool = false) throws -> [UInt8] {
    let encoder = encoder
    if keysAsWritten { encoder.keyEncodingStrategy = .useDefaultKeys }
    encoder.outputFormatting.insert(.prettyPrinted)
    return escaped(Array(try encoder.encode(answer))) + [UInt8(ascii: "\n")]
  }

  /// An answer in one line.
  static func encodeLine(_ answer: some Encodable) throws -> [UInt8] {
    escaped(Array(try encoder.encode(answer))) + [UInt8(ascii: "\n")]
  }

  /// Keys are in order, and `of_two_words`.
  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return encoder
  }

  /// JSON may hold control characters above U+007E and bidirectional ones as they are. A terminal that
  /// shows it would obey them, so they are escaped; they can only stand within texts.
  static func escaped(_ json: [UInt8]) -> [UInt8] {
    guard json.contains(where: { $0 >= 0x7f }) else { return json }
    var out = ""
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      let isActing =
        scalar.value >= 0x7f && scalar.value < 0x10000 && SafeText.escaped(String(scalar)).hasPrefix("<")
      if isActing {
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return Array(out.utf8)
  }
}

/// An object with the version of its form beside its own keys.
private struct Versioned: Encodable {
  enum Key: String, CodingKey { case formatVersion }

  let object: any Encodable

  init(_ object: any Encodable) { self.object = object }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(JSONOutput.formatVersion, forKey: .formatVersion)
    try object.encode(to: encoder)
  }
}
