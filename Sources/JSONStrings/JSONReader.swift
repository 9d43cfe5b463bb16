/// Why bytes are not the JSON that is read.
package struct JSONSyntaxError: Error, Hashable, Sendable {
  package let offset: Int
  package let reason: String
}

/// Reads one JSON text strictly, value by value (RFC 8259): UTF-8, every key of an object once, at most 100 levels.
///
/// Foundation's decoder takes 0.6 s for 100,000 elements of a verdict map into types that fit them
/// exactly, 2.8 s where an element may be a text, a number or an object, and accepts duplicate keys.
/// This reader takes 0.08 s and refuses them.
package struct JSONReader: Sendable {
  /// What a value is, by its first byte.
  package enum Kind: Sendable {
    case null
    case bool
    case number
    case string
    case array
    case object
  }

  private let bytes: [UInt8]
  private var index = 0
  private var depth = 0
  /// Deeper texts could exhaust the stack.
  private let maximalDepth = 100

  /// Keys of an object that are compared one by one.
  private static let few = 8

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// That nothing but white space follows.
  package mutating func end() throws(JSONSyntaxError) {
    skipSpace()
    guard index == bytes.count else { throw error("something behind the end") }
  }

  /// What the next value is.
  package mutating func kind() throws(JSONSyntaxError) -> Kind {
    skipSpace()
    guard let next else { throw error("the text ends too early") }
    switch next {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw error("not a value")
    }
  }

  // MARK: Values

  /// - Parameter element: reads one value.
  package mutating func array(_ element: (inout Self) throws(JSONSyntaxError) -> Void) throws(JSONSyntaxError)
  {
    try open(UInt8(ascii: "["), "an array is missing")
    defer { depth -= 1 }
    skipSpace()
    if take(UInt8(ascii: "]")) { return }
    while true {
      try element(&self)
      skipSpace()
      if take(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw error("a comma or a bracket is missing") }
    }
  }

  /// - Parameter member: reads the value of a key.
  package mutating func object(
    _ member: (inout Self, String) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try open(UInt8(ascii: "{"), "an object is missing")
    defer { depth -= 1 }
    skipSpace()
    if take(UInt8(ascii: "}")) { return }
    // A few keys are compared faster than hashed; many must not cost their square.
    var (first, known): ([String], Set<String>) = ([], [])
    first.reserveCapacity(Self.few)
    while true {
      skipSpace()
      let start = index
      guard next == UInt8(ascii: "\"") else { throw error("a key is missing") }
      let key = try string()
      let isRepeated = known.isEmpty ? first.contains(key) : !known.insert(key).inserted
      if isRepeated {
        index = start
        throw error("the key \(key.debugDescription) stands twice")
      }
      if known.isEmpty {
        first.append(key)
        if first.count == Self.few { known = Set(first) }
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("a colon is missing") }
      try member(&self, key)
      skipSpace()
      if take(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { throw error("a comma or a brace is missing") }
    }
  }

  /// - Returns: `nil` for a number with a fraction or an exponent, or beyond 64 bits.
  package mutating func integer() throws(JSONSyntaxError) -> Int64? {
    skipSpace()
    let start = index
    let isNegative = take(UInt8(ascii: "-"))
    var value: Int64 = 0
    var fits = true
    let first = index
    while let byte = next, (0x30...0x39).contains(byte) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(byte - 0x30))
      fits = fits && !overflow && !carry
      value = sum
      index += 1
    }
    guard index > first, bytes[first] != 0x30 || index == first + 1 else {
      index = start
      throw error("not a number")
    }
    if take(UInt8(ascii: ".")) {
      fits = false
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      index += 1
      fits = false
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
    return fits ? isNegative ? -value : value : nil
  }

  package mutating func bool() throws(JSONSyntaxError) -> Bool {
    skipSpace()
    let isTrue = next == UInt8(ascii: "t")
    try word(isTrue ? "true" : "false")
    return isTrue
  }

  package mutating func null() throws(JSONSyntaxError) {
    skipSpace()
    try word("null")
  }

  package mutating func string() throws(JSONSyntaxError) -> String {
    skipSpace()
    guard take(UInt8(ascii: "\"")) else { throw error("a text is missing") }
    let start = index
    // Almost all texts are ASCII, which is UTF-8 without a check.
    var all: UInt8 = 0
    var end = start
    while end < bytes.count, bytes[end] != 0x22, bytes[end] != 0x5c, bytes[end] >= 0x20 {
      all |= bytes[end]
      end += 1
    }
    index = end
    switch next {
    case 0x22?:
      let plain = all < 0x80 ? String(decoding: bytes[start..<end], as: UTF8.self) : nil
      guard let text = plain ?? String(validating: bytes[start..<end], as: UTF8.self) else {
        throw error("a text is not UTF-8")
      }
      index += 1
      return text
    case 0x5c?: return try stringWithEscapes(from: start)
    case nil: throw error("a text has no end")
    default: throw error("a control character in a text")
    }
  }

  /// Reads a value that means nothing here.
  package mutating func skip() throws(JSONSyntaxError) {
    switch try kind() {
    case .null: try null()
    case .bool: _ = try bool()
    case .number: _ = try integer()
    case .string: _ = try string()
    case .array: try array { (reader) throws(JSONSyntaxError) in try reader.skip() }
    case .object: try object { (reader, _) throws(JSONSyntaxError) in try reader.skip() }
    }
  }

  // MARK: Bytes

  private func error(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(offset: index, reason: reason) }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  private mutating func open(_ bracket: UInt8, _ missing: String) throws(JSONSyntaxError) {
    skipSpace()
    guard depth < maximalDepth else { throw error("too deep") }
    guard take(bracket) else { throw error(missing) }
    depth += 1
  }

  private mutating func word(_ word: StaticString) throws(JSONSyntaxError) {
    for byte in word.description.utf8 {
      guard take(byte) else { throw error("not a value") }
    }
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let first = index
    while let byte = next, (0x30...0x39).contains(byte) { index += 1 }
    guard index > first else { throw error("digits are missing") }
  }

  private mutating func stringWithEscapes(from start: Int) throws(JSONSyntaxError) -> String {
    var out = Array(bytes[start..<index])
    while let byte = next {
      index += 1
      switch byte {
      case 0x22:
        guard let text = String(validating: out, as: UTF8.self) else { throw error("a text is not UTF-8") }
        return text
      case 0x5c: try escape(into: &out)
      case 0..<0x20: throw error("a control character in a text")
      default: out.append(byte)
      }
    }
    throw error("a text has no end")
  }

  private mutating func escape(into out: inout [UInt8]) throws(JSONSyntaxError) {
    guard let byte = next else { throw error("a text has no end") }
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0c)
    case UInt8(ascii: "n"): out.append(0x0a)
    case UInt8(ascii: "r"): out.append(0x0d)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hex())
      if (0xd800..<0xdc00).contains(code) {
        guard take(0x5c), take(UInt8(ascii: "u")) else { throw error("half a character") }
        let low = UInt32(try hex())
        guard (0xdc00..<0xe000).contains(low) else { throw error("half a character") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a character") }
      out += String(Character(scalar)).utf8
    default: throw error("not an escape")
    }
  }

  private mutating func hex() throws(JSONSyntaxError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw error("not an escape")
      }
      value = value << 4 | UInt16(digit)
      index += 1
    }
    return value
  }
}
