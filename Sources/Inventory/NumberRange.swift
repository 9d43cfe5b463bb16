/// A text with one range in it, such as `db-[1..3]` or `10.20.3.[011..013]`: a text for each number.
struct NumberRange {
  let prefix: ArraySlice<UInt8>
  let suffix: ArraySlice<UInt8>
  let numbers: ClosedRange<Int>
  /// Digits to which numbers are filled with zeros; 0 for none.
  let width: Int

  var count: Int { numbers.count }

  enum Fault: Error {
    /// Brackets that hold no `N..M`.
    case malformed
    /// More than one range.
    case several
    case inverted
    /// Leading zeros and ends of different lengths.
    case widths
    /// More than nine digits.
    case tooLarge
  }

  /// - Returns: `nil` for a text without brackets.
  init?(_ text: ArraySlice<UInt8>) throws(Fault) {
    guard text.contains(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }) else { return nil }
    guard let open = text.firstIndex(of: UInt8(ascii: "[")),
      let close = text.firstIndex(of: UInt8(ascii: "]")),
      open < close
    else { throw .malformed }
    prefix = text[..<open]
    suffix = text[(close + 1)...]
    let inside = text[(open + 1)..<close]
    guard let dots = inside.firstIndex(of: UInt8(ascii: ".")), dots + 1 < close,
      inside[dots + 1] == UInt8(ascii: ".")
    else { throw .malformed }
    let ends = (inside[..<dots], inside[(dots + 2)...])
    let low = try Self.number(ends.0)
    let high = try Self.number(ends.1)
    guard !suffix.contains(UInt8(ascii: "[")), !suffix.contains(UInt8(ascii: "]")) else { throw .several }
    let isPadded = [ends.0, ends.1].contains { $0.count > 1 && $0.first == UInt8(ascii: "0") }
    guard !isPadded || ends.0.count == ends.1.count else { throw .widths }
    guard low <= high else { throw .inverted }
    numbers = low...high
    width = isPadded ? ends.0.count : 0
  }

  /// Writes the text for the number at an offset from the first into `buffer`, replacing what it holds.
  func write(_ offset: Int, into buffer: inout [UInt8]) {
    buffer.removeAll(keepingCapacity: true)
    buffer += prefix
    let digits = String(numbers.lowerBound + offset).utf8
    for _ in 0..<max(0, width - digits.count) { buffer.append(UInt8(ascii: "0")) }
    buffer += digits
    buffer += suffix
  }

  private static func number(_ text: ArraySlice<UInt8>) throws(Fault) -> Int {
    guard !text.isEmpty, text.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .malformed }
    guard text.count <= 9 else { throw .tooLarge }
    return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
