internal import Addressing
internal import ConnectionSpace

extension ConnectionSpace {
  /// How many rectangles have an end that is no managed host's.
  func rectangles(outside managed: AddressSet) throws(NotProven) -> Int {
    let outside = AddressSet.all.subtracting(managed)
    return try restricted(from: outside).union(restricted(to: outside)).rectangles().count
  }
}
