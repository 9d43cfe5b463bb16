/// Names as the inventory has them: `[a-z0-9._-]`, beginning with a letter or a digit, 63 characters at most.
package enum InventoryName {
  private static let longest = 63

  /// Words that some readers of YAML take for no text (YAML 1.1, bool and null).
  private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

  /// As a scalar: in quotes where it may read as anything but a text, such as a number.
  package static func yaml(_ name: String) -> String {
    let isPlain = name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ?? false
    return isPlain && !words.contains(name) ? name : "\"\(name)\""
  }

  /// Any text in which nothing is invisible, as a scalar.
  package static func quoted(_ text: String) -> String {
    var scalar = "\""
    for character in text.unicodeScalars {
      if character == "\\" || character == "\"" { scalar += "\\" }
      scalar.unicodeScalars.append(character)
    }
    return scalar + "\""
  }

  /// What a text of somebody else becomes as a name: capital letters small, and `-` for whatever else no name may have.
  ///
  /// - Parameter lead: what stands in front, with `-`, where the text has no letter.
  /// - Returns: `nil` where nothing is left, or it is too long, or has characters beside those that ASCII prints: they are
  ///   invisible, or look like others.
  package static func made(of text: String, lead: String) -> String? {
    var name: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte | 0x20)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): name.append(byte)
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): if !name.isEmpty { name.append(byte) }
      case 0x20..<0x7f: if !name.isEmpty, name.last != UInt8(ascii: "-") { name.append(UInt8(ascii: "-")) }
      default: return nil
      }
    }
    while name.last == UInt8(ascii: "-"), !text.hasSuffix("-") { name.removeLast() }
    guard !name.isEmpty else { return nil }
    let isNumber = !name.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    let made = (isNumber ? "\(lead)-" : "") + String(decoding: name, as: UTF8.self)
    return made.utf8.count <= longest ? made : nil
  }

  /// The name, or the same with a number where it is taken.
  package static func free(_ name: String, besides taken: Set<String>) -> String {
    var names = FreeNames(besides: taken)
    return names.take(name)
  }

  /// Names of which each is taken as soon as it is given.
  package struct FreeNames {
    private var taken: Set<String>
    /// By what stands in front of the number, the first that nobody has looked at: those before it are taken for good.
    private var next: [String: Int] = [:]

    package init(besides taken: Set<String>) { self.taken = taken }

    /// The name, or the same with a number where it is taken.
    package mutating func take(_ name: String) -> String {
      let whole = Self.beginning(of: name, longest)
      if taken.insert(whole).inserted { return whole }
      let beginning = Self.beginning(of: name, longest - 5)
      var number = next[beginning] ?? 2
      while !taken.insert("\(beginning)-\(number)").inserted { number += 1 }
      next[beginning] = number + 1
      return "\(beginning)-\(number)"
    }

    private static func beginning(of name: String, _ length: Int) -> String {
      name.utf8.count <= length ? name : String(name.prefix(length))
    }
  }
}
