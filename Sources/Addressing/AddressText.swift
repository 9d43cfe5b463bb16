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
    try self.init(parsing: Array(text.utf8)[...])
  }

  /// Reads the same text as bytes; allocates nothing, for inventories of ten thousand hosts.
  ///
  /// - Throws: ``AddressTextError``.
  public init(parsing text: ArraySlice<UInt8>) throws(AddressTextError) {
    if text.contains(UInt8(ascii: ":")) {
      self.init(.ipv6, try parseIPv6(text))
    } else {
      self.init(.ipv4, UInt128(try parseIPv4(text)))
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
  var value: UInt32 = 0
  var part: UInt32 = 0
  var digits = 0
  var dots = 0
  // A wrong form outweighs a wrong number: it is reported although the number came first.
  var fault: AddressTextError?
  for byte in text {
    if byte == dot {
      guard digits > 0, dots < 3 else { throw .malformed }
      value = value << 8 | part
      (part, digits, dots) = (0, 0, dots + 1)
      continue
    }
    guard byte >= zero, byte <= zero + 9 else { throw .malformed }
    if digits > 0, part == 0 { fault = fault ?? .leadingZero }
    digits += 1
    part = min(part * 10 + UInt32(byte - zero), 1000)
    if part > 255 { fault = fault ?? .outOfRange }
  }
  guard digits > 0, dots == 3 else { throw .malformed }
  if let fault { throw fault }
  return value << 8 | part
}

private func parseIPv6(_ text: ArraySlice<UInt8>) throws(AddressTextError) -> UInt128 {
  // Groups before and behind the "::" that stands for the missing ones.
  var head: UInt128 = 0
  var tail: UInt128 = 0
  var given = 0
  var afterGap = 0
  var hasGap = false
  var fault: AddressTextError?
  var index = text.startIndex

  func isColon(_ position: Int) -> Bool { position < text.endIndex && text[position] == colon }

  if isColon(index) {
    guard isColon(index + 1) else { throw .malformed }
    hasGap = true
    index += 2
  }
  while index < text.endIndex {
    var end = index
    while end < text.endIndex, text[end] != colon, text[end] != dot { end += 1 }
    let isDotted = end < text.endIndex && text[end] == dot
    let bits: UInt128
    if isDotted {
      bits = UInt128(try parseIPv4(text[index...]))
      end = text.endIndex
    } else {
      guard let group = hexGroup(text[index..<end]) else { throw .malformed }
      if group > 0xffff || end - index > 4 { fault = fault ?? .outOfRange }
      bits = UInt128(group & 0xffff)
    }
    let width = isDotted ? 2 : 1
    given += width
    guard given <= 8 else { throw .malformed }
    if hasGap {
      tail = tail << UInt128(16 * width) | bits
      afterGap += width
    } else {
      head = head << UInt128(16 * width) | bits
    }
    index = end
    guard isColon(index) else { continue }
    index += 1
    if isColon(index) {
      guard !hasGap else { throw .malformed }
      hasGap = true
      index += 1
    } else if index == text.endIndex {
      throw .malformed
    }
  }
  guard hasGap ? given <= 7 : given == 8 else { throw .malformed }
  if let fault { throw fault }
  // All bits of a full tail would be shifted out: a gap at the front leaves no head.
  return hasGap ? (given == afterGap ? 0 : head << UInt128(16 * (8 - given + afterGap))) | tail : head
}

/// The value of one or more hexadecimal digits, 0x10000 for anything larger; `nil` for other text.
private func hexGroup(_ text: ArraySlice<UInt8>) -> UInt32? {
  if text.isEmpty { return nil }
  var value: UInt32 = 0
  for byte in text {
    let digit: UInt8
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
    default: return nil
    }
    value = min(value << 4 | UInt32(digit), 0x1_0000)
  }
  return value
}

private func appendDecimal(_ value: UInt32, to out: inout [UInt8]) {
  if value >= 10 { appendDecimal(value / 10, to: &out) }
  out.append(zero + UInt8(value % 10))
}

private func appendIPv4(_ value: UInt32, to out: inout [UInt8]) {
  appendDecimal(value >> 24, to: &out)
  out.append(dot)
  appendDecimal(value >> 16 & 0xff, to: &out)
  out.append(dot)
  appendDecimal(value >> 8 & 0xff, to: &out)
  out.append(dot)
  appendDecimal(value & 0xff, to: &out)
}

private func appendHex(_ value: UInt16, to out: inout [UInt8]) {
  var shift = UInt16(12)
  while shift > 0, value >> shift == 0 { shift -= 4 }
  while true {
    let digit = UInt8(truncatingIfNeeded: value >> shift & 0xf)
    out.append(digit < 10 ? zero + digit : UInt8(ascii: "a") - 10 + digit)
    if shift == 0 { break }
    shift -= 4
  }
}

private func appendIPv6(_ bits: UInt128, to out: inout [UInt8]) {
  // Large sets print many of these: no array in between.
  let high = UInt64(truncatingIfNeeded: bits >> 64)
  let low = UInt64(truncatingIfNeeded: bits)
  func group(_ index: Int) -> UInt16 {
    index < 4
      ? UInt16(truncatingIfNeeded: high >> UInt64((3 - index) * 16))
      : UInt16(truncatingIfNeeded: low >> UInt64((7 - index) * 16))
  }
  // The longest run of two or more zero groups, the first of equal ones (RFC 5952, 4.2).
  var best = 0..<0
  var index = 0
  while index < 8 {
    var end = index
    while end < 8, group(end) == 0 { end += 1 }
    if end - index > best.count, end - index >= 2 { best = index..<end }
    index = max(end, index + 1)
  }
  // inet_ntop(3) writes mapped and compatible addresses with a dotted tail.
  let dottedTail =
    best.lowerBound == 0 && (best.count == 6 || (best.count == 5 && group(5) == 0xffff))
  index = 0
  while index < 8 {
    if best.contains(index) {
      out.append(colon)
      out.append(colon)
      index = best.upperBound
      continue
    }
    if index > 0, index != best.upperBound { out.append(colon) }
    if index == 6, dottedTail {
      appendIPv4(UInt32(truncatingIfNeeded: bits), to: &out)
      return
    }
    appendHex(group(index), to: &out)
    index += 1
  }
}
