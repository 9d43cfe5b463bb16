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

  /// The name, or the same with a number where it is taken.
  package static func free(_ name: String, besides taken: Set<String>) -> String {
    let whole = String(name.prefix(longest))
    if !taken.contains(whole) { return whole }
    let beginning = name.prefix(longest - 5)
    var number = 2
    while taken.contains("\(beginning)-\(number)") { number += 1 }
    return "\(beginning)-\(number)"
  }
}
