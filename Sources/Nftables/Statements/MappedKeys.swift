extension InlineSet {
  /// The set with every key turned into one of `count` bytes; `nil` when a key cannot be.
  func mapKeys(count: Int, _ transform: ([UInt8]) -> [UInt8]?) -> InlineSet? {
    func all(_ bytes: [UInt8]) -> [UInt8]? {
      var out: [UInt8] = []
      for index in 0..<elements.count {
        let key = bytes[index * elements.keyLength..<(index + 1) * elements.keyLength]
        guard let moved = transform(Array(key)), moved.count == count else { return nil }
        out += moved
      }
      return out
    }
    guard let keys = all(elements.keys) else { return nil }
    var lastKeys: [UInt8]?
    if let last = elements.lastKeys {
      guard let moved = all(last) else { return nil }
      lastKeys = moved
    }
    return InlineSet(
      key: key, data: data, flags: flags,
      elements: SetElements(
        keyLength: count, keys: keys, lastKeys: lastKeys, payload: elements.payload,
        attributes: elements.attributes))
  }
}
