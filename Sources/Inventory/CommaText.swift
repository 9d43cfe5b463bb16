import Diagnostics

/// A text of several values, such as `web, db`: a comma separates nothing in it.
enum CommaText {
  /// What to write instead; `nil` for a text that is no such.
  static func help(_ text: String) -> String? { list(text).map { "write a list: `\(SafeText.escaped($0))`" } }

  /// Its values as a list of YAML.
  static func list(_ text: String) -> String? {
    guard let values = values(text) else { return nil }
    return "[\(values.map(item).joined(separator: ", "))]"
  }

  /// At least two, none of them empty.
  static func values(_ text: String) -> [String]? {
    guard text.contains(",") else { return nil }
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " || $0 == "\n" }.reversed().drop { $0 == " " || $0 == "\n" }.reversed())
    }
    return values.contains("") ? nil : values
  }

  /// A value as it is written in brackets: in quotes where it is no text without.
  static func item(_ value: String) -> String {
    let isPlain =
      value.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "._-/*+ &!".utf8.contains(byte)
        }
      } && !"*&!-".contains(value.prefix(1)) && PlainScalar(Array(value.utf8)[...]) != .other
    return isPlain ? value : "\"\(value.filter { $0 != "\"" && $0 != "\\" })\""
  }
}
