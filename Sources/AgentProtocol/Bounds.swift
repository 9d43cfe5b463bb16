/// How much of anything travels. Whoever is at the other end may be out of order or mean harm: what goes
/// beyond a bound is an error of that end, and costs this one no more than the bound.
package enum Bounds {
  /// Bytes of the header of a request.
  package static let requestHeader = 1 << 22
  /// Bytes of the header of an answer or an event: the description of a change is in it.
  package static let answerHeader = 1 << 24
  /// Bytes of all tables of one message together: rulesets of some two million elements.
  package static let tables = 1 << 28
  /// Tables of one message.
  package static let tableCount = 4096
  /// Events ahead of one answer.
  package static let events = 100_000

  /// Bytes of a message for people.
  static let message = 4096
  /// Bytes of a name, a version or a word; of a reason, too.
  package static let word = 512
  /// Addresses, chains, requests: whatever is listed of one machine.
  static let list = 65_536

  /// Whether a number of things is such that sums of such numbers do not overflow.
  static func isCount(_ count: Int) -> Bool { (0...1 << 40).contains(count) }

  /// Whether milliseconds for which something lasts, or seconds since 1970, are such that sums and differences do not overflow.
  static func isTime(_ time: (some BinaryInteger)?) -> Bool {
    time.map { (-(1 << 50)...1 << 50).contains(Int64(clamping: $0)) } ?? true
  }

  /// The beginning of a text that is too long.
  static func clamped(_ text: String, to bytes: Int) -> String {
    if text.utf8.count <= bytes { return text }
    var result = ""
    var room = bytes
    for character in text {
      room -= character.utf8.count
      if room < 0 { break }
      result.append(character)
    }
    return result + "…"
  }
}
