extension StatementJSONReader {
  func operand(_ body: JSONValue, _ key: String) throws(RulesetJSONError) -> Operand? {
    guard let value = body[key] else { throw RulesetJSONError(.missing(key)) }
    do throws(RulesetJSONError) {
      return try operand(value)
    } catch {
      throw error.under(key)
    }
  }

  /// `nil` for an expression that is not modelled.
  func operand(_ value: JSONValue) throws(RulesetJSONError) -> Operand? {
    guard let (kind, body) = value.onlyMember else { return nil }
    switch kind {
    case "meta": return MetaKey(name: try body.string("key")).map { .meta($0) }
    case "ct":
      guard let key = ConntrackKey(name: try body.string("key")) else { return nil }
      switch try body.optionalString("dir") {
      case nil: return .conntrack(key, nil)
      case "original"?: return .conntrack(key, .original)
      case "reply"?: return .conntrack(key, .reply)
      case let word?:
        throw RulesetJSONError(.invalid("no direction is called \(word.debugDescription)")).under("dir")
      }
    case "payload": return try payload(body)
    case "fib": return try fib(body)
    case "concat":
      guard let list = body.array, list.count > 1 else {
        throw ValueJSONReader.expected("several expressions", body).under("concat")
      }
      var parts: [Operand] = []
      for (index, part) in list.enumerated() {
        do throws(RulesetJSONError) {
          guard let part = try operand(part) else { return nil }
          if case .concatenation = part { return nil }
          parts.append(part)
        } catch {
          throw error.under(index).under("concat")
        }
      }
      return .concatenation(parts)
    case "&", "|", "^", "<<", ">>": return try computed(kind, body)
    default: return nil
    }
  }

  private func payload(_ body: JSONValue) throws(RulesetJSONError) -> Operand? {
    if let header = try body.optionalString("protocol") {
      return HeaderField(header: header, name: try body.string("field")).map { .field($0) }
    }
    let bases: [PayloadBase] = [.link, .network, .transport, .inner]
    let word = try body.string("base")
    guard let base = bases.first(where: { $0.keyword == word }) else { return nil }
    guard let offset = try body.optionalInteger("offset"), let length = try body.optionalInteger("len"),
      offset <= 65535, (1...512).contains(length)
    else { throw RulesetJSONError(.expected("an offset and a length in bits", found: "others")) }
    return .raw(base, offset: Int(offset), length: Int(length))
  }

  private func fib(_ body: JSONValue) throws(RulesetJSONError) -> Operand? {
    let word = try body.string("result")
    let results: [FibResult] = [.outputInterface, .outputInterfaceName, .addressType]
    guard let result = results.first(where: { $0.name == word }) else { return nil }
    var flags: FibFlags = []
    let words = body["flags"]?.array ?? body["flags"].map { [$0] } ?? []
    for word in words {
      guard let flag = FibFlags.byWord.first(where: { $0.word == word.string })?.flag else {
        throw ValueJSONReader.expected("a flag of fib", word).under("flags")
      }
      flags.insert(flag)
    }
    return .fib(flags, result)
  }

  private func computed(_ sign: String, _ body: JSONValue) throws(RulesetJSONError) -> Operand? {
    guard let operands = body.array, operands.count == 2 else {
      throw ValueJSONReader.expected("two operands", body).under(sign)
    }
    guard let inner = try operand(operands[0]), let type = inner.value else { return nil }
    if sign == "<<" || sign == ">>" {
      guard let bits = operands[1].integer.flatMap(UInt32.init(exactly:)), bits < 32 else {
        throw ValueJSONReader.expected("a number of bits", operands[1]).under(sign)
      }
      return .shifted(inner, left: sign == "<<", bits: bits)
    }
    let value = try ValueJSONReader.bytes(operands[1], type)
    let ones = [UInt8](repeating: 0xff, count: value.count)
    switch sign {
    case "&": return .masked(inner, mask: value)
    case "^": return .masked(inner, mask: ones, xor: value)
    default:
      // `operand & mask | value` is one step of the kernel, without the bits of the value in the mask.
      if case .masked(let innermost, let mask, let xor) = inner, xor.allSatisfy({ $0 == 0 }) {
        return .masked(innermost, mask: zip(mask, value).map { $0 & ~$1 }, xor: value)
      }
      return .masked(inner, mask: value.map { ~$0 }, xor: value)
    }
  }
}
