/// Why a text is not an address, a prefix or a range that Sekisho accepts.
///
/// Everything that other tools read in two ways is refused rather than guessed.
public enum AddressTextError: Error, Hashable, Sendable {
  /// Not the form of an address at all.
  case malformed
  /// `010.1.2.3`: some tools read octal, some decimal.
  case leadingZero
  /// A part above 255, above `ffff`, or a prefix length above the family's width.
  case outOfRange
  /// `10.1.2.3/24`: bits are set behind the prefix; the value is the prefix that was perhaps meant.
  case hostBits(Prefix)
  /// `10.0.0.9-10.0.0.1`: the last address is below the first.
  case inverted
  /// A range whose ends are of two families.
  case mixedFamilies
}

extension Address: CustomStringConvertible {
  /// Reads dotted decimal (four parts, no leading zeros) or RFC 4291 text without a zone.
  ///
  /// - Throws: ``AddressTextError``.
  public init(parsing text: some StringProtocol) throws(AddressTextError) {
    let bytes = Array(text.utf8)
    if bytes.contains(UInt8(ascii: ":")) {
      self.init(.ipv6, try parseIPv6(bytes[...]))
    } else {
      self.init(.ipv4, UInt128(try parseIPv4(bytes[...])))
    }
  }

  /// Text as inet_ntop(3) writes it, so that it equals what nft(8) prints.
  public var description: String {
    String(decoding: textBytes, as: UTF8.self)
  }

  /// The bytes of ``description``, without a String in between.
  public var textBytes: [UInt8] {
    var out: [UInt8] = []
    appendText(to: &out)
    return out
  }

  /// Appends ``description`` to a buffer; the fast path of printing large sets.
  public func appendText(to out: inout [UInt8]) {
    switch family {
    case .ipv4: appendIPv4(UInt32(truncatingIfNeeded: bits), to: &out)
    case .ipv6: appendIPv6(bits, to: &out)
    }
  }
}

private let dot = UInt8(ascii: ".")
private let colon = UInt8(ascii: ":")
private let zero = UInt8(ascii: "0")

private func parseIPv4(_ text: ArraySlice<UInt8>) throws(AddressTextError) -> UInt32 {
  let parts = text.split(separator: dot, omittingEmptySubsequences: false)
  guard parts.count == 4 else { throw .malformed }
  var value: UInt32 = 0
  for part in parts {
    guard !part.isEmpty, part.allSatisfy({ $0 >= zero && $0 <= zero + 9 }) else { throw .malformed }
    if part.count > 1, part.first == zero { throw .leadingZero }
    guard part.count <= 3 else { throw .outOfRange }
    let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - zero) }
    guard number <= 255 else { throw .outOfRange }
    value = value << 8 | number
  }
  return value
}

private func parseIPv6(_ text: ArraySlice<UInt8>) throws(AddressTextError) -> UInt128 {
  // At most one "::" stands for the groups that are missing.
  var halves: [ArraySlice<UInt8>] = []
  var index = text.startIndex
  var start = index
  while index + 1 < text.endIndex {
    if text[index] == colon, text[index + 1] == colon {
      halves.append(text[start..<index])
      start = index + 2
      index += 2
    } else {
      index += 1
    }
  }
  halves.append(text[start...])
  guard halves.count <= 2 else { throw .malformed }

  var groups: [[UInt16]] = []
  for (position, half) in halves.enumerated() {
    groups.append(try parseGroups(half, mayEndInIPv4: position == halves.count - 1))
  }
  let given = groups.reduce(0) { $0 + $1.count }
  var all = groups[0]
  if halves.count == 2 {
    guard given <= 7 else { throw .malformed }
    all += Array(repeating: 0, count: 8 - given) + groups[1]
  }
  guard all.count == 8 else { throw .malformed }
  return all.reduce(0) { $0 << 16 | UInt128($1) }
}

private func parseGroups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) throws(AddressTextError) -> [UInt16] {
  if text.isEmpty { return [] }
  let parts = text.split(separator: colon, omittingEmptySubsequences: false)
  var groups: [UInt16] = []
  for (position, part) in parts.enumerated() {
    if part.contains(dot), mayEndInIPv4, position == parts.count - 1 {
      let tail = try parseIPv4(part)
      groups += [UInt16(tail >> 16), UInt16(truncatingIfNeeded: tail)]
      continue
    }
    guard !part.isEmpty, part.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
      throw .malformed
    }
    guard let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16), part.count <= 4 else {
      throw .outOfRange
    }
    groups.append(value)
  }
  return groups
}

private func appendDecimal(_ value: UInt32, to out: inout [UInt8]) {
  if value >= 10 { appendDecimal(value / 10, to: &out) }
  out.append(zero + UInt8(value % 10))
}

private func appendIPv4(_ value: UInt32, to out: inout [UInt8]) {
  for shift in [24, 16, 8, 0] as [UInt32] {
    appendDecimal(value >> shift & 0xff, to: &out)
    if shift > 0 { out.append(dot) }
  }
}

private func appendHex(_ value: UInt16, to out: inout [UInt8]) {
  let digits = StaticString("0123456789abcdef")
  digits.withUTF8Buffer { digit in
    var shift = UInt16(12)
    while shift > 0, value >> shift == 0 { shift -= 4 }
    while true {
      unsafe out.append(digit[Int(value >> shift & 0xf)])
      if shift == 0 { break }
      shift -= 4
    }
  }
}

private func appendIPv6(_ bits: UInt128, to out: inout [UInt8]) {
  let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128((7 - $0) * 16)) }
  // The longest run of two or more zero groups, the first of equal ones (RFC 5952, 4.2).
  var best = 0..<0
  var index = 0
  while index < 8 {
    var end = index
    while end < 8, groups[end] == 0 { end += 1 }
    if end - index > best.count, end - index >= 2 { best = index..<end }
    index = max(end, index + 1)
  }
  // inet_ntop(3) writes mapped and compatible addresses with a dotted tail.
  let dottedTail =
    best.lowerBound == 0 && (best.count == 6 || (best.count == 5 && groups[5] == 0xffff))
  index = 0
  while index < 8 {
    if best.contains(index) {
      out += [colon, colon]
      index = best.upperBound
      continue
    }
    if index > 0, index != best.upperBound { out.append(colon) }
    if index == 6, dottedTail {
      appendIPv4(UInt32(truncatingIfNeeded: bits), to: &out)
      return
    }
    appendHex(groups[index], to: &out)
    index += 1
  }
}
