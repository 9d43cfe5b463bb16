extension StatementJSONReader {
  func update(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    // Sets as statements only; the object of a ruleset has a name instead of an operation.
    let word = try body.string("op")
    let operation: DynamicSet.Operation
    switch word {
    case "add": operation = .add
    case "update": operation = .update
    case "delete": operation = .delete
    default: throw RulesetJSONError(.invalid("no operation is called \(word.debugDescription)")).under("op")
    }
    let text = try body.string("set")
    guard text.hasPrefix("@"), let name = try? SetName(String(text.dropFirst())) else {
      throw RulesetJSONError(.invalid("\(text.debugDescription) is not a set")).under("set")
    }
    guard var element = body["elem"] else { throw RulesetJSONError(.missing("elem")) }
    var timeout: UInt64?
    if let (kind, inner) = element.onlyMember, kind == "elem" {
      guard let value = inner["val"] else { throw RulesetJSONError(.missing("val")).under("elem") }
      if let seconds = try inner.optionalInteger("timeout") {
        timeout = try ValueJSONReader.scaled(seconds, by: 1000)
      }
      element = value
    }
    guard let key = try operand(element) else { return nil }
    var statements: [Statement] = []
    for (index, inner) in (body["stmt"]?.array ?? []).enumerated() {
      guard let (verb, body) = inner.onlyMember else {
        throw ValueJSONReader.expected("a statement", inner).under(index).under("stmt")
      }
      guard verb == "counter" || verb == "limit", let statement = try statement(verb, body) else {
        return nil
      }
      statements.append(statement)
    }
    return .set(SetUpdate(operation, set: name, key: key, timeout: timeout, statements: statements))
  }

  func mangle(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    guard let target = try operand(body, "key"), let type = target.value else { return nil }
    guard let value = body["value"] else { throw RulesetJSONError(.missing("value")) }
    let assignment: Assignment
    if let (kind, inner) = value.onlyMember, kind == "map" {
      guard let key = try operand(inner, "key"),
        let map = try set(
          inner, "data", key: key, isVerdictMap: false, data: KeyLayout(type, length: type.byteCount))
      else { return nil }
      assignment = .map(key, map)
    } else if let operand = try operand(value) {
      assignment = .operand(operand)
    } else if case .object = value, value.onlyMember?.key != "|" {
      return nil
    } else {
      assignment = .value(try ValueJSONReader.bytes(value, type))
    }
    switch target {
    case .meta(let key): return .setMeta(key, assignment)
    case .conntrack(let key, let direction): return .setConntrack(key, direction, assignment)
    default: return nil
    }
  }
}
