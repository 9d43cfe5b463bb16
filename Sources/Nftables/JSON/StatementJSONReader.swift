/// Reads rules: statements in the schema of libnftables-json(5).
struct StatementJSONReader {
  let family: Family
  let sets: [SetName: NamedSet]
  /// Whether a statement that is not understood becomes an opaque step.
  var isTolerant = false
  /// What was not understood.
  private(set) var misunderstood: [RulesetJSONError] = []

  init(family: Family, sets: [SetName: NamedSet], isTolerant: Bool = false) {
    self.family = family
    self.sets = sets
    self.isTolerant = isTolerant
  }

  mutating func rule(_ body: JSONValue) throws(RulesetJSONError) -> Rule {
    let comment = try body.optionalString("comment")
    guard let list = body["expr"] else { throw RulesetJSONError(.missing("expr")) }
    guard let list = list.array else { throw ValueJSONReader.expected("an array", list).under("expr") }
    var statements: [Statement] = []
    for (index, value) in list.enumerated() {
      do throws(RulesetJSONError) {
        let read = try self.statements(value, after: statements)
        statements += read
        if isTolerant, let gap = Self.gap(value, read) {
          misunderstood.append(gap.under(index).under("expr"))
        }
      } catch {
        let error = error.under(index).under("expr")
        if !isTolerant { throw error }
        misunderstood.append(error)
        statements.append(.opaque([.opaque(json: value.onlyMember?.key ?? "statement", value)]))
      }
    }
    do throws(StatementError) {
      return try Rule(statements, in: family, sets: sets, comment: comment)
    } catch {
      switch error {
      case .conflictingProtocols(let field):
        let error = RulesetJSONError(
          .invalid("\(field.header.rawValue) \(field.name) contradicts a match before it")
        ).under("expr")
        if !isTolerant { throw error }
        misunderstood.append(error)
      case .wrongWidth, .unsupported: break
      }
      return Rule([.opaque(json: "rule", body["expr"] ?? .null)], comment: comment)
    }
  }

  /// Why nobody knows what a statement does that is right as far as it goes.
  private static func gap(_ value: JSONValue, _ read: [Statement]) -> RulesetJSONError? {
    guard let (verb, body) = value.onlyMember else { return nil }
    if verb == "xt" {
      // nft(8) leaves out what an extension of iptables holds.
      if body["info"] != nil { return nil }
      let name = body["name"]?.string ?? "extension"
      return RulesetJSONError(
        .invalid("the dump does not say what \(name.debugDescription) holds; read the ruleset on its host")
      ).under(verb)
    }
    guard case .opaque(let steps)? = read.first, steps.contains(where: { $0.meaning == .unknown }) else {
      return nil
    }
    return RulesetJSONError(.invalid("what it does is not known")).under(verb)
  }

  /// An expression that is kept byte for byte: its name, and with its attributes an object.
  private static func opaque(_ value: JSONValue) -> Expression? {
    if let name = value.string {
      // Without what it translates to, a translation leads anywhere.
      let isUnknown = name == "redir" || name == "nat"
      return .opaque(name: isUnknown ? "json redirect" : name, attributes: [])
    }
    guard let name = value["name"]?.string, let text = value["attributes"]?.string else { return nil }
    return Hex.bytes(text).map { .opaque(name: name, attributes: $0) }
  }

  private func statements(
    _ value: JSONValue, after earlier: [Statement]
  ) throws(RulesetJSONError) -> [Statement] {
    guard let (verb, body) = value.onlyMember else {
      throw ValueJSONReader.expected("a statement", value)
    }
    do throws(RulesetJSONError) {
      if verb == "reject" { return try reject(body, after: earlier) }
      // What is odd about a translation makes it one that is not followed.
      if let translation = try? translation(verb, body) { return [translation] }
      if verb == "opaque", let list = body.array {
        let steps = list.compactMap { Self.opaque($0) }
        guard !steps.isEmpty, steps.count == list.count else {
          throw ValueJSONReader.expected("names of expressions", body)
        }
        return [.opaque(steps)]
      }
      return [try statement(verb, body) ?? .opaque([.opaque(json: verb, value)])]
    } catch {
      throw error.under(verb)
    }
  }

  /// `nil` for a statement that is not modelled.
  func statement(_ verb: String, _ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    switch verb {
    case "match": return try match(body)
    case "vmap":
      guard let key = try operand(body, "key")?.byName(in: body["data"]?.keys(isMap: true) ?? []),
        let map = try set(body, "data", key: key, isVerdictMap: true)
      else { return nil }
      return .vmap(key, map)
    case "accept": return .accept
    case "drop": return .drop
    case "continue": return .verdict(.continue)
    case "return": return .return
    case "jump": return .jump(try body.name(ChainName.self, "target"))
    case "goto": return .goto(try body.name(ChainName.self, "target"))
    case "counter":
      // A text is the name of a counter object.
      return body.string == nil ? .counter : nil
    case "limit": return body.string == nil ? try limit(body) : nil
    case "log": return try log(body)
    case "set": return try update(body)
    case "mangle": return try mangle(body)
    case "xt": return try Expression(extension: body, family: family).map { .opaque([$0]) }
    default: return nil
    }
  }

}

extension Expression {
  /// A step that stands for what is not modelled; its name is no expression of the kernel, and its bytes are
  /// the text.
  static func opaque(json kind: String, _ value: JSONValue) -> Expression {
    var writer = JSONWriter()
    writer.append(value)
    return .opaque(name: "json \(kind)", attributes: writer.out)
  }
}
