/// What else the kernel keeps for an element; all of it optional.
public struct ElementAttributes: Hashable, Sendable {
  /// At most 255 bytes.
  public var comment: String?
  /// Milliseconds after which the element goes, counted from when it was added.
  public var timeout: UInt64?

  public init(comment: String? = nil, timeout: UInt64? = nil) {
    self.comment = comment
    self.timeout = timeout
  }
}

/// The elements of one set, packed: sorted, without duplicates, in the kernel's own byte layout.
///
/// A hundred thousand elements are one array, not a hundred thousand objects, so comparing two sets
/// is one merge of two byte strings and sending one is a copy. Byte order is network order, in which
/// comparing bytes compares numbers.
public struct SetElements: Hashable, Sendable {
  /// What each key of a map leads to, in the order of the keys.
  public enum Payload: Hashable, Sendable {
    /// A set: keys lead nowhere.
    case none
    case verdicts([Verdict])
    /// `length` bytes a key.
    case values([UInt8], length: Int)
  }

  /// Bytes of one key: each field of a concatenation padded to a multiple of 4, as in registers.
  public let keyLength: Int
  /// The keys one behind the other, ascending; the first of each range in an interval set.
  public let keys: [UInt8]
  /// The last key (inclusive) of each range, parallel to ``keys``; `nil` in a set of single keys.
  public let lastKeys: [UInt8]?
  public let payload: Payload
  /// Attributes of the elements that have any, by index.
  public let attributes: [Int: ElementAttributes]

  /// Sorts and packs. Two elements with one key, or keys of another length, are a programming error:
  /// whoever reads elements from outside checks first.
  public init(
    keyLength: Int, keys: [UInt8], lastKeys: [UInt8]? = nil, payload: Payload = .none,
    attributes: [Int: ElementAttributes] = [:]
  ) {
    precondition(keyLength > 0 && keys.count.isMultiple(of: keyLength), "keys are not of one length")
    precondition(lastKeys.map { $0.count == keys.count } ?? true, "a range lacks an end")
    let count = keys.count / keyLength
    switch payload {
    case .none: break
    case .verdicts(let verdicts): precondition(verdicts.count == count, "a key lacks its verdict")
    case .values(let bytes, let length): precondition(bytes.count == count * length, "a key lacks its data")
    }
    self.keyLength = keyLength
    if Self.isAscending(keys, keyLength) {
      self.keys = keys
      self.lastKeys = lastKeys
      self.payload = payload
      self.attributes = attributes
      return
    }
    let order = (0..<count).sorted { Self.compare(keys, $0, keys, $1, keyLength) < 0 }
    func reordered(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
      var out: [UInt8] = []
      out.reserveCapacity(bytes.count)
      for index in order { out += bytes[index * length..<(index + 1) * length] }
      return out
    }
    self.keys = reordered(keys, keyLength)
    precondition(Self.isAscending(self.keys, keyLength), "two elements have one key")
    self.lastKeys = lastKeys.map { reordered($0, keyLength) }
    self.payload =
      switch payload {
      case .none: .none
      case .verdicts(let verdicts): .verdicts(order.map { verdicts[$0] })
      case .values(let bytes, let length): .values(reordered(bytes, length), length: length)
      }
    var moved: [Int: ElementAttributes] = [:]
    for (index, old) in order.enumerated() { moved[index] = attributes[old] }
    self.attributes = moved
  }

  /// No elements, of keys of this many bytes.
  public static func none(keyLength: Int) -> Self { Self(keyLength: keyLength, keys: []) }

  public var count: Int { keys.count / keyLength }
  public var isEmpty: Bool { keys.isEmpty }

  public func key(_ index: Int) -> ArraySlice<UInt8> {
    keys[index * keyLength..<(index + 1) * keyLength]
  }

  /// The last key of a range; the key itself in a set of single keys.
  public func lastKey(_ index: Int) -> ArraySlice<UInt8> {
    (lastKeys ?? keys)[index * keyLength..<(index + 1) * keyLength]
  }

  /// Index of the element that holds a key, by binary search.
  public func index(of key: some RandomAccessCollection<UInt8>) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if lastKey(middle).lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    guard low < count, !key.lexicographicallyPrecedes(self.key(low)) else { return nil }
    return low
  }

  /// Negative, zero or positive as one key is below, equal to or above a key of another set.
  public func compareKey(_ index: Int, to other: Self, _ otherIndex: Int) -> Int {
    Self.compare(keys, index, other.keys, otherIndex, keyLength)
  }

  /// Whether two elements with one key are equal in everything else.
  public func isElement(_ index: Int, equalTo other: Self, _ otherIndex: Int) -> Bool {
    guard lastKey(index) == other.lastKey(otherIndex) else { return false }
    guard attributes[index] == other.attributes[otherIndex] else { return false }
    return switch (payload, other.payload) {
    case (.none, .none): true
    case (.verdicts(let mine), .verdicts(let theirs)): mine[index] == theirs[otherIndex]
    case (.values(let mine, let length), .values(let theirs, let otherLength)):
      length == otherLength
        && mine[index * length..<(index + 1) * length]
          == theirs[otherIndex * length..<(otherIndex + 1) * length]
    default: false
    }
  }

  /// Only the elements at these ascending indices.
  public func selecting(_ indices: [Int]) -> Self {
    func chosen(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
      var out: [UInt8] = []
      out.reserveCapacity(indices.count * length)
      for index in indices { out += bytes[index * length..<(index + 1) * length] }
      return out
    }
    var kept: [Int: ElementAttributes] = [:]
    if !attributes.isEmpty {
      for (new, old) in indices.enumerated() { kept[new] = attributes[old] }
    }
    let selected: Payload =
      switch payload {
      case .none: .none
      case .verdicts(let verdicts): .verdicts(indices.map { verdicts[$0] })
      case .values(let bytes, let length): .values(chosen(bytes, length), length: length)
      }
    return Self(
      keyLength: keyLength, keys: chosen(keys, keyLength), lastKeys: lastKeys.map { chosen($0, keyLength) },
      payload: selected, attributes: kept)
  }

  static func compare(_ a: [UInt8], _ i: Int, _ b: [UInt8], _ j: Int, _ length: Int) -> Int {
    var p = i * length
    var q = j * length
    let end = p + length
    while p < end {
      if a[p] != b[q] { return a[p] < b[q] ? -1 : 1 }
      p += 1
      q += 1
    }
    return 0
  }

  private static func isAscending(_ keys: [UInt8], _ length: Int) -> Bool {
    var index = 1
    let count = keys.count / length
    while index < count {
      if compare(keys, index - 1, keys, index, length) >= 0 { return false }
      index += 1
    }
    return true
  }
}
