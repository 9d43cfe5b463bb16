/// How the fields of a set's keys, or of its data, are written.
struct KeyLayout: Sendable {
  struct Field: Sendable {
    let type: ValueType
    /// Bytes behind the beginning of the key.
    let offset: Int
    /// Bytes of the value; the padding behind it does not count.
    let length: Int
  }

  let fields: [Field]
  let length: Int

  /// The layout of a concatenation of types, or of one; `nil` when a type's width is unknown.
  init?(_ types: [DataType], length: Int) {
    var values: [ValueType] = []
    for type in types {
      if let value = ValueType(type) {
        values.append(value)
      } else if types.count == 1, let properties = type.properties {
        // A type without a width of its own takes what there is.
        values.append(ValueType(type, bits: length * 8, order: properties.order))
      } else {
        return nil
      }
    }
    self.init(values, length: length)
  }

  /// The layout of an operand's values.
  init?(_ operand: Operand, length: Int) {
    var values: [ValueType] = []
    for part in operand.parts {
      guard let value = part.value else { return nil }
      values.append(value)
    }
    self.init(values, length: length)
  }

  /// The layout of values of one type.
  init?(_ value: ValueType, length: Int) { self.init([value], length: length) }

  private init?(_ values: [ValueType], length: Int) {
    var fields: [Field] = []
    var offset = 0
    for value in values {
      fields.append(Field(type: value, offset: offset, length: value.byteCount))
      offset += values.count == 1 ? value.byteCount : value.paddedByteCount
    }
    guard offset == length, !fields.isEmpty else { return nil }
    self.fields = fields
    self.length = length
  }

  /// The same fields with numbers in network order, as interval sets keep them.
  var inNetworkOrder: KeyLayout {
    KeyLayout(
      fields: fields.map { field in
        guard field.type.needsByteSwap else { return field }
        let type = ValueType(
          field.type.type, bits: field.type.bits, order: .network, isRaw: field.type.isRaw)
        return Field(type: type, offset: field.offset, length: field.length)
      }, length: length)
  }

  private init(fields: [Field], length: Int) {
    self.fields = fields
    self.length = length
  }

}

extension NamedSet {
  /// Refuses a set that `type …` would declare with keys or data of other widths: one that was declared by
  /// `typeof …`, which has more types than there are names.
  func checkWidths() throws(TextError) {
    guard DataType.declaredLength(key) == elements.keyLength else {
      throw .unsupported("a set of keys of \(elements.keyLength) bytes")
    }
    guard let data, data != [.verdict], case .values(_, let length) = elements.payload else { return }
    guard DataType.declaredLength(data) == length else {
      throw .unsupported("a map to data of \(length) bytes")
    }
  }
}

extension NamedSet {
  /// The elements as nft(8) writes them between the braces, without them; empty for an empty set.
  ///
  /// Depends on nothing but the set, so that sets that many rulesets share are rendered once.
  ///
  /// - Throws: ``TextError``.
  public func elementText(_ style: TextStyle) throws(TextError) -> [UInt8] {
    var writer = TextWriter(style)
    let perLine = key.count == 1 ? (key[0].properties?.perLine ?? 1) : 1
    guard let keyLayout = KeyLayout(key, length: elements.keyLength) else {
      throw .unsupported("keys of set \(name)")
    }
    try writer.append(
      elements, key: keyLayout, data: try dataLayout(), isInterval: flags.contains(.interval),
      perLine: perLine)
    return writer.out
  }

  func dataLayout() throws(TextError) -> KeyLayout? {
    guard case .values(_, let length) = elements.payload else { return nil }
    guard let data, let layout = KeyLayout(data, length: length) else {
      throw .unsupported("data of map \(name)")
    }
    return layout
  }
}

extension TextWriter {
  /// Elements one behind the other; `perLine` of them on a line, or all when it is `nil`.
  mutating func append(
    _ elements: SetElements, key: KeyLayout, data: KeyLayout?, isInterval: Bool, perLine: Int?
  ) throws(TextError) {
    let layout = isInterval ? key.inNetworkOrder : key
    let isConcatenation = key.fields.count > 1
    let order = listingOrder(elements, layout, isInterval: isInterval)
    out.reserveCapacity(out.count + elements.count * 24)
    var onLine = 0
    for position in 0..<elements.count {
      let index = order.map { $0[position] } ?? position
      if position > 0 {
        append(",")
        if let perLine, onLine == perLine {
          append("\n\t\t\t     ")
          onLine = 0
        } else {
          append(" ")
        }
      }
      onLine += 1
      let low = elements.key(index)
      if isInterval {
        let high = elements.lastKey(index)
        if isConcatenation {
          try append(box: low, high, layout)
        } else {
          try append(range: low, high, layout.fields[0].type)
        }
      } else {
        try append(key: low, layout)
      }
      if !elements.attributes.isEmpty, let attributes = elements.attributes[index] {
        try append(attributes)
      }
      switch elements.payload {
      case .none: break
      case .verdicts(let verdicts):
        append(" : ")
        try append(verdicts[index])
      case .values(let bytes, let length):
        guard let data else { throw .unsupported("data of a map") }
        append(" : ")
        try append(key: bytes[index * length..<(index + 1) * length], data)
      }
    }
  }

  /// Elements as nft(8) sorts them where that is not the order of their bytes: numbers in host order by
  /// value; in listings concatenations from their last byte on, as numbers of the host.
  private func listingOrder(_ elements: SetElements, _ layout: KeyLayout, isInterval: Bool) -> [Int]? {
    guard !isInterval, elements.count > 1, hostIsLittle else { return nil }
    let fields = layout.fields
    if fields.count == 1 {
      guard fields[0].type.order != .network, fields[0].length > 1 else { return nil }
    } else if style.use == .file {
      guard fields.contains(where: { $0.type.needsByteSwap }) else { return nil }
    }
    let fromLast = fields.count == 1 || style.use == .listing
    let keys = elements.keys
    func isLess(_ a: Int, _ b: Int) -> Bool {
      for field in fromLast ? Array(fields.reversed()) : fields {
        let first = field.offset
        let last = field.offset + field.length - 1
        let backward = fromLast || field.type.order == .host
        for step in 0..<field.length {
          let place = backward ? last - step : first + step
          let left = keys[a * layout.length + place]
          let right = keys[b * layout.length + place]
          if left != right { return left < right }
        }
      }
      return false
    }
    return (0..<elements.count).sorted(by: isLess)
  }

  private mutating func append(key bytes: ArraySlice<UInt8>, _ layout: KeyLayout) throws(TextError) {
    for (index, field) in layout.fields.enumerated() {
      if index > 0 { append(" . ") }
      let start = bytes.startIndex + field.offset
      try append(bytes[start..<start + field.length], as: field.type)
    }
  }

  private mutating func append(
    box low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>, _ layout: KeyLayout
  ) throws(TextError) {
    for (index, field) in layout.fields.enumerated() {
      if index > 0 { append(" . ") }
      let first = low.startIndex + field.offset
      let last = high.startIndex + field.offset
      try append(
        range: low[first..<first + field.length], high[last..<last + field.length], field.type)
    }
  }

  /// A range as a value or a prefix where it is one.
  mutating func append(
    range low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>, _ type: ValueType
  ) throws(TextError) {
    if low.elementsEqual(high) { return try append(low, as: type) }
    if type.order == .text {
      guard let length = Self.prefixLength(low, high), length.isMultiple(of: 8), length > 0 else {
        throw .unsupported("a range of texts")
      }
      return try append(low.prefix(length / 8), as: type)
    }
    if type.type.hasPrefixes, let length = Self.prefixLength(low, high) {
      try append(low, as: type)
      append("/")
      return append(decimal: UInt64(length))
    }
    try append(low, as: type, in: .rangeEnd)
    append("-")
    try append(high, as: type, in: .rangeEnd)
  }

  /// The number of leading bits that all of a range shares, when it is everything that shares them.
  static func prefixLength(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> Int? {
    var length = 0
    var ended = false
    for (a, b) in zip(low, high) {
      if ended {
        guard a == 0, b == 0xff else { return nil }
        continue
      }
      let difference = a ^ b
      length += difference.leadingZeroBitCount
      if difference == 0 { continue }
      ended = true
      guard difference & (difference &+ 1) == 0, a & difference == 0, b & difference == difference else {
        return nil
      }
    }
    return length
  }

  private mutating func append(_ attributes: ElementAttributes) throws(TextError) {
    if let timeout = attributes.timeout, timeout > 0 {
      append(" timeout ")
      try append(milliseconds: timeout)
    }
    if let comment = attributes.comment {
      try QuotedText.check(comment, limit: QuotedText.commentLimit)
      append(" comment ")
      append(quoted: comment)
    }
  }
}
