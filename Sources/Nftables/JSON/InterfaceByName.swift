/// Rules that compare the index of an interface (`iif`), which nft(8) prints as its name.
///
/// Which index the interface has only its machine knows, and there the index and the name mean the same: it is
/// read as a comparison of names. The loopback has the same index everywhere.
extension Operand {
  /// - Parameter keys: what it is compared to.
  func byName(in keys: [JSONValue]) -> Operand {
    switch self {
    case .meta(.inputInterface) where keys.contains(where: \.isInterfaceName): .meta(.inputInterfaceName)
    case .meta(.outputInterface) where keys.contains(where: \.isInterfaceName): .meta(.outputInterfaceName)
    case .concatenation(let parts):
      .concatenation(
        parts.enumerated().map { index, part in
          part.byName(
            in: keys.compactMap { key in
              key["concat"]?.array.flatMap { index < $0.count ? $0[index] : nil }
            })
        })
    default: self
    }
  }
}

extension JSONValue {
  /// What is asked for: values, or the keys of a map.
  func keys(isMap: Bool) -> [JSONValue] {
    let elements = self["set"]?.array ?? self["set"].map { [$0] } ?? [self]
    return elements.compactMap { element in
      let key = isMap ? element.array?.first : element
      return key?["elem"]?["val"] ?? key
    }
  }

  fileprivate var isInterfaceName: Bool {
    switch self {
    case .string(let text):
      text != "lo" && !text.hasPrefix("@") && !text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    case .object(let members):
      members.contains { $0.value.array?.contains(where: \.isInterfaceName) ?? false }
    default: false
    }
  }
}
