/// A structure of the kernel's headers in bytes that somebody else laid out.
struct Structure<Layout> {
  private let bytes: [UInt8]

  /// - Returns: `nil` unless the bytes are as many as the kernel has for it: filled up to a multiple of 8
  ///   (`XT_ALIGN`).
  init?(_: Layout.Type, _ bytes: [UInt8]) {
    let size = MemoryLayout<Layout>.size
    guard bytes.count >= size, bytes.count <= (size + 7) & ~7 else { return nil }
    self.bytes = bytes
  }

  func bytes<Field>(_ field: KeyPath<Layout, Field>) -> [UInt8] {
    guard let offset = MemoryLayout<Layout>.offset(of: field) else { return [] }
    return Array(bytes[offset..<offset + MemoryLayout<Field>.size])
  }

  /// A number in the host's order.
  func number<Number: FixedWidthInteger>(_ field: KeyPath<Layout, Number>) -> Number {
    let bytes = bytes(field)
    return (hostIsLittle ? bytes.reversed() : bytes).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  /// Numbers of an array, in the host's order.
  func numbers<Field>(_ field: KeyPath<Layout, Field>) -> [UInt16] {
    let bytes = bytes(field)
    return stride(from: 0, to: bytes.count - 1, by: 2).map {
      let (first, second) = (UInt16(bytes[$0]), UInt16(bytes[$0 + 1]))
      return hostIsLittle ? second << 8 | first : first << 8 | second
    }
  }

  /// The ends of a range; `nil` when they are the wrong way round.
  func range<Field>(_ field: KeyPath<Layout, Field>) -> ClosedRange<UInt16>? {
    let ends = numbers(field)
    return ends.count == 2 ? ClosedRange(ends[0], ends[1]) : nil
  }
}

extension ClosedRange {
  /// `nil` when the ends are the wrong way round.
  init?(_ first: Bound, _ last: Bound) {
    guard first <= last else { return nil }
    self = first...last
  }
}
