internal import Policy

/// Reads the moments of an inventory: a day, or a day and a time, always UTC.
enum DateText {
  enum Fault: Error {
    /// Not `2027-03-31` and not `2027-03-31T18:00:00Z`.
    case malformed
    /// A time without `Z`, or with another offset.
    case zone
    /// A day or a time that no calendar has.
    case impossible
    /// Before 2000, or behind what the kernel's clock of nanoseconds can say (2262).
    case outOfReach
  }

  /// The first moment behind a day, or the moment itself.
  static func parse(_ text: ArraySlice<UInt8>) throws(Fault) -> Timestamp {
    let bytes = Array(text)
    guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else {
      throw .malformed
    }
    let year = try number(bytes[0..<4])
    let month = try number(bytes[5..<7])
    let day = try number(bytes[8..<10])
    guard (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year) else { throw .impossible }
    guard (2000...2261).contains(year) else { throw .outOfReach }
    let midnight = Int64(daysSince1970(year, month, day)) * 86_400
    if bytes.count == 10 { return Timestamp(seconds: midnight + 86_400) }
    guard bytes.count >= 19, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":")
    else { throw .malformed }
    let hour = try number(bytes[11..<13])
    let minute = try number(bytes[14..<16])
    let second = try number(bytes[17..<19])
    guard bytes.count == 20, bytes[19] == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T") else {
      throw .zone
    }
    guard hour < 24, minute < 60, second < 60 else { throw .impossible }
    return Timestamp(seconds: midnight + Int64(hour * 3600 + minute * 60 + second))
  }

  private static func number(_ digits: ArraySlice<UInt8>) throws(Fault) -> Int {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .malformed }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let years = year - 1970
    let leapDays = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477
    return years * 365 + leapDays + (1..<month).reduce(0) { $0 + days(inMonth: $1, of: year) } + day - 1
  }
}
