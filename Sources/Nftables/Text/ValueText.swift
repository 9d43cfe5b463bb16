import Addressing

/// Writes nft(8) text into a byte buffer.
struct TextWriter {
  var out: [UInt8] = []
  let style: TextStyle

  init(_ style: TextStyle) { self.style = style }

  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes in
      unsafe out.append(contentsOf: bytes)
    }
  }

  mutating func append(_ text: String) { out += text.utf8 }

  mutating func append(byte: UInt8) { out.append(byte) }

  mutating func append(decimal value: UInt64) {
    if value >= 10 { append(decimal: value / 10) }
    out.append(0x30 + UInt8(truncatingIfNeeded: value % 10))
  }

  /// Hexadecimal with at least `digits` digits.
  mutating func append(hex value: UInt64, digits: Int = 1) {
    if value >= 16 || digits > 1 { append(hex: value >> 4, digits: digits - 1) }
    let digit = UInt8(truncatingIfNeeded: value & 0xf)
    out.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
  }

  /// A text between quotes; the caller has checked what is in it.
  mutating func append(quoted text: String) {
    out.append(0x22)
    out += text.utf8
    out.append(0x22)
  }
}

/// Where a value stands decides how nft(8) writes it.
enum ValuePlace {
  case plain
  /// An end of a range: numbers instead of words.
  case rangeEnd
  /// What `meta … set` writes.
  case assigned
}

extension TextWriter {
  /// A value from its bytes in the order of the type.
  mutating func append(
    _ bytes: some RandomAccessCollection<UInt8>, as type: ValueType, in place: ValuePlace = .plain
  ) throws(TextError) {
    switch type.type {
    case .ipv4Address where bytes.count == 4: return append(ipv4: bytes)
    case .ipv6Address where bytes.count == 16:
      Address(.ipv6, Self.number128(bytes)).appendText(to: &out)
      return
    case .etherAddress, .linkLayerAddress: return append(octets: bytes)
    case .interfaceName, .string: return try append(text: bytes)
    case .ctLabel: return try append(label: bytes)
    default: break
    }
    guard let number = number(bytes, type.order) else {
      guard type.isRaw || type.type == .integer else { throw .unsupported("a number this wide") }
      return append(wideHex: bytes)
    }
    try append(number, as: type, in: place)
  }

  /// The 16 bytes of a number in network order.
  private static func number128(_ bytes: some RandomAccessCollection<UInt8>) -> UInt128 {
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
    }
    return UInt128(high) << 64 | UInt128(low)
  }

  /// A number of at most 8 bytes; `nil` for more.
  func number(_ bytes: some RandomAccessCollection<UInt8>, _ order: ByteOrder) -> UInt64? {
    guard bytes.count <= 8 else { return nil }
    if order == .host, hostIsLittle { return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func append(_ number: UInt64, as type: ValueType, in place: ValuePlace) throws(TextError) {
    switch type.type {
    case .time: return try append(milliseconds: number, inSeconds: place == .rangeEnd)
    case .timeDate: return try append(date: number)
    case .timeHour: return try append(hour: number)
    case .classID: return append(classID: number)
    case .interfaceIndex:
      if let name = UInt32(exactly: number).flatMap({ style.interfaces[$0] }) {
        try QuotedText.check(name, limit: 15)
        return append(quoted: name)
      }
      return append(decimal: number)
    default: break
    }
    if place == .rangeEnd { return appendNumeric(number, as: type) }
    if let name = DataTypeSymbols.name(type.type, number) {
      switch type.type {
      case .deviceGroup, .realm, .timeDay: append(quoted: name)
      default: append(name)
      }
      return
    }
    if type.type == .timeDay { throw .unsupported("day \(number)") }
    if place == .assigned, type.type == .ctEventBit, number != 0 {
      return try append(flags: number, as: type, separator: ",")
    }
    // TCP flags as one number, other bits by name.
    if type.isBitmask, type.type != .tcpFlag, type.type != .bitmask, number != 0 {
      return try append(flags: number, as: type, separator: " | ")
    }
    appendNumeric(number, as: type)
  }

  private mutating func appendNumeric(_ number: UInt64, as type: ValueType) {
    if type.isRaw {
      append("0x")
      return append(hex: number)
    }
    switch type.type {
    case .mark:
      append("0x")
      append(hex: number, digits: 8)
    case .etherType:
      append("0x")
      append(hex: number, digits: 4)
    case .dscp:
      append("0x")
      append(hex: number, digits: 2)
    case .tcpFlag, .ctState, .ctStatus, .ctEventBit, .bitmask, .ecn:
      append("0x")
      append(hex: number)
    default: append(decimal: number)
    }
  }

  /// Bits by name, unknown ones as one number each: `new,0x80`.
  mutating func append(
    flags number: UInt64, as type: ValueType, separator: StaticString
  ) throws(TextError) {
    var rest = number
    var isFirst = true
    while rest != 0 {
      let bit = rest & (~rest &+ 1)
      rest &= rest &- 1
      if !isFirst { append(separator) }
      isFirst = false
      if let name = DataTypeSymbols.name(type.type, bit) {
        append(name)
      } else {
        append("0x")
        append(hex: bit)
      }
    }
    if isFirst { append("0x0") }
  }

  private mutating func append(ipv4 bytes: some RandomAccessCollection<UInt8>) {
    var isFirst = true
    for byte in bytes {
      if !isFirst { out.append(0x2e) }
      isFirst = false
      if byte >= 100 { out.append(0x30 + byte / 100) }
      if byte >= 10 { out.append(0x30 + byte / 10 % 10) }
      out.append(0x30 + byte % 10)
    }
  }

  private mutating func append(octets bytes: some RandomAccessCollection<UInt8>) {
    var isFirst = true
    for byte in bytes {
      if !isFirst { out.append(0x3a) }
      isFirst = false
      append(hex: UInt64(byte), digits: 2)
    }
  }

  private mutating func append(wideHex bytes: some RandomAccessCollection<UInt8>) {
    append("0x")
    var isFirst = true
    for byte in bytes where !isFirst || byte != 0 {
      append(hex: UInt64(byte), digits: isFirst ? 1 : 2)
      isFirst = false
    }
    if isFirst { append("0") }
  }

  /// An interface name; one that is not padded to its full width stands for all that begin with it.
  private mutating func append(text bytes: some RandomAccessCollection<UInt8>) throws(TextError) {
    let name = bytes.prefix { $0 != 0 }
    guard bytes.dropFirst(name.count).allSatisfy({ $0 == 0 }) else {
      throw .unsupported("a text with bytes behind its end")
    }
    guard let text = String(validating: name, as: UTF8.self), !text.isEmpty else {
      throw .unsupported("an empty or invalid text")
    }
    try QuotedText.check(text, limit: 16)
    // What iptables compares with the NUL behind the name is the whole name.
    let isWildcard = bytes.count < 16 && bytes.count == name.count
    guard !text.dropLast().contains("*"), !text.contains("\\"), !(isWildcard && text.hasSuffix("*")) else {
      throw .unprintable(text)
    }
    out.append(0x22)
    if text.hasSuffix("*") {
      out += text.dropLast().utf8
      append("\\*")
    } else {
      out += text.utf8
    }
    if isWildcard { out.append(0x2a) }
    out.append(0x22)
  }

  /// One bit of a connection's labels, by its number.
  private mutating func append(label bytes: some RandomAccessCollection<UInt8>) throws(TextError) {
    var bits: [Int] = []
    for (index, byte) in bytes.enumerated() {
      for bit in 0..<8 where byte >> UInt8(bit) & 1 == 1 { bits.append(index * 8 + bit) }
    }
    guard bits.count == 1, hostIsLittle else { throw .unsupported("several connection labels") }
    append(decimal: UInt64(bits[0]))
  }

  private mutating func append(classID number: UInt64) {
    switch number {
    case 0xffff_ffff: append("root")
    case 0: append("none")
    default:
      append(hex: number >> 16)
      append(":")
      append(hex: number & 0xffff)
    }
  }

  /// `1h30m`; the ends of ranges as seconds alone.
  mutating func append(milliseconds: UInt64, inSeconds: Bool = false) throws(TextError) {
    guard milliseconds > 0 else { throw .unsupported("a time of zero") }
    if inSeconds {
      guard milliseconds.isMultiple(of: 1000) else { throw .unsupported("a range of milliseconds") }
      append(decimal: milliseconds / 1000)
      return append("s")
    }
    var rest = milliseconds
    let units: [(UInt64, StaticString)] = [
      (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms"),
    ]
    for (size, unit) in units where rest >= size {
      append(decimal: rest / size)
      append(unit)
      rest %= size
    }
  }

  private mutating func append(date nanoseconds: UInt64) throws(TextError) {
    let seconds = nanoseconds / 1_000_000_000
    guard nanoseconds.isMultiple(of: 1_000_000_000) else { throw .unsupported("parts of a second") }
    guard style.use == .listing else { return append(decimal: seconds) }
    append("\"")
    append(utc: seconds)
    append("\"")
  }

  /// `2027-04-01 00:00:00`, in UTC.
  mutating func append(utc seconds: UInt64) {
    let date = CalendarDate(daysSince1970: Int(seconds / 86400))
    append(decimal: UInt64(date.year))
    append("-")
    append(twoDigits: UInt64(date.month))
    append("-")
    append(twoDigits: UInt64(date.day))
    append(" ")
    append(clock: seconds % 86400)
    append(":")
    append(twoDigits: seconds % 60)
  }

  private mutating func append(clock seconds: UInt64) {
    append(twoDigits: seconds / 3600)
    append(":")
    append(twoDigits: seconds / 60 % 60)
  }

  private mutating func append(twoDigits value: UInt64) {
    if value < 10 { out.append(0x30) }
    append(decimal: value)
  }

  /// `"17:00"`, in UTC; nft(8) reads and prints the machine's time zone, so only a listing has it.
  private mutating func append(hour seconds: UInt64) throws(TextError) {
    guard seconds < 86400 else { throw .unsupported("an hour behind the day's end") }
    guard style.use == .listing else { throw .unsupported("meta hour, which depends on the time zone") }
    append("\"")
    append(clock: seconds)
    if !seconds.isMultiple(of: 60) {
      append(":")
      append(twoDigits: seconds % 60)
    }
    append("\"")
  }
}

/// A day of the Gregorian calendar.
struct CalendarDate: Hashable, Sendable {
  let year: Int
  let month: Int
  let day: Int

  /// Counts in eras of 400 years that begin with March, so that leap days come last.
  init(daysSince1970 days: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  var daysSince1970: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
