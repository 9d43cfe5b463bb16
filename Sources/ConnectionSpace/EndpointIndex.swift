public import Addressing

/// Finds the endpoints in sets of addresses: how what a space says of addresses is said of machines again.
public struct EndpointIndex: Sendable {
  private let ipv4: [Owner<UInt32>]
  private let ipv6: [Owner<UInt128>]
  private let all: AddressSet

  public init(_ endpoints: Endpoints) {
    ipv4 = endpoints.owners(.ipv4, UInt32.self)
    ipv6 = endpoints.owners(.ipv6, UInt128.self)
    all = AddressSet(endpoints.addresses.joined())
  }

  /// The numbers of the endpoints that have an address in the set, ascending.
  public func endpoints(in set: AddressSet) -> [Int] {
    var found: [Int] = []
    for range in set.ipv4.ranges { found += ipv4.endpoints(in: range) }
    for range in set.ipv6.ranges { found += ipv6.endpoints(in: range) }
    return Set(found).sorted()
  }

  /// What of the set is no endpoint's address.
  public func others(in set: AddressSet) -> AddressSet { set.subtracting(all) }
}

extension Array {
  fileprivate func endpoints<Bound: Comparable & Sendable>(in range: ClosedRange<Bound>) -> [Int]
  where Element == Owner<Bound> {
    let first = firstPosition { $0.address >= range.lowerBound }
    let end = firstPosition { $0.address > range.upperBound }
    return self[first..<end].map(\.endpoint)
  }
}
