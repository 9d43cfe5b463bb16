extension StatementJSONReader {
  func match(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    guard let value = body["right"] else { throw RulesetJSONError(.missing("right")) }
    guard var left = try operand(body, "left")?.byName(in: value.keys(isMap: false)) else { return nil }
    // A truth value asks whether there is an answer, not which.
    if case .fib(let flags, .outputInterface) = left, case .bool = value {
      left = .fib(flags.union(.present), .outputInterface)
    }
    let word = try body.optionalString("op") ?? "=="
    if value.onlyMember?.key == "set" || value.string?.hasPrefix("@") == true {
      guard let set = try set(body, "right", key: left, isVerdictMap: false) else { return nil }
      switch word {
      case "==", "in": return .match(left, .equal, .set(set))
      case "!=": return .match(left, .notEqual, .set(set))
      default: throw RulesetJSONError(.invalid("no set is compared by \(word.debugDescription)")).under("op")
      }
    }
    guard let type = left.value else { return nil }
    do throws(RulesetJSONError) {
      return try match(left, word, value, type)
    } catch {
      throw error.under("right")
    }
  }

  private func match(
    _ left: Operand, _ word: String, _ value: JSONValue, _ type: ValueType
  ) throws(RulesetJSONError) -> Statement? {
    // Expressions on the right, other than joined bits.
    if let (kind, _) = value.onlyMember, !["prefix", "range", "span", "|"].contains(kind) { return nil }
    if word == "in" || word == "!" {
      guard type.isBitmask, left.isPlain else {
        return .match(left, word == "in" ? .equal : .notEqual, try comparand(value, type))
      }
      return .match(left, word == "in" ? .equal : .notEqual, .flags(try ValueJSONReader.bytes(value, type)))
    }
    let signs: [ComparisonOperator] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
    guard let sign = signs.first(where: { $0.sign == word }) else {
      throw RulesetJSONError(.invalid("no comparison is written \(word.debugDescription)"))
    }
    return .match(left, sign, try comparand(value, type))
  }

  private func comparand(_ value: JSONValue, _ type: ValueType) throws(RulesetJSONError) -> Comparand {
    switch value.onlyMember {
    case ("prefix", let body)?:
      let (bytes, length) = try RangeJSONReader.prefix(body, type)
      return .prefix(bytes, length: length)
    case ("range", let body)?, ("span", let body)?:
      guard let ends = body.array, ends.count == 2 else {
        throw ValueJSONReader.expected("two ends", body).under("range")
      }
      let (low, high) = (
        try ValueJSONReader.bytes(ends[0], type), try ValueJSONReader.bytes(ends[1], type)
      )
      return value["span"] == nil ? .range(low, high) : .span(low, high)
    default: return .value(try ValueJSONReader.bytes(value, type))
    }
  }
}
