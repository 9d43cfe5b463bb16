extension Translation.Kind {
  /// The word nft(8) uses.
  var keyword: String {
    switch self {
    case .source: "snat"
    case .destination: "dnat"
    case .redirect: "redirect"
    case .masquerade: "masquerade"
    case .socket: "tproxy"
    }
  }
}

extension Translation.Flags {
  static let words: [(word: String, flag: Translation.Flags)] = [
    ("random", .random), ("fully-random", .fullyRandom), ("persistent", .persistent),
  ]

  /// Whether there are words for all of them.
  var isWritten: Bool {
    subtracting([.addresses, .ports, .random, .fullyRandom, .persistent, .prefix]).isEmpty
  }
}

extension TextWriter {
  mutating func append(_ translation: TranslationStatement, table: Family) throws(TextError) {
    guard translation.flags.isWritten else { throw .unsupported("flags of a translation") }
    append(translation.kind.keyword)
    if table == .inet, let family = translation.family, translation.addresses != nil {
      append(family == .ipv6 ? " ip6" : " ip")
    }
    if translation.flags.contains(.prefix) { append(" prefix") }
    if translation.addresses != nil || translation.ports != nil { append(" to ") }
    if let addresses = translation.addresses {
      guard let type = translation.addressType else { throw .unsupported("an address of no family") }
      let isBracketed = translation.ports != nil && type.type == .ipv6Address
      try append(addresses, as: type, prefix: translation.flags.contains(.prefix), isBracketed: isBracketed)
    }
    if let ports = translation.ports, let type = ValueType(.inetService) {
      append(":")
      try append(ports, as: type, prefix: false, isBracketed: false)
    }
    for (word, flag) in Translation.Flags.words where translation.flags.contains(flag) {
      append(" ")
      append(word)
    }
  }

  private mutating func append(
    _ value: TranslationStatement.Value, as type: ValueType, prefix: Bool, isBracketed: Bool
  ) throws(TextError) {
    func end(_ writer: inout TextWriter, _ bytes: [UInt8]) throws(TextError) {
      if isBracketed { writer.append("[") }
      try writer.append(bytes, as: type)
      if isBracketed { writer.append("]") }
    }
    switch value {
    case .value(let bytes): try end(&self, bytes)
    case .range(let low, let high):
      if prefix {
        guard let length = commonPrefix(low, high) else { throw .unsupported("a prefix that is a range") }
        try append(low, as: type)
        append("/")
        return append(decimal: UInt64(length))
      }
      try end(&self, low)
      append("-")
      try end(&self, high)
    case .map(let key, let map):
      try append(key)
      append(" map ")
      try append(map, key: key)
    }
  }
}

/// Leading bits in which the ends of a range are equal, where they are those of a prefix.
func commonPrefix(_ low: [UInt8], _ high: [UInt8]) -> Int? {
  guard low.count == high.count else { return nil }
  let open = zip(low, high).map { $0 ^ $1 }
  guard zip(low, open).allSatisfy({ $0 & $1 == 0 }) else { return nil }
  return Bits.prefixLength(open.map { ~$0 })
}
