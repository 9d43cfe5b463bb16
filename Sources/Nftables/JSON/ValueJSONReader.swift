import Addressing

/// Reads values of libnftables-json(5) into bytes.
enum ValueJSONReader {
  /// The bytes of a value in the order of its type.
  static func bytes(_ value: JSONValue, _ type: ValueType) throws(RulesetJSONError) -> [UInt8] {
    switch type.type {
    case .ipv4Address, .ipv6Address:
      guard let text = value.string else { throw expected("an address", value) }
      guard let address = try? Address(parsing: text), address.family.byteCount == type.byteCount else {
        throw RulesetJSONError(.invalid("\(text.debugDescription) is not an address of type \(name(type))"))
      }
      return address.networkBytes
    case .etherAddress, .linkLayerAddress: return try octets(value, type)
    case .interfaceName, .string: return try text(value, type)
    case .ctLabel: return try label(value)
    default: return numberBytes(try number(value, type), type)
    }
  }

  static func numberBytes(_ number: UInt64, _ type: ValueType) -> [UInt8] {
    let bytes = networkBytes(number)
    let count = type.byteCount
    let wanted =
      count <= 8 ? Array(bytes[(8 - count)...]) : [UInt8](repeating: 0, count: count - 8) + bytes
    return type.order == .host && hostIsLittle ? wanted.reversed() : wanted
  }

  static func number(_ value: JSONValue, _ type: ValueType) throws(RulesetJSONError) -> UInt64 {
    let number: UInt64
    switch value {
    case .integer(let plain):
      guard let positive = UInt64(exactly: plain) else { throw expected("a number", value) }
      switch type.type {
      case .time: number = try scaled(positive, by: 1000)
      case .timeDate: number = try scaled(positive, by: 1_000_000_000)
      default: number = positive
      }
    case .bool(let truth): number = truth ? 1 : 0
    case .string(let text): number = try self.number(text, type)
    case .array(let parts) where type.isBitmask:
      var bits: UInt64 = 0
      for part in parts { bits |= try self.number(part, type) }
      return bits
    case .object:
      guard type.isBitmask, let (sign, operands) = value.onlyMember, sign == "|", let parts = operands.array
      else { throw expected("a value", value) }
      var bits: UInt64 = 0
      for part in parts { bits |= try self.number(part, type) }
      return bits
    default: throw expected("a value", value)
    }
    guard type.bits >= 64 || number >> UInt64(type.bits) == 0 else {
      throw RulesetJSONError(.invalid("\(number) does not fit \(type.bits) bits of type \(name(type))"))
    }
    return number
  }

  private static func number(_ text: String, _ type: ValueType) throws(RulesetJSONError) -> UInt64 {
    switch type.type {
    case .classID: if let number = classID(text) { return number }
    case .timeDate: if let seconds = date(text) { return try scaled(seconds, by: 1_000_000_000) }
    case .timeHour: if let seconds = clock(text) { return seconds }
    case .interfaceIndex: if text == "lo" { return 1 }
    default: break
    }
    if let number = DataTypeSymbols.value(type.type, text) { return number }
    if let number = decimalOrHex(text) {
      // nft reads texts of digits as seconds too.
      return type.type == .timeDate ? try scaled(number, by: 1_000_000_000) : number
    }
    throw RulesetJSONError(.invalid("\(text.debugDescription) is no value of type \(name(type))"))
  }

  /// A number in a smaller unit.
  static func scaled(_ number: UInt64, by factor: UInt64) throws(RulesetJSONError) -> UInt64 {
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    if overflow { throw RulesetJSONError(.invalid("\(number) is too large")) }
    return product
  }

  private static func decimalOrHex(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt64(text)
  }

  private static func classID(_ text: String) -> UInt64? {
    if text == "root" { return 0xffff_ffff }
    if text == "none" { return 0 }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let high = UInt16(parts[0], radix: 16), let low = UInt16(parts[1], radix: 16)
    else { return nil }
    return UInt64(high) << 16 | UInt64(low)
  }

  /// `2027-04-01 00:00:00` in UTC, in seconds since 1970.
  static func date(_ text: String) -> UInt64? {
    let halves = text.split(separator: " ")
    guard halves.count == 2 else { return nil }
    let parts = halves[0].split(separator: "-").compactMap { Int($0) }
    guard parts.count == 3, let time = clock(String(halves[1])) else { return nil }
    // The kernel counts nanoseconds in 64 bits, which end in 2554.
    guard (1970...2554).contains(parts[0]) else { return nil }
    let date = CalendarDate(year: parts[0], month: parts[1], day: parts[2])
    guard (1...12).contains(date.month), (1...31).contains(date.day),
      CalendarDate(daysSince1970: date.daysSince1970) == date, date.daysSince1970 >= 0
    else { return nil }
    return UInt64(date.daysSince1970) * 86400 + time
  }

  static func clock(_ text: String) -> UInt64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
    guard parts.count == 2 || parts.count == 3, let hour = parts[0], let minute = parts[1], hour < 24,
      minute < 60
    else { return nil }
    guard parts.count == 3 else { return hour * 3600 + minute * 60 }
    guard let second = parts[2], second < 60 else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func octets(_ value: JSONValue, _ type: ValueType) throws(RulesetJSONError) -> [UInt8] {
    guard let text = value.string else { throw expected("an address", value) }
    let octets = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt8($0, radix: 16) }
    let bytes = octets.compactMap { $0 }
    guard bytes.count == octets.count, bytes.count == type.byteCount else {
      throw RulesetJSONError(.invalid("\(text.debugDescription) is not an address of type \(name(type))"))
    }
    return bytes
  }

  /// A name padded to its full width; one that ends in an asterisk stands for a beginning and is not.
  private static func text(_ value: JSONValue, _ type: ValueType) throws(RulesetJSONError) -> [UInt8] {
    guard let text = value.string else { throw expected("a text", value) }
    var bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count < 16, !bytes.contains(0) else {
      throw RulesetJSONError(.invalid("\(text.debugDescription) is not a name"))
    }
    if text.hasSuffix("\\*") {
      bytes.removeLast(2)
      bytes.append(UInt8(ascii: "*"))
    } else if text.hasSuffix("*") {
      bytes.removeLast()
      guard !bytes.isEmpty else { throw RulesetJSONError(.invalid("\"*\" is not a name")) }
      return bytes
    }
    return bytes + [UInt8](repeating: 0, count: type.byteCount - bytes.count)
  }

  private static func label(_ value: JSONValue) throws(RulesetJSONError) -> [UInt8] {
    guard let bit = value.integer, (0..<128).contains(bit), hostIsLittle else {
      throw expected("the number of a label", value)
    }
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes[Int(bit) / 8] = 1 << UInt8(bit % 8)
    return bytes
  }

  static func expected(_ what: String, _ value: JSONValue) -> RulesetJSONError {
    RulesetJSONError(.expected(what, found: value.kind))
  }

  private static func name(_ type: ValueType) -> String { type.type.name ?? "\(type.type.rawValue)" }
}
