/// Letters and digits, and what else may stand in a text.
///
/// Names become names of files and what `ssh` connects to, and a manifest may have been written by
/// anybody: they hold no more than an inventory lets them hold. No text has what JSON writes with an escape.
struct Letters {
  private var areAllowed = [Bool](repeating: false, count: 256)
  private let mayBeginWithDot: Bool

  static let plain = Self(and: "")
  static let names = Self(and: "._-", mayBeginWithDot: false)
  static let addresses = Self(and: ".:")
  static let logins = Self(and: "._-@:/[]%+")

  /// All of them, for who asks of every byte.
  struct Kinds {
    let plain = Letters.plain
    let names = Letters.names
    let addresses = Letters.addresses
    let logins = Letters.logins
  }

  private init(and others: String, mayBeginWithDot: Bool = true) {
    self.mayBeginWithDot = mayBeginWithDot
    for byte in Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8) + others.utf8 {
      areAllowed[Int(byte)] = true
    }
  }

  /// Whether words can be a transport: they begin with a program whatever directory somebody is in, and one of them has the
  /// host's name.
  static func lead(_ words: [String], to host: String) -> Bool {
    guard let program = words.first, !program.isEmpty, !program.hasPrefix("-"), !program.contains("="),
      program.hasPrefix("/") || !program.contains("/")
    else { return false }
    return words.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } }
      && words.dropFirst().contains { $0.contains(host) }
  }

  func has(_ byte: UInt8) -> Bool { areAllowed[Int(byte)] }

  func mayBegin(with byte: UInt8) -> Bool { mayBeginWithDot || byte != UInt8(ascii: ".") }

  /// Whether they are all there is in a text.
  func make(_ text: String) -> Bool {
    guard let first = text.utf8.first, mayBegin(with: first) else { return false }
    return text.utf8.allSatisfy(has)
  }
}
