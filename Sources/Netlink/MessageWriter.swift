internal import CMnl

/// Packs messages and attributes one behind the other into one growing buffer.
///
/// What does not fit the 16 bits of an attribute's length is a programming error: callers split
/// lists and check names before they get here.
public struct MessageWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var count: Int { bytes.count }

  public mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  /// Forgets everything behind an offset.
  public mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

  /// Begins a message; ``endMessage(_:)`` with the returned offset sets its length.
  public mutating func beginMessage(type: UInt16, flags: UInt16, sequence: UInt32) -> Int {
    let start = bytes.count
    put(host: UInt32(0))
    put(host: type)
    put(host: flags)
    put(host: sequence)
    put(host: UInt32(0))
    return start
  }

  public mutating func endMessage(_ start: Int) {
    set(host: UInt32(bytes.count - start), at: start)
  }

  /// Adds flags to the message that begins at an offset.
  public mutating func setFlags(_ flags: UInt16, at start: Int) {
    set(host: bytes.span.hostUInt16(at: start + 6) | flags, at: start + 6)
  }

  /// Begins a nest; ``endNest(_:)`` with the returned offset sets its length.
  public mutating func beginNest(_ type: some RawRepresentable<UInt32>) -> Int {
    let start = bytes.count
    put(host: UInt16(0))
    put(host: UInt16(type.rawValue) | UInt16(NLA_F_NESTED))
    return start
  }

  /// ``beginNest(_:)`` for an attribute that holds bytes, not attributes.
  public mutating func beginPlain(_ type: some RawRepresentable<UInt32>) -> Int {
    let start = bytes.count
    put(host: UInt16(0))
    put(host: UInt16(type.rawValue))
    return start
  }

  public mutating func endNest(_ start: Int) {
    let length = bytes.count - start
    precondition(length <= Int(UInt16.max), "an attribute is too long")
    set(host: UInt16(length), at: start)
  }

  public mutating func put(_ type: some RawRepresentable<UInt32>, _ payload: some Collection<UInt8>) {
    header(UInt16(type.rawValue), payload.count)
    bytes.append(contentsOf: payload)
    pad()
  }

  /// A text with its NUL.
  public mutating func put(_ type: some RawRepresentable<UInt32>, _ text: String) {
    header(UInt16(type.rawValue), text.utf8.count + 1)
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
    pad()
  }

  /// A number in network order.
  public mutating func put(_ type: some RawRepresentable<UInt32>, _ number: UInt32) {
    header(UInt16(type.rawValue), 4)
    put(host: number.bigEndian)
  }

  /// A number in network order.
  public mutating func put(_ type: some RawRepresentable<UInt32>, _ number: UInt64) {
    header(UInt16(type.rawValue), 8)
    put(host: UInt32(truncatingIfNeeded: number >> 32).bigEndian)
    put(host: UInt32(truncatingIfNeeded: number).bigEndian)
  }

  /// An attribute whose payload is a part of other bytes; nothing is allocated.
  public mutating func put(_ type: UInt16, _ source: [UInt8], _ range: Range<Int>) {
    header(type, range.count)
    bytes.append(contentsOf: source[range])
    pad()
  }

  /// Bytes that are a message, or a part of one, already.
  public mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  public mutating func append(byte: UInt8) { bytes.append(byte) }

  /// Appends the key behind one of many packed keys, as numbers in network order.
  public mutating func append(successorOf keys: [UInt8], _ index: Int, _ length: Int) {
    bytes.append(contentsOf: keys[index * length..<(index + 1) * length])
    var position = bytes.count - 1
    for _ in 0..<length {
      bytes[position] &+= 1
      if bytes[position] != 0 { return }
      position -= 1
    }
  }

  public mutating func pad() {
    while !bytes.count.isMultiple(of: 4) { bytes.append(0) }
  }

  private mutating func header(_ type: UInt16, _ count: Int) {
    precondition(count <= Int(UInt16.max) - 4, "an attribute is too long")
    put(host: UInt16(count + 4))
    put(host: type)
  }

  private mutating func put(host number: UInt16) {
    let number = number.littleEndian
    bytes.append(UInt8(truncatingIfNeeded: number))
    bytes.append(UInt8(truncatingIfNeeded: number >> 8))
  }

  private mutating func put(host number: UInt32) {
    let number = number.littleEndian
    put(host: UInt16(littleEndian: UInt16(truncatingIfNeeded: number)))
    put(host: UInt16(littleEndian: UInt16(truncatingIfNeeded: number >> 16)))
  }

  private mutating func set(host number: UInt16, at offset: Int) {
    let number = number.littleEndian
    bytes[offset] = UInt8(truncatingIfNeeded: number)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: number >> 8)
  }

  private mutating func set(host number: UInt32, at offset: Int) {
    let number = number.littleEndian
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> UInt32(8 * index)) }
  }
}
