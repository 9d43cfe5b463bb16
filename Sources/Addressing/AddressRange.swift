/// Addresses of one family from a first to a last one, such as `10.1.50.10-10.1.50.99`.
public struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  public let first: Address
  /// Of the same family, and not below ``first``.
  public let last: Address

  public init(_ prefix: Prefix) {
    first = prefix.address
    last = prefix.last
  }

  /// Reads two addresses with `-` between, `address/length`, or an address alone.
  ///
  /// - Throws: ``AddressTextError``.
  public init(parsing text: some StringProtocol) throws(AddressTextError) {
    guard let dash = text.firstIndex(of: "-") else {
      self = Self(try Prefix(parsing: text))
      return
    }
    let (first, last) = (
      try Address(parsing: text[..<dash]), try Address(parsing: text[text.index(after: dash)...])
    )
    guard first.family == last.family else { throw .mixedFamilies }
    guard first <= last else { throw .inverted }
    (self.first, self.last) = (first, last)
  }

  public var family: AddressFamily { first.family }

  /// As integers in host order.
  public var bits: ClosedRange<UInt128> { first.bits...last.bits }

  /// Whether a prefix has all of it.
  public func isInside(_ prefix: Prefix) -> Bool {
    family == prefix.family && prefix.range.contains(first.bits) && prefix.range.contains(last.bits)
  }

  /// Whether it has a part of a prefix and addresses beside that, and not all of it.
  public func cuts(_ prefix: Prefix) -> Bool {
    family == prefix.family && bits.overlaps(prefix.range) && !isInside(prefix)
      && !(bits.contains(prefix.range.lowerBound) && bits.contains(prefix.range.upperBound))
  }

  /// `10.0.0.1`, `10.0.0.0/8`, or the two ends.
  public var description: String {
    if first == last { return "\(first)" }
    return Prefix(family: family, exactly: bits).map { "\($0)" } ?? "\(first)-\(last)"
  }
}
