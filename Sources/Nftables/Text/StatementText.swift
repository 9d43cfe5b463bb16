extension Statement {
  /// The statement as nft(8) writes it.
  ///
  /// - Throws: ``TextError``; a listing shows opaque steps as `(opaque …)`.
  public func text(_ style: TextStyle = .listing, family: Family = .inet) throws(TextError) -> String {
    var writer = TextWriter(style)
    try writer.append(self, in: RejectContext(table: family, packet: family), counter: nil)
    return String(decoding: writer.out, as: UTF8.self)
  }
}

extension TextWriter {
  mutating func append(
    _ statement: Statement, in families: RejectContext, counter: CounterValues?
  ) throws(TextError) {
    switch statement {
    case .match(let left, let sign, let right): try append(left, sign, right)
    case .vmap(let key, let map):
      try append(key)
      append(" vmap ")
      try append(map, key: key)
    case .verdict(let verdict): try append(verdict)
    case .counter:
      append("counter")
      if let counter, !style.isStateless {
        append(" packets ")
        append(decimal: counter.packets)
        append(" bytes ")
        append(decimal: counter.bytes)
      }
    case .limit(let limit): try append(limit)
    case .log(let log): try append(log)
    case .reject(let reject): try append(reject, in: families)
    case .set(let update): try append(update)
    case .setMeta(let key, let value):
      try append(.meta(key))
      append(" set ")
      try append(value, for: key.properties?.value)
    case .setConntrack(let key, let direction, let value):
      try append(.conntrack(key, direction))
      append(" set ")
      try append(value, for: key.properties?.value)
    case .translate(let translation): try append(translation, table: families.table)
    case .opaque(let steps):
      let names = steps.map(\.opaqueName).joined(separator: " ")
      guard style.use == .listing else { throw .opaque(names) }
      append(steps.listingTexts.joined(separator: " "))
    }
  }

  mutating func append(_ verdict: Verdict) throws(TextError) {
    switch verdict {
    case .drop: append("drop")
    case .accept: append("accept")
    case .continue: append("continue")
    case .return: append("return")
    case .queue: throw .unsupported("a queue verdict")
    case .jump(let chain):
      append("jump ")
      try append(name: chain.text)
    case .goto(let chain):
      append("goto ")
      try append(name: chain.text)
    }
  }

  // MARK: Matches

  private mutating func append(
    _ left: Operand, _ sign: ComparisonOperator, _ right: Comparand
  ) throws(TextError) {
    if case .masked(let inner, let mask, let xor) = left, inner.value?.isBitmask == true,
      case .value(let value) = right, style.use == .listing, mask.hasSeveralBits,
      xor.allSatisfy({ $0 == 0 }), sign == .equal || sign == .notEqual
    {
      // nft does not show a mask that lets everything through.
      if mask.allSatisfy({ $0 == 0xff }) { return try append(inner, sign, right) }
      return try append(inner, sign, value, under: mask)
    }
    try append(left)
    append(" ")
    switch right {
    case .set(let reference):
      if sign == .notEqual { append("!= ") }
      return try append(reference, key: left)
    case .flags(let bits):
      if sign == .notEqual { append("! ") }
      guard let type = left.value else { throw .unsupported("flags") }
      if type.type == .ctLabel { return try append(bits, as: type) }
      guard let number = number(bits, type.order) else { throw .unsupported("flags this wide") }
      return try append(flags: number, as: type, separator: ",")
    case .value(let value):
      guard let type = left.value else { throw .unsupported("a value of a concatenation") }
      // Equality of bits is written, for without a sign it would ask for any of them.
      let isExplicit = sign != .equal || left.isMasked || (type.isBitmask && !isJoined(value, type))
      if isExplicit {
        append(sign.sign)
        append(" ")
      }
      try append(bits: value, as: type)
    case .prefix(let value, let length):
      guard let type = left.value else { throw .unsupported("a prefix of a concatenation") }
      if sign == .notEqual { append("!= ") }
      try append(value, as: type)
      append("/")
      append(decimal: UInt64(length))
    case .range(let low, let high), .span(let low, let high):
      guard let type = left.value else { throw .unsupported("a range of a concatenation") }
      if sign == .notEqual { append("!= ") }
      try append(low, as: type, in: .rangeEnd)
      append("-")
      try append(high, as: type, in: .rangeEnd)
    }
  }

  /// `established | new` needs no sign in front in nft's listing.
  private func isJoined(_ value: [UInt8], _ type: ValueType) -> Bool {
    style.use == .listing && value.hasSeveralBits && type.type != .tcpFlag
  }

  /// `tcp flags != syn / fin,syn,rst,ack`.
  private mutating func append(
    _ operand: Operand, _ sign: ComparisonOperator, _ value: [UInt8], under mask: [UInt8]
  ) throws(TextError) {
    guard let type = operand.value, let bits = number(value, type.order), let all = number(mask, type.order)
    else { throw .unsupported("flags this wide") }
    try append(operand)
    append(sign == .notEqual ? " != " : " ")
    try append(flags: bits, as: type, separator: ",")
    append(" / ")
    try append(flags: all, as: type, separator: ",")
  }

  /// Bits as nft(8) writes a value of them.
  private mutating func append(bits value: [UInt8], as type: ValueType) throws(TextError) {
    guard style.use == .file, type.isBitmask, value.hasSeveralBits, let number = number(value, type.order)
    else { return try append(value, as: type) }
    append("(")
    try append(flags: number, as: type, separator: " | ")
    append(")")
  }

  // MARK: Operands

  mutating func append(_ operand: Operand) throws(TextError) {
    switch operand {
    case .meta(let key):
      guard let properties = key.properties else { throw .unsupported("meta key \(key.rawValue)") }
      if !key.standsAlone { append("meta ") }
      append(properties.name)
    case .conntrack(let key, let direction):
      guard let properties = key.properties else { throw .unsupported("ct key \(key.rawValue)") }
      append("ct ")
      switch direction {
      case .original?: append("original ")
      case .reply?: append("reply ")
      case nil: break
      }
      append(properties.name)
    case .field(let field):
      append(field.header.rawValue)
      append(" ")
      append(field.name)
    case .raw(let base, let offset, let length):
      append("@")
      append(base.keyword)
      append(",")
      append(decimal: UInt64(offset))
      append(",")
      append(decimal: UInt64(length))
    case .fib(let flags, let result): try append(fib: flags, result)
    case .concatenation(let parts):
      for (index, part) in parts.enumerated() {
        if index > 0 { append(" . ") }
        try append(part)
      }
    case .masked(let inner, let mask, let xor): try append(inner, mask: mask, xor: xor)
    case .shifted(let inner, let left, let bits):
      if inner.isMasked {
        append("(")
        try append(inner)
        append(")")
      } else {
        try append(inner)
      }
      append(left ? " << " : " >> ")
      append(decimal: UInt64(bits))
    }
  }

  private mutating func append(fib flags: FibFlags, _ result: FibResult) throws(TextError) {
    guard let name = result.name else { throw .unsupported("fib result \(result.rawValue)") }
    append("fib ")
    append(flags.words.joined(separator: " . "))
    append(" ")
    append(name)
  }

  /// The mask and what is set after it, as `&`, `|`, `^` or two of them.
  private mutating func append(_ inner: Operand, mask: [UInt8], xor: [UInt8]) throws(TextError) {
    guard let type = inner.value else { throw .unsupported("a masked concatenation") }
    if inner.isMasked || inner.isShifted {
      append("(")
      try append(inner)
      append(")")
    } else {
      try append(inner)
    }
    let isClear = xor.allSatisfy { $0 == 0 }
    if isClear {
      append(" & ")
      return try append(bits: mask, as: type)
    }
    if mask.allSatisfy({ $0 == 0xff }) {
      append(" ^ ")
      return try append(bits: xor, as: type)
    }
    // Bits that are set whatever they were: outside the mask, inside the second value.
    if zip(mask, xor).allSatisfy({ $0 == ~$1 }) {
      append(" | ")
      return try append(bits: xor, as: type)
    }
    guard zip(mask, xor).allSatisfy({ $0 & $1 == 0 }) else {
      throw .unsupported("a mask and an exclusive or")
    }
    append(" & ")
    try append(bits: zip(mask, xor).map { style.use == .listing ? $0 | $1 : $0 }, as: type)
    append(" | ")
    try append(bits: xor, as: type)
  }

  // MARK: Sets

  /// - Parameter dataType: of what the map's data is written to.
  mutating func append(
    _ reference: SetReference, key: Operand, dataType: ValueType? = nil
  ) throws(TextError) {
    switch reference {
    case .named(let name):
      append("@")
      try append(name: name.text)
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
      append("{ ")
      try append(
        set.elements, key: layout, data: data, isInterval: set.flags.contains(.interval), perLine: nil)
      append(" }")
    }
  }

  private mutating func append(_ value: Assignment, for type: ValueType?) throws(TextError) {
    switch value {
    case .value(let bytes):
      guard let type else { throw .unsupported("a value to set") }
      try append(bytes, as: type, in: .assigned)
    case .operand(let operand): try append(operand)
    case .map(let key, let map):
      try append(key)
      append(" map ")
      try append(map, key: key, dataType: type)
    }
  }

  private mutating func append(_ update: SetUpdate) throws(TextError) {
    switch update.operation {
    case .add: append("add @")
    case .update: append("update @")
    case .delete: append("delete @")
    }
    try append(name: update.set.text)
    append(" { ")
    try append(update.key)
    if let timeout = update.timeout {
      append(" timeout ")
      try append(milliseconds: timeout)
    }
    for statement in update.statements {
      append(" ")
      try append(statement, in: RejectContext(table: .inet, packet: .inet), counter: nil)
    }
    switch update.data {
    case nil: break
    case .operand(let operand)?:
      append(" : ")
      try append(operand)
    case .value?, .map?: throw .unsupported("data of a set statement")
    }
    append(" }")
  }

  // MARK: Names

  /// A name as one word.
  mutating func append(name: String) throws(TextError) {
    if style.use == .file { try Keywords.check(name) }
    append(name)
  }
}

extension PayloadBase {
  /// nft's short word for the header.
  var keyword: String {
    switch self {
    case .link: "ll"
    case .network: "nh"
    case .transport: "th"
    case .inner: "ih"
    }
  }
}

extension Operand {
  var isMasked: Bool {
    if case .masked = self { return true }
    return false
  }

  var isShifted: Bool {
    if case .shifted = self { return true }
    return false
  }
}

extension Expression {
  /// What messages call a step that statements do not say.
  var opaqueName: String {
    switch self {
    case .opaque(let name, _): name
    case .meta, .setMeta: "meta"
    case .payload: "payload"
    case .compare: "cmp"
    case .range: "range"
    case .bitwise, .shift: "bitwise"
    case .byteorder: "byteorder"
    case .lookup: "lookup"
    case .immediate: "immediate"
    case .verdict: "verdict"
    case .conntrack, .setConntrack: "ct"
    case .counter: "counter"
    case .limit: "limit"
    case .log: "log"
    case .reject: "reject"
    case .dynamicSet: "dynset"
    case .fib: "fib"
    case .matchExtension: "match"
    case .targetExtension: "target"
    }
  }
}

extension [Expression] {
  /// Extensions of iptables in its words, what is in between by the names of the steps.
  fileprivate var listingTexts: [String] {
    var texts: [String] = []
    var unnamed: [String] = []
    func settled() -> [String] { unnamed.isEmpty ? [] : ["(opaque \(unnamed.joined(separator: " ")))"] }
    for step in self {
      let text: String
      switch step {
      case .matchExtension(let match): text = match.listingText
      case .targetExtension(let target): text = target.listingText
      case .opaque(let name, let json) where name.hasPrefix("json ") && !json.isEmpty:
        text = "(opaque \(name): \(QuotedText.visible(String(decoding: json, as: UTF8.self))))"
      default:
        unnamed.append(step.opaqueName)
        continue
      }
      texts += settled() + [text]
      unnamed = []
    }
    return texts + settled()
  }
}

extension [UInt8] {
  var hasSeveralBits: Bool { reduce(0) { $0 + $1.nonzeroBitCount } > 1 }
}
