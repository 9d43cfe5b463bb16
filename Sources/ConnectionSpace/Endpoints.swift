public import Addressing

/// Some machines by their addresses: what tells connections between two of them from those of one with itself.
public struct Endpoints: Hashable, Sendable {
  /// The addresses of each; no two share one.
  public let addresses: [[Address]]

  public init(_ addresses: [[Address]]) { self.addresses = addresses }

  /// The addresses of one family, ascending, and whose they are.
  func owners<Bound: FixedWidthInteger & UnsignedInteger & Sendable>(_ family: AddressFamily, _: Bound.Type)
    -> [Owner<Bound>]
  {
    var result: [Owner<Bound>] = []
    for (index, own) in addresses.enumerated() {
      for address in own where address.family == family {
        result.append(Owner(address: Bound(truncatingIfNeeded: address.bits), endpoint: index))
      }
    }
    return result.sorted { $0.address < $1.address }
  }
}

/// An address and the number of the endpoint that has it.
struct Owner<Bound: Sendable>: Sendable {
  let address: Bound
  let endpoint: Int
}
