/// Statements in the schema of libnftables-json(5).
extension JSONWriter {
  mutating func append(_ statement: Statement, in families: RejectContext) throws(TextError) {
    switch statement {
    case .match(let left, let sign, let right): try append(left, sign, right)
    case .vmap(let key, let map):
      append("{\"vmap\":{\"key\":")
      try append(key)
      append(",\"data\":")
      try append(map, key: key)
      append("}}")
    case .verdict(let verdict): try append(verdict)
    case .counter: append("{\"counter\":null}")
    case .limit(let limit): try append(limit)
    case .log(let log): try append(log)
    case .reject(let reject): try append(reject, in: families)
    case .set(let update): try append(update)
    case .setMeta(let key, let value): try append(mangle: .meta(key), value)
    case .setConntrack(let key, let direction, let value):
      try append(mangle: .conntrack(key, direction), value)
    case .translate(let translation): try append(translation)
    case .opaque(let steps): throw .opaque(steps.map(\.opaqueName).joined(separator: " "))
    }
  }

  // MARK: Matches

  private mutating func append(
    _ left: Operand, _ sign: ComparisonOperator, _ right: Comparand
  ) throws(TextError) {
    append("{\"match\":{\"op\":")
    if case .flags = right {
      append(string: sign == .equal ? "in" : "!")
    } else {
      append(string: sign.sign)
    }
    append(",\"left\":")
    try append(left)
    append(",\"right\":")
    if case .set(let reference) = right {
      try append(reference, key: left)
    } else {
      guard let type = left.value else { throw .unsupported("a value of a concatenation") }
      try append(right, as: type)
    }
    append("}}")
  }

  private mutating func append(_ right: Comparand, as type: ValueType) throws(TextError) {
    switch right {
    case .value(let value): try append(value, as: type)
    case .flags(let bits):
      if type.type == .ctLabel { return try append(bits, as: type) }
      append(anyOf: try number(bits, type), as: type)
    case .prefix(let value, let length): try append(prefix: value, length: length, as: type)
    case .range(let low, let high):
      append("{\"range\":[")
      try append(low, as: type, in: .rangeEnd)
      append(",")
      try append(high, as: type, in: .rangeEnd)
      append("]}")
    case .span(let low, let high):
      // A word of our own, in dumps: nft reads no such thing, and no file has one.
      append("{\"span\":[")
      try append(low, as: type, in: .rangeEnd)
      append(",")
      try append(high, as: type, in: .rangeEnd)
      append("]}")
    case .set: break
    }
  }

  // MARK: Operands

  mutating func append(_ operand: Operand) throws(TextError) {
    switch operand {
    case .meta(let key):
      guard let properties = key.properties else { throw .unsupported("meta key \(key.rawValue)") }
      append("{\"meta\":{\"key\":")
      append(string: properties.name)
      append("}}")
    case .conntrack(let key, let direction):
      guard let properties = key.properties else { throw .unsupported("ct key \(key.rawValue)") }
      append("{\"ct\":{\"key\":")
      append(string: properties.name)
      if let direction {
        append(",\"dir\":")
        append(string: direction == .original ? "original" : "reply")
      }
      append("}}")
    case .field(let field):
      append("{\"payload\":{\"protocol\":")
      append(string: field.header.rawValue)
      append(",\"field\":")
      append(string: field.name)
      append("}}")
    case .raw(let base, let offset, let length):
      append("{\"payload\":{\"base\":")
      append(string: base.keyword)
      append(",\"offset\":")
      append(decimal: UInt64(offset))
      append(",\"len\":")
      append(decimal: UInt64(length))
      append("}}")
    case .fib(let flags, let result):
      guard let name = result.name else { throw .unsupported("fib result \(result.rawValue)") }
      append("{\"fib\":{\"result\":")
      append(string: name)
      append(",\"flags\":")
      append(strings: flags.words)
      append("}}")
    case .concatenation(let parts):
      append("{\"concat\":[")
      for (index, part) in parts.enumerated() {
        if index > 0 { append(",") }
        try append(part)
      }
      append("]}")
    case .masked(let inner, let mask, let xor): try append(inner, mask: mask, xor: xor)
    case .shifted(let inner, let left, let bits):
      append(left ? "{\"<<\":[" : "{\">>\":[")
      try append(inner)
      append(",")
      append(decimal: UInt64(bits))
      append("]}")
    }
  }

  private mutating func append(_ inner: Operand, mask: [UInt8], xor: [UInt8]) throws(TextError) {
    guard let type = inner.value else { throw .unsupported("a masked concatenation") }
    let isClear = xor.allSatisfy { $0 == 0 }
    if isClear || mask.allSatisfy({ $0 == 0xff }) {
      append(isClear ? "{\"&\":[" : "{\"^\":[")
      try append(inner)
      append(",")
      try append(isClear ? mask : xor, as: type)
      return append("]}")
    }
    guard zip(mask, xor).allSatisfy({ $0 & $1 == 0 }) else {
      throw .unsupported("a mask and an exclusive or")
    }
    append("{\"|\":[")
    if zip(mask, xor).allSatisfy({ $0 == ~$1 }) {
      try append(inner)
    } else {
      append("{\"&\":[")
      try append(inner)
      append(",")
      try append(mask, as: type)
      append("]}")
    }
    append(",")
    try append(xor, as: type)
    append("]}")
  }

  // MARK: Sets and assignments

  mutating func append(
    _ reference: SetReference, key: Operand, dataType: ValueType? = nil
  ) throws(TextError) {
    switch reference {
    case .named(let name): append(string: "@\(name.text)")
    case .inline(let set):
      guard let layout = KeyLayout(key, length: set.elements.keyLength) else {
        throw .unsupported("keys of an inline set")
      }
      var data: KeyLayout?
      if case .values(_, let length) = set.elements.payload {
        data =
          dataType.flatMap { KeyLayout($0, length: length) }
          ?? set.data.flatMap { KeyLayout($0, length: length) }
      }
      append("{\"set\":")
      try append(set.elements, key: layout, data: data, isInterval: set.flags.contains(.interval))
      append("}")
    }
  }

  private mutating func append(mangle target: Operand, _ value: Assignment) throws(TextError) {
    append("{\"mangle\":{\"key\":")
    try append(target)
    append(",\"value\":")
    switch value {
    case .value(let bytes):
      guard let type = target.value else { throw .unsupported("a value to set") }
      try append(bytes, as: type, in: .assigned)
    case .operand(let operand): try append(operand)
    case .map(let key, let map):
      append("{\"map\":{\"key\":")
      try append(key)
      append(",\"data\":")
      try append(map, key: key, dataType: target.value)
      append("}}")
    }
    append("}}")
  }

  private mutating func append(_ update: SetUpdate) throws(TextError) {
    guard update.data == nil else { throw .unsupported("data of a set statement") }
    append("{\"set\":{\"op\":")
    switch update.operation {
    case .add: append("\"add\"")
    case .update: append("\"update\"")
    case .delete: append("\"delete\"")
    }
    append(",\"elem\":")
    if let timeout = update.timeout {
      append("{\"elem\":{\"val\":")
      try append(update.key)
      append(",\"timeout\":")
      try append(seconds: timeout)
      append("}}")
    } else {
      try append(update.key)
    }
    append(",\"set\":")
    append(string: "@\(update.set.text)")
    if !update.statements.isEmpty {
      append(",\"stmt\":[")
      for (index, statement) in update.statements.enumerated() {
        if index > 0 { append(",") }
        try append(statement, in: RejectContext(table: .inet, packet: .inet))
      }
      append("]")
    }
    append("}}")
  }

  // MARK: Actions

  private mutating func append(_ limit: Limit) throws(TextError) {
    guard let unit = Limit.units.first(where: { $0.seconds == limit.unit }) else {
      throw .unsupported("a rate in \(limit.unit) seconds")
    }
    let rate = limit.bytes ? Limit.scaled(limit.rate) : (limit.rate, "packets")
    let burst = limit.bytes ? Limit.scaled(UInt64(limit.burst)) : (UInt64(limit.burst), "packets")
    append("{\"limit\":{\"rate\":")
    append(decimal: rate.0)
    append(",\"burst\":")
    append(decimal: burst.0)
    append(",\"per\":")
    append(string: unit.name)
    if limit.over { append(",\"inv\":true") }
    if limit.bytes {
      append(",\"rate_unit\":")
      append(string: rate.1)
      append(",\"burst_unit\":")
      append(string: burst.1)
    }
    append("}}")
  }

  private mutating func append(_ log: Log) throws(TextError) {
    var parts: [String] = []
    var part = JSONWriter()
    func take(_ key: String, _ write: (inout JSONWriter) throws(TextError) -> Void) throws(TextError) {
      part.out = []
      part.append(string: key)
      part.append(":")
      try write(&part)
      parts.append(String(decoding: part.out, as: UTF8.self))
    }
    if let prefix = log.prefix {
      try QuotedText.check(prefix, limit: QuotedText.logPrefixLimit)
      try take("prefix") { $0.append(string: prefix) }
    }
    if let group = log.group { try take("group") { $0.append(decimal: UInt64(group)) } }
    if let length = log.snapLength, length > 0 {
      try take("snaplen") { $0.append(decimal: UInt64(length)) }
    }
    if let threshold = log.queueThreshold, threshold > 0 {
      try take("queue-threshold") { $0.append(decimal: UInt64(threshold)) }
    }
    if let level = log.level, level != Log.warning {
      guard level < Log.levels.count else { throw .unsupported("log level \(level)") }
      try take("level") { $0.append(string: Log.levels[Int(level)]) }
    }
    if let flags = log.flags, flags != 0 {
      guard flags & ~Log.allFlags == 0 else { throw .unsupported("log flags \(flags)") }
      try take("flags") { writer in
        writer.append(strings: Log.flagBits.filter { flags & $0.bit != 0 }.map(\.word))
      }
    }
    append("{\"log\":")
    append(parts.isEmpty ? "null}" : "{\(parts.joined(separator: ","))}}")
  }

  private mutating func append(_ reject: Reject, in families: RejectContext) throws(TextError) {
    guard let type = reject.type(in: families.packet) else {
      throw .unsupported("reject with a code of a family that the rule does not match")
    }
    append("{\"reject\":{\"type\":")
    append(string: type.word)
    if reject.kind != .tcpReset {
      append(",\"expr\":")
      try append([reject.code], as: ValueType(type.code, bits: 8, order: .network))
    }
    append("}}")
  }
}

extension Log {
  static var allFlags: UInt32 { flagBits.reduce(0) { $0 | $1.bit } }
}

extension FibFlags {
  static let byWord: [(word: String, flag: FibFlags)] = [
    ("saddr", .source), ("daddr", .destination), ("mark", .mark), ("iif", .inputInterface),
    ("oif", .outputInterface),
  ]

  /// What is looked up, in nft's words and order.
  var words: [String] { Self.byWord.filter { contains($0.flag) }.map(\.word) }
}
