/// The attributes of one message or nest, taken out by type until none is left.
///
/// A decoder that has taken what it knows asks ``isExhausted``: what is left over, or has another
/// size than it should, is something it does not model, and is then never guessed. Types appear at
/// most once; lists of equal attributes are walked with ``AttributeCursor``.
public struct Attributes {
  public let bytes: [UInt8]
  public let range: Range<Int>
  /// A bit for each type that is present and not taken yet.
  private var untaken: UInt64 = 0

  /// `nil` when the bytes are not whole attributes, or a type appears twice or is above 63.
  public init?(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    self.range = range
    var cursor = AttributeCursor(range)
    let span = bytes.span
    while let attribute = cursor.next(in: span) {
      guard attribute.type < 64, untaken & 1 << UInt64(attribute.type) == 0 else { return nil }
      untaken |= 1 << UInt64(attribute.type)
    }
    if cursor.isMalformed { return nil }
  }

  /// Whether everything that was present has been taken.
  public var isExhausted: Bool { untaken == 0 }

  /// Whether an attribute is present and not taken.
  public func contains(_ type: some RawRepresentable<UInt32>) -> Bool {
    type.rawValue < 64 && untaken & 1 << UInt64(type.rawValue) != 0
  }

  /// Where the payload of an attribute lies; with a size, only a payload of exactly that many bytes.
  public mutating func take(_ type: some RawRepresentable<UInt32>, size: Int? = nil) -> Range<Int>? {
    take(number: type.rawValue, size: size)
  }

  /// ``take(_:size:)`` for a type that the headers of the oldest supported system do not name.
  public mutating func take(number: UInt32, size: Int? = nil) -> Range<Int>? {
    guard number < 64, untaken & 1 << UInt64(number) != 0, let payload = find(number) else { return nil }
    if let size, payload.count != size { return nil }
    untaken &= ~(1 << UInt64(number))
    return payload
  }

  private func find(_ number: UInt32) -> Range<Int>? {
    var cursor = AttributeCursor(range)
    let span = bytes.span
    while let attribute = cursor.next(in: span) {
      if UInt32(attribute.type) == number { return attribute.payload }
    }
    return nil
  }

  /// Takes an attribute that means nothing to us, such as padding.
  public mutating func ignore(_ type: some RawRepresentable<UInt32>) { _ = take(type) }

  public mutating func u8(_ type: some RawRepresentable<UInt32>) -> UInt8? {
    take(type, size: 1).map { bytes[$0.lowerBound] }
  }

  /// A number in network order, as nf_tables has all of them.
  public mutating func u16(_ type: some RawRepresentable<UInt32>) -> UInt16? {
    take(type, size: 2).map { UInt16(bytes[$0.lowerBound]) << 8 | UInt16(bytes[$0.lowerBound + 1]) }
  }

  /// A number in network order.
  public mutating func u32(_ type: some RawRepresentable<UInt32>) -> UInt32? {
    take(type, size: 4).map { bytes.span.networkUInt32(at: $0.lowerBound) }
  }

  /// A number in the host's order, as netlink itself has them.
  public mutating func hostU32(_ type: some RawRepresentable<UInt32>) -> UInt32? {
    take(type, size: 4).map { bytes.span.hostUInt32(at: $0.lowerBound) }
  }

  /// A number in network order.
  public mutating func u64(_ type: some RawRepresentable<UInt32>) -> UInt64? {
    take(type, size: 8).map {
      UInt64(bytes.span.networkUInt32(at: $0.lowerBound)) << 32
        | UInt64(bytes.span.networkUInt32(at: $0.lowerBound + 4))
    }
  }

  public mutating func blob(_ type: some RawRepresentable<UInt32>) -> [UInt8]? {
    take(type).map { Array(bytes[$0]) }
  }

  /// A text up to its NUL or its end; `nil`, and not taken, when it is not UTF-8.
  public mutating func text(_ type: some RawRepresentable<UInt32>) -> String? {
    let before = untaken
    guard let payload = take(type) else { return nil }
    let text = bytes[payload].prefix { $0 != 0 }
    guard let text = String(validating: text, as: UTF8.self) else {
      untaken = before
      return nil
    }
    return text
  }

  /// The attributes inside an attribute; `nil`, and not taken, when they are malformed.
  public mutating func nest(_ type: some RawRepresentable<UInt32>) -> Attributes? {
    let before = untaken
    guard let payload = take(type) else { return nil }
    guard let inner = Attributes(bytes, payload) else {
      untaken = before
      return nil
    }
    return inner
  }
}
