/// An address and the number of its leading bits that count, such as `10.20.0.0/16`.
public struct Prefix: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The first address of the prefix: no bit is set behind ``length``.
  public let address: Address
  /// Leading bits that count: 0 to 32 for IPv4, 0 to 128 for IPv6.
  public let length: Int

  /// The prefix of an address; bits behind `length` are cleared.
  public init(containing address: Address, length: Int) {
    precondition((0...address.family.bitWidth).contains(length), "a prefix length is out of range")
    self.address = Address(
      address.family, address.bits & ~Self.hostMask(address.family, length))
    self.length = length
  }

  /// Reads `address/length`, or an address alone as the prefix of its full width.
  ///
  /// - Throws: ``AddressTextError``, among them `hostBits`: the kernel tools mask `10.1.2.3/24`
  ///   silently, which hides a typing error.
  public init(parsing text: some StringProtocol) throws(AddressTextError) {
    guard let slash = text.firstIndex(of: "/") else {
      let address = try Address(parsing: text)
      self.init(containing: address, length: address.family.bitWidth)
      return
    }
    let address = try Address(parsing: text[..<slash])
    let digits = Array(text[text.index(after: slash)...].utf8)
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .malformed }
    if digits.count > 1, digits[0] == 0x30 { throw .leadingZero }
    guard digits.count <= 3 else { throw .outOfRange }
    let length = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard length <= address.family.bitWidth else { throw .outOfRange }
    self.init(containing: address, length: length)
    if self.address != address { throw .hostBits(self) }
  }

  public var family: AddressFamily { address.family }

  /// The last address of the prefix.
  public var last: Address { Address(family, address.bits | Self.hostMask(family, length)) }

  /// First to last address, as integers in host order.
  public var range: ClosedRange<UInt128> { address.bits...last.bits }

  public var description: String { "\(address)/\(length)" }

  public static func < (a: Self, b: Self) -> Bool {
    a.address == b.address ? a.length < b.length : a.address < b.address
  }

  /// The prefix that is exactly this range, if there is one.
  public init?(family: AddressFamily, exactly range: ClosedRange<UInt128>) {
    let size = range.upperBound - range.lowerBound
    guard size & (size &+ 1) == 0, range.lowerBound & size == 0 else { return nil }
    self.init(
      containing: Address(family, range.lowerBound),
      length: family.bitWidth - (128 - size.leadingZeroBitCount))
  }

  private static func hostMask(_ family: AddressFamily, _ length: Int) -> UInt128 {
    length == 0 ? family.highestBits : family.highestBits >> UInt128(length)
  }
}
