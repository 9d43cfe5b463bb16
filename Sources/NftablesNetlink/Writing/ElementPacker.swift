internal import CNftnl
internal import Netlink
internal import Nftables

/// Packs the elements of a set as attributes, see ElementCollector for their tree.
///
/// A hundred thousand elements pass here: everything goes straight into the one growing buffer.
struct ElementPacker {
  /// Which elements are left out because an operation does not need them.
  enum Purpose {
    /// A new set. nft begins an interval set with an end at 0 unless a range begins there.
    case create
    case add
    /// Keys alone tell which elements go.
    case delete
  }

  let elements: SetElements
  let purpose: Purpose
  /// Whether each range is told by an element where it begins and another behind its end.
  let hasEndElements: Bool
  /// Whether an end is left out where the next range begins, as nft does in anonymous sets.
  let joinsTouching: Bool
  let isMap: Bool

  /// - Throws: when ranges, single keys and data do not go with the set's declaration.
  init(
    _ elements: SetElements, _ flags: SetFlags, data: [DataType]?, _ purpose: Purpose
  ) throws(EncodingError) {
    self.elements = elements
    self.purpose = purpose
    hasEndElements = flags.contains(.interval) && !flags.contains(.concatenated)
    joinsTouching = flags.contains(.anonymous)
    isMap = data != nil
    guard !elements.isEmpty else { return }
    guard (elements.lastKeys != nil) == flags.contains(.interval) else { throw .elementKind }
    switch elements.payload {
    case .none: if isMap && purpose != .delete { throw .elementData }
    case .verdicts: if data != [.verdict] { throw .elementData }
    case .values: if data == nil || data == [.verdict] { throw .elementData }
    }
  }

  /// Whether an end at 0 goes first.
  private var hasLeadingEnd: Bool {
    hasEndElements && purpose == .create && !elements.isEmpty && !elements.key(0).allSatisfy { $0 == 0 }
  }

  /// The size that nft declares for an anonymous set: it counts an end for every range, also those it
  /// leaves out.
  var declaredSize: Int {
    hasEndElements ? 2 * elements.count + (hasLeadingEnd ? 1 : 0) : elements.count
  }

  /// Whether an element of its own ends the range: not at the highest key, nor, in an anonymous set,
  /// where the next range begins.
  private func hasEnd(_ index: Int) -> Bool {
    let last = elements.lastKeys ?? elements.keys
    let length = elements.keyLength
    var position = (index + 1) * length
    while position > index * length, last[position - 1] == 0xff { position -= 1 }
    if position == index * length { return false }
    guard joinsTouching, index + 1 < elements.count else { return true }
    return !touchesNext(index, last)
  }

  private func touchesNext(_ index: Int, _ last: [UInt8]) -> Bool {
    let length = elements.keyLength
    var carry: UInt8 = 1
    var position = length - 1
    while position >= 0 {
      let (sum, overflow) = last[index * length + position].addingReportingOverflow(carry)
      if sum != elements.keys[(index + 1) * length + position] { return false }
      carry = overflow ? 1 : 0
      position -= 1
    }
    return true
  }

  /// Bytes of the largest element: a key and the end behind it, with a long comment and a jump.
  private var largest: Int { 8 * (elements.keyLength + 16) + 1024 }

  /// Packs from an index on as many elements as a list can hold.
  ///
  /// - Returns: the index of the first element that did not fit.
  func pack(from start: Int, into writer: inout MessageWriter) throws(EncodingError) -> Int {
    let list = writer.beginNest(NFTA_SET_ELEM_LIST_ELEMENTS)
    var index = start
    if start == 0, hasLeadingEnd {
      putEnd(into: &writer) { writer in
        for _ in 0..<elements.keyLength { writer.append(byte: 0) }
      }
    }
    while index < elements.count, writer.count - list + largest <= Int(UInt16.max) {
      try put(index, into: &writer)
      if hasEndElements, hasEnd(index) {
        putEnd(into: &writer) { writer in
          writer.append(successorOf: elements.lastKeys ?? elements.keys, index, elements.keyLength)
        }
      }
      index += 1
    }
    writer.endNest(list)
    return index
  }

  private func put(_ index: Int, into writer: inout MessageWriter) throws(EncodingError) {
    let range = index * elements.keyLength..<(index + 1) * elements.keyLength
    let element = writer.beginNest(NFTA_LIST_ELEM)
    let key = writer.beginNest(NFTA_SET_ELEM_KEY)
    writer.put(UInt16(NFTA_DATA_VALUE.rawValue), elements.keys, range)
    writer.endNest(key)
    if !hasEndElements, let last = elements.lastKeys {
      let end = writer.beginNest(NFTA_SET_ELEM_KEY_END)
      writer.put(UInt16(NFTA_DATA_VALUE.rawValue), last, range)
      writer.endNest(end)
    }
    if purpose != .delete { try putRest(index, into: &writer) }
    writer.endNest(element)
  }

  private func putRest(_ index: Int, into writer: inout MessageWriter) throws(EncodingError) {
    switch elements.payload {
    case .none: break
    case .verdicts(let verdicts):
      let data = writer.beginNest(NFTA_SET_ELEM_DATA)
      VerdictData.encode(verdicts[index], into: &writer)
      writer.endNest(data)
    case .values(let values, let length):
      let data = writer.beginNest(NFTA_SET_ELEM_DATA)
      writer.put(UInt16(NFTA_DATA_VALUE.rawValue), values, index * length..<(index + 1) * length)
      writer.endNest(data)
    }
    let reachesTop = hasEndElements && !hasEnd(index) && isHighest(index)
    guard reachesTop || !elements.attributes.isEmpty else { return }
    let extra = elements.attributes[index]
    if let timeout = extra?.timeout { writer.put(NFTA_SET_ELEM_TIMEOUT, timeout) }
    var notes: [UInt8] = []
    try UserData.append(
      extra?.comment, NFTNL_UDATA_SET_ELEM_COMMENT.rawValue, limit: UserData.comment - 6, to: &notes)
    if reachesTop {
      // So that nft lists a range with its end, and not as open.
      UserData.append(
        NFTNL_SET_ELEM_F_INTERVAL_OPEN.rawValue, NFTNL_UDATA_SET_ELEM_FLAGS.rawValue, to: &notes)
    }
    if !notes.isEmpty { writer.put(NFTA_SET_ELEM_USERDATA, notes) }
  }

  private func isHighest(_ index: Int) -> Bool { elements.lastKey(index).allSatisfy { $0 == 0xff } }

  private func putEnd(into writer: inout MessageWriter, _ key: (inout MessageWriter) -> Void) {
    let element = writer.beginNest(NFTA_LIST_ELEM)
    writer.put(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END.rawValue)
    let nest = writer.beginNest(NFTA_SET_ELEM_KEY)
    let value = writer.beginPlain(NFTA_DATA_VALUE)
    key(&writer)
    writer.endNest(value)
    writer.pad()
    writer.endNest(nest)
    writer.endNest(element)
  }
}
