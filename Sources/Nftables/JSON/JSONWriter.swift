internal import JSONStrings

/// Writes JSON into a byte buffer.
struct JSONWriter {
  /// Also writes the parts that are texts in nft's own notation.
  private var text = TextWriter(.file)

  var out: [UInt8] {
    get { text.out }
    _modify { yield &text.out }
  }

  mutating func append(_ literal: StaticString) { text.append(literal) }
  mutating func append(_ literal: String) { text.append(literal) }
  mutating func append(decimal value: UInt64) { text.append(decimal: value) }

  mutating func append(string: String) { out.append(jsonString: string) }

  mutating func append(strings: [String]) {
    append("[")
    for (index, string) in strings.enumerated() {
      if index > 0 { append(",") }
      append(string: string)
    }
    append("]")
  }

  /// A comment under the rules of nft's text, so that a file in one form has one in the other.
  mutating func append(comment: String) throws(TextError) {
    try QuotedText.check(comment, limit: QuotedText.commentLimit)
    append(string: comment)
  }

  mutating func append(seconds milliseconds: UInt64) throws(TextError) {
    guard milliseconds.isMultiple(of: 1000) else { throw .unsupported("parts of a second in JSON") }
    append(decimal: milliseconds / 1000)
  }

  // MARK: Values

  /// A value from its bytes in the order of the type.
  mutating func append(
    _ bytes: some RandomAccessCollection<UInt8>, as type: ValueType, in place: ValuePlace = .plain
  ) throws(TextError) {
    switch type.type {
    case .ipv4Address, .ipv6Address, .etherAddress, .linkLayerAddress, .classID:
      append("\"")
      try text.append(bytes, as: type)
      append("\"")
    case .timeDay: try text.append(bytes, as: type)
    case .interfaceName, .string:
      var name = TextWriter(.file)
      try name.append(bytes, as: type)
      append(string: String(decoding: name.out.dropFirst().dropLast(), as: UTF8.self))
    case .timeDate:
      // As text nft reads seconds; a number it would take for nanoseconds.
      append("\"")
      try text.append(bytes, as: type)
      append("\"")
    case .interfaceIndex: try text.append(bytes, as: type, in: place)
    case .ctLabel: try text.append(bytes, as: type)
    default:
      guard let number = text.number(bytes, type.order) else { throw .unsupported("a number this wide") }
      try append(number, as: type, in: place)
    }
  }

  private mutating func append(
    _ number: UInt64, as type: ValueType, in place: ValuePlace
  ) throws(TextError) {
    switch type.type {
    case .time: return try append(seconds: number)
    case .timeHour: throw .unsupported("meta hour, which depends on the time zone")
    case .boolean: return append(number == 0 ? "false" : "true")
    default: break
    }
    if place != .rangeEnd {
      if let name = DataTypeSymbols.name(type.type, number) { return append(string: name) }
      if type.isBitmask, number != 0 { return append(bits: number, as: type) }
    }
    append(decimal: number)
  }

  /// Bits joined by `|`, two at a time.
  mutating func append(bits number: UInt64, as type: ValueType) {
    let bits = Self.bits(number)
    for _ in bits.dropFirst() { append("{\"|\":[") }
    for (index, bit) in bits.enumerated() {
      if index > 0 { append(",") }
      append(bit: bit, as: type)
      if index > 0 { append("]}") }
    }
  }

  /// Bits as a list: any of them.
  mutating func append(anyOf number: UInt64, as type: ValueType) {
    let bits = Self.bits(number)
    if bits.count == 1 { return append(bit: bits[0], as: type) }
    append("[")
    for (index, bit) in bits.enumerated() {
      if index > 0 { append(",") }
      append(bit: bit, as: type)
    }
    append("]")
  }

  private mutating func append(bit: UInt64, as type: ValueType) {
    if let name = DataTypeSymbols.name(type.type, bit) { append(string: name) } else { append(decimal: bit) }
  }

  private static func bits(_ number: UInt64) -> [UInt64] {
    (0..<64).map { 1 << UInt64($0) }.filter { number & $0 != 0 }
  }

  func number(_ bytes: [UInt8], _ type: ValueType) throws(TextError) -> UInt64 {
    guard let number = text.number(bytes, type.order) else { throw .unsupported("a number this wide") }
    return number
  }

  /// A range as a value or a prefix where it is one.
  mutating func append(
    range low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>, _ type: ValueType
  ) throws(TextError) {
    if low.elementsEqual(high) { return try append(low, as: type) }
    if type.order == .text {
      guard let length = TextWriter.prefixLength(low, high), length.isMultiple(of: 8), length > 0 else {
        throw .unsupported("a range of texts")
      }
      return try append(low.prefix(length / 8), as: type)
    }
    if type.type.hasPrefixes, let length = TextWriter.prefixLength(low, high) {
      return try append(prefix: low, length: length, as: type)
    }
    append("{\"range\":[")
    try append(low, as: type, in: .rangeEnd)
    append(",")
    try append(high, as: type, in: .rangeEnd)
    append("]}")
  }

  mutating func append(
    prefix bytes: some RandomAccessCollection<UInt8>, length: Int, as type: ValueType
  ) throws(TextError) {
    append("{\"prefix\":{\"addr\":")
    try append(bytes, as: type)
    append(",\"len\":")
    append(decimal: UInt64(length))
    append("}}")
  }

  // MARK: Elements

  mutating func append(
    _ elements: SetElements, key: KeyLayout, data: KeyLayout?, isInterval: Bool
  ) throws(TextError) {
    let layout = isInterval ? key.inNetworkOrder : key
    out.reserveCapacity(out.count + elements.count * 24)
    append("[")
    for index in 0..<elements.count {
      if index > 0 { append(",") }
      if elements.payload != .none { append("[") }
      let attributes = elements.attributes.isEmpty ? nil : elements.attributes[index]
      if attributes != nil { append("{\"elem\":{\"val\":") }
      try append(element: elements, index, layout, isInterval: isInterval)
      if let attributes {
        if let timeout = attributes.timeout, timeout > 0 {
          append(",\"timeout\":")
          try append(seconds: timeout)
        }
        if let comment = attributes.comment {
          append(",\"comment\":")
          try append(comment: comment)
        }
        append("}}")
      }
      switch elements.payload {
      case .none: break
      case .verdicts(let verdicts):
        append(",")
        try append(verdicts[index])
        append("]")
      case .values(let bytes, let length):
        guard let data else { throw .unsupported("data of a map") }
        append(",")
        try append(key: bytes[index * length..<(index + 1) * length], data)
        append("]")
      }
    }
    append("]")
  }

  private mutating func append(
    element elements: SetElements, _ index: Int, _ layout: KeyLayout, isInterval: Bool
  ) throws(TextError) {
    let low = elements.key(index)
    guard isInterval else { return try append(key: low, layout) }
    let high = elements.lastKey(index)
    if layout.fields.count == 1 { return try append(range: low, high, layout.fields[0].type) }
    append("{\"concat\":[")
    for (position, field) in layout.fields.enumerated() {
      if position > 0 { append(",") }
      let first = low.startIndex + field.offset
      let last = high.startIndex + field.offset
      try append(range: low[first..<first + field.length], high[last..<last + field.length], field.type)
    }
    append("]}")
  }

  private mutating func append(key bytes: ArraySlice<UInt8>, _ layout: KeyLayout) throws(TextError) {
    if layout.fields.count > 1 { append("{\"concat\":[") }
    for (index, field) in layout.fields.enumerated() {
      if index > 0 { append(",") }
      let start = bytes.startIndex + field.offset
      try append(bytes[start..<start + field.length], as: field.type)
    }
    if layout.fields.count > 1 { append("]}") }
  }

  mutating func append(_ verdict: Verdict) throws(TextError) {
    switch verdict {
    case .drop: append("{\"drop\":null}")
    case .accept: append("{\"accept\":null}")
    case .continue: append("{\"continue\":null}")
    case .return: append("{\"return\":null}")
    case .queue: throw .unsupported("a queue verdict")
    case .jump(let chain):
      append("{\"jump\":{\"target\":")
      append(string: chain.text)
      append("}}")
    case .goto(let chain):
      append("{\"goto\":{\"target\":")
      append(string: chain.text)
      append("}}")
    }
  }
}

extension JSONWriter {
  /// A value as it was read.
  mutating func append(_ value: JSONValue) {
    switch value {
    case .null: append("null")
    case .bool(let truth): append(truth ? "true" : "false")
    case .integer(let number): append(String(number))
    case .otherNumber: append("0.0")
    case .string(let text): append(string: text)
    case .array(let values):
      append("[")
      for (index, value) in values.enumerated() {
        if index > 0 { append(", ") }
        append(value)
      }
      append("]")
    case .object(let members):
      append("{")
      for (index, member) in members.enumerated() {
        if index > 0 { append(", ") }
        append(string: member.key)
        append(": ")
        append(member.value)
      }
      append("}")
    }
  }
}
