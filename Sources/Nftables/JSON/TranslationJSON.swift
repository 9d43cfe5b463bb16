extension JSONWriter {
  mutating func append(_ translation: TranslationStatement) throws(TextError) {
    guard translation.flags.isWritten else { throw .unsupported("flags of a translation") }
    append("{")
    append(string: translation.kind.keyword)
    append(":")
    let isPlain = translation.addresses == nil && translation.ports == nil && translation.flags.isEmpty
    if isPlain { return append("null}") }
    var isFirst = true
    func begin(_ writer: inout JSONWriter, _ key: String) {
      writer.append(isFirst ? "{" : ",")
      isFirst = false
      writer.append(string: key)
      writer.append(":")
    }
    if let addresses = translation.addresses {
      guard let type = translation.addressType else { throw .unsupported("an address of no family") }
      begin(&self, "family")
      append(string: type.type == .ipv6Address ? "ip6" : "ip")
      begin(&self, "addr")
      try append(addresses, as: type, prefix: translation.flags.contains(.prefix))
    }
    if let ports = translation.ports, let type = ValueType(.inetService) {
      begin(&self, "port")
      try append(ports, as: type, prefix: false)
    }
    var words = Translation.Flags.words.filter { translation.flags.contains($0.flag) }.map(\.word)
    if translation.flags.contains(.prefix) { words.append("netmap") }
    if !words.isEmpty {
      begin(&self, "flags")
      append(strings: words)
    }
    if translation.flags.contains(.prefix) {
      begin(&self, "type_flags")
      append(string: "prefix")
    }
    append("}}")
  }

  private mutating func append(
    _ value: TranslationStatement.Value, as type: ValueType, prefix: Bool
  ) throws(TextError) {
    switch value {
    case .value(let bytes): try append(bytes, as: type)
    case .range(let low, let high):
      if prefix {
        guard let length = commonPrefix(low, high) else { throw .unsupported("a prefix that is a range") }
        return try append(prefix: low, length: length, as: type)
      }
      append("{\"range\":[")
      try append(low, as: type)
      append(",")
      try append(high, as: type)
      append("]}")
    case .map(let key, let map):
      append("{\"map\":{\"key\":")
      try append(key)
      append(",\"data\":")
      try append(map, key: key)
      append("}}")
    }
  }
}
