internal import Addressing

/// What was recorded, in words that stand in a text one behind the other: tens of thousands of them travel, and are kept.
extension Recorded.Record {
  /// `10.0.0.7 tcp/22` as `10.0.0.7 6/22`; what is forwarded as `10.0.0.7>10.0.0.8 6/22`; a message as `10.0.0.7 1:8`.
  package var text: String {
    var bytes: [UInt8] = []
    peer.appendText(to: &bytes)
    if let destination {
      bytes.append(UInt8(ascii: ">"))
      destination.appendText(to: &bytes)
    }
    var text = String(decoding: bytes, as: UTF8.self) + " \(ipProtocol.rawValue)"
    if let port { text += "/\(port)" }
    if let type { text += ":\(type)" }
    return text
  }
}

/// The words of a text, read one behind the other.
package struct RecordWords {
  private var rest: ArraySlice<UInt8>

  /// - Returns: `nil` of a text that is longer than any that is written.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count <= 512, bytes.last != UInt8(ascii: " ") else { return nil }
    rest = bytes[...]
  }

  package var isAtEnd: Bool { rest.isEmpty }

  /// The record that the next two words are; `nil`: they are none.
  package mutating func record() -> Recorded.Record? {
    let ends = word().split(separator: UInt8(ascii: ">"), maxSplits: 2, omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let peer = try? Address(parsing: ends[0]) else { return nil }
    var destination: Address?
    if ends.count == 2 {
      guard let address = try? Address(parsing: ends[1]) else { return nil }
      destination = address
    }
    let what = word()
    let mark = what.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }
    guard let number = Self.number(what[..<(mark ?? what.endIndex)]), let ipProtocol = UInt8(exactly: number)
    else { return nil }
    var (port, type): (UInt16?, UInt8?)
    if let mark {
      guard let number = Self.number(what[(mark + 1)...]) else { return nil }
      if what[mark] == UInt8(ascii: "/") {
        guard let exact = UInt16(exactly: number) else { return nil }
        port = exact
      } else {
        guard let exact = UInt8(exactly: number) else { return nil }
        type = exact
      }
    }
    return Recorded.Record(
      peer: peer, destination: destination, ipProtocol: IPProtocol(rawValue: ipProtocol), port: port,
      type: type)
  }

  /// The number that the next word is; `nil`: it is none of 64 bits, or has more digits than it needs.
  package mutating func number() -> UInt64? { Self.number(word()) }

  private mutating func word() -> ArraySlice<UInt8> {
    let end = rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex
    let word = rest[..<end]
    rest = end == rest.endIndex ? [] : rest[(end + 1)...]
    return word
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
    var number: UInt64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (tens, isTooMuch) = number.multipliedReportingOverflow(by: 10)
      let (sum, isMore) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      if isTooMuch || isMore { return nil }
      number = sum
    }
    return number
  }
}
