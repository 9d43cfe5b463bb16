internal import Nftables

extension ElementCollector {
  /// The elements in order; `nil` when one of them is not modelled.
  ///
  /// - Throws: ``MessageError/duplicateKey(_:)``.
  func finish() throws(MessageError) -> SetElements? {
    guard isExact else { return nil }
    guard count > 0 else { return .none(keyLength: message.keyLength) }
    let order = KeyOrder.ascending(keys, message.keyLength) { keepsEnds && ends[$0] }
    return keepsEnds ? try intervals(order) : try points(order)
  }

  /// Single keys, or ranges that tell both of their ends.
  private func points(_ order: [Int]) throws(MessageError) -> SetElements {
    for index in order.indices.dropFirst()
    where KeyOrder.compare(keys, order[index - 1], keys, order[index], message.keyLength) == 0 {
      throw .duplicateKey(message.set.name)
    }
    return SetElements(
      keyLength: message.keyLength, keys: KeyOrder.gather(keys, message.keyLength, order),
      lastKeys: keepsLastKeys ? KeyOrder.gather(lastKeys, message.keyLength, order) : nil,
      payload: payload(order), attributes: moved(order))
  }

  /// Ranges from the keys that begin one and the keys that end one.
  ///
  /// A range reaches to the key before the next key of either kind: nft leaves out an end where the
  /// next range begins, and an end that no range precedes (at 0) means nothing. A range without an
  /// end reaches to the highest key.
  private func intervals(_ order: [Int]) throws(MessageError) -> SetElements? {
    let length = message.keyLength
    var starts: [Int] = []
    var last: [UInt8] = []
    last.reserveCapacity(keys.count / 2)
    var isOpen = false
    for index in order {
      if isOpen {
        if !ends[index], let previous = starts.last,
          KeyOrder.compare(keys, previous, keys, index, length) == 0
        {
          throw .duplicateKey(message.set.name)
        }
        KeyOrder.appendPredecessor(of: keys, index, length, to: &last)
      }
      isOpen = !ends[index]
      if isOpen { starts.append(index) }
    }
    if isOpen { last.append(contentsOf: repeatElement(0xff, count: length)) }
    if starts.isEmpty { return .none(keyLength: length) }
    return SetElements(
      keyLength: length, keys: KeyOrder.gather(keys, length, starts), lastKeys: last,
      payload: payload(starts), attributes: moved(starts))
  }

  private func payload(_ order: [Int]) -> SetElements.Payload {
    switch (message.set.data, message.dataLength) {
    case (nil, _): .none
    case (_, let length?): .values(KeyOrder.gather(values, length, order), length: length)
    case (_, nil): .verdicts(order.map { verdicts[$0] })
    }
  }

  private func moved(_ order: [Int]) -> [Int: ElementAttributes] {
    if attributes.isEmpty { return [:] }
    var moved: [Int: ElementAttributes] = [:]
    moved.reserveCapacity(attributes.count)
    for (index, old) in order.enumerated() { moved[index] = attributes[old] }
    return moved
  }
}
