/// A set of addresses of both families, canonical like its parts.
public struct AddressSet: Hashable, Sendable {
  /// IPv4 addresses as integers; never above `UInt32.max`.
  public let ipv4: IntervalSet<UInt32>
  public let ipv6: IntervalSet<UInt128>

  public init(ipv4: IntervalSet<UInt32> = .init(), ipv6: IntervalSet<UInt128> = .init()) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
  }

  /// The union of single addresses.
  public init(_ addresses: some Sequence<Address>) {
    self.init(ranges: addresses.map { ($0.family, $0.bits...$0.bits) })
  }

  /// The union of prefixes.
  public init(_ prefixes: some Sequence<Prefix>) {
    self.init(ranges: prefixes.map { ($0.family, $0.range) })
  }

  /// The union of ranges.
  public init(_ ranges: some Sequence<AddressRange>) {
    self.init(ranges: ranges.map { ($0.family, $0.bits) })
  }

  private init(ranges: [(AddressFamily, ClosedRange<UInt128>)]) {
    var v4: [ClosedRange<UInt32>] = []
    var v6: [ClosedRange<UInt128>] = []
    for (family, range) in ranges {
      switch family {
      case .ipv4:
        v4.append(
          UInt32(truncatingIfNeeded: range.lowerBound)...UInt32(truncatingIfNeeded: range.upperBound))
      case .ipv6: v6.append(range)
      }
    }
    self.init(ipv4: IntervalSet(v4), ipv6: IntervalSet(v6))
  }

  /// Every address of both families.
  public static var all: Self { Self(ipv4: .all, ipv6: .all) }

  public var isEmpty: Bool { ipv4.isEmpty && ipv6.isEmpty }

  public func isEmpty(_ family: AddressFamily) -> Bool {
    family == .ipv4 ? ipv4.isEmpty : ipv6.isEmpty
  }

  /// The families in which the set holds an address.
  public var families: [AddressFamily] { AddressFamily.allCases.filter { !isEmpty($0) } }

  public func contains(_ address: Address) -> Bool {
    switch address.family {
    case .ipv4: ipv4.contains(UInt32(truncatingIfNeeded: address.bits))
    case .ipv6: ipv6.contains(address.bits)
    }
  }

  public func union(_ other: Self) -> Self {
    Self(ipv4: ipv4.union(other.ipv4), ipv6: ipv6.union(other.ipv6))
  }

  public func intersection(_ other: Self) -> Self {
    Self(ipv4: ipv4.intersection(other.ipv4), ipv6: ipv6.intersection(other.ipv6))
  }

  public func subtracting(_ other: Self) -> Self {
    Self(ipv4: ipv4.subtracting(other.ipv4), ipv6: ipv6.subtracting(other.ipv6))
  }

  /// Whether the other set holds everything this one does.
  public func isSubset(of other: Self) -> Bool {
    ipv4.isSubset(of: other.ipv4) && ipv6.isSubset(of: other.ipv6)
  }

  /// The ranges of one family, widened to the integers of ``Address/bits``.
  public func ranges(_ family: AddressFamily) -> [ClosedRange<UInt128>] {
    switch family {
    case .ipv4: ipv4.ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) }
    case .ipv6: ipv6.ranges
    }
  }
}
