import Addressing

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
        statements += try self.statements(value, after: statements)
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
  private func statement(_ verb: String, _ body: JSONValue) throws(RulesetJSONError) -> Statement? {
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

  // MARK: Matches

  private func match(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
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

  // MARK: Operands

  private func operand(_ body: JSONValue, _ key: String) throws(RulesetJSONError) -> Operand? {
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

  // MARK: Sets

  /// `@name` or an inline set; `nil` for elements that are not modelled.
  func set(
    _ body: JSONValue, _ place: String, key: Operand, isVerdictMap: Bool, data: KeyLayout? = nil
  ) throws(RulesetJSONError) -> SetReference? {
    guard let value = body[place] else { throw RulesetJSONError(.missing(place)) }
    if let text = value.string, text.hasPrefix("@") {
      guard let name = try? SetName(String(text.dropFirst())) else {
        throw RulesetJSONError(.invalid("\(text.debugDescription) is not a name")).under(place)
      }
      return .named(name)
    }
    guard let (kind, list) = value.onlyMember, kind == "set" else { return nil }
    // A set of one may be written without brackets.
    let elements = list.array ?? [list]
    let types = key.parts.compactMap(\.value)
    let width = types.reduce(0) { $0 + (types.count == 1 ? $1.byteCount : $1.paddedByteCount) }
    guard !elements.isEmpty, let layout = KeyLayout(key, length: width) else { return nil }
    let isMap = isVerdictMap || data != nil
    let isInterval = elements.contains { Self.isRange(isMap ? $0.array?.first ?? $0 : $0) }
    do throws(RulesetJSONError) {
      let read = try SetJSONReader.elements(
        elements, layout, data: data, isMap: isMap, isVerdictMap: isVerdictMap, isInterval: isInterval)
      guard let read else { return nil }
      var flags: SetFlags = isInterval ? .interval : []
      if isInterval, types.count > 1 { flags.insert(.concatenated) }
      return .inline(
        InlineSet(
          key: types.map(\.type), data: isVerdictMap ? [.verdict] : data?.fields.map(\.type.type),
          flags: flags,
          elements: read))
    } catch {
      throw error.under("set").under(place)
    }
  }

  private static func isRange(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): return text.hasSuffix("*") && !text.hasSuffix("\\*")
    case .object(let members):
      guard let (key, body) = members.first else { return false }
      switch key {
      case "prefix", "range": return true
      case "concat": return body.array?.contains(where: isRange) ?? false
      case "elem": return body["val"].map(isRange) ?? false
      default: return false
      }
    default: return false
    }
  }

  private func update(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
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

  private func mangle(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
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

  // MARK: Actions

  private func limit(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    guard let rate = try body.optionalInteger("rate") else { throw RulesetJSONError(.missing("rate")) }
    let word = try body.optionalString("per") ?? "second"
    guard let unit = Limit.units.first(where: { $0.name == word }) else {
      throw RulesetJSONError(.invalid("no unit is called \(word.debugDescription)")).under("per")
    }
    func size(_ key: String) throws(RulesetJSONError) -> UInt64? {
      guard let word = try body.optionalString(key), word != "packets" else { return nil }
      guard let unit = Limit.byteUnits.first(where: { $0.name == word }) else {
        throw RulesetJSONError(.invalid("no unit is called \(word.debugDescription)")).under(key)
      }
      return unit.size
    }
    let rateSize = try size("rate_unit")
    let burst = try body.optionalInteger("burst") ?? (rateSize == nil ? UInt64(Limit.defaultBurst) : 0)
    let burstSize = try size("burst_unit") ?? 1
    let (bytes, overflow) = rate.multipliedReportingOverflow(by: rateSize ?? 1)
    guard !overflow, burst <= UInt64(UInt32.max) / burstSize else {
      throw RulesetJSONError(.invalid("a rate or burst that is too large"))
    }
    let isInverted = if case .bool(true)? = body["inv"] { true } else { false }
    return .limit(
      Limit(
        rate: bytes, unit: unit.seconds, burst: UInt32(burst * burstSize), bytes: rateSize != nil,
        over: isInverted))
  }

  private func log(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    func number<Number: FixedWidthInteger>(_ key: String, _: Number.Type) throws(RulesetJSONError) -> Number?
    {
      guard let value = try body.optionalInteger(key) else { return nil }
      guard let number = Number(exactly: value) else {
        throw RulesetJSONError(.invalid("\(value) is too large")).under(key)
      }
      return number
    }
    let group = try number("group", UInt16.self)
    var level: UInt32?
    if let word = try body.optionalString("level") {
      guard let index = Log.levels.firstIndex(of: word) else {
        throw RulesetJSONError(.invalid("no level is called \(word.debugDescription)")).under("level")
      }
      level = UInt32(index)
    }
    // The kernel's own default, which it reports like any other.
    if level == nil, group == nil { level = Log.warning }
    var flags: UInt32?
    for word in body["flags"]?.array ?? body["flags"].map({ [$0] }) ?? [] {
      if word.string == "all" {
        flags = Log.allFlags
      } else if let bit = Log.flagBits.first(where: { $0.word == word.string })?.bit {
        flags = (flags ?? 0) | bit
      } else {
        throw ValueJSONReader.expected("a flag of log", word).under("flags")
      }
    }
    return .log(
      Log(
        prefix: try body.optionalString("prefix"), level: level, flags: flags, group: group,
        snapLength: try number("snaplen", UInt32.self),
        queueThreshold: try number("queue-threshold", UInt16.self)))
  }

  /// A `reject`, and the match of the family whose code it has where nothing else says it.
  private func reject(
    _ body: JSONValue, after earlier: [Statement]
  ) throws(RulesetJSONError) -> [Statement] {
    var linearizer = Linearizer(family: family, sets: sets)
    for statement in earlier { try? linearizer.append(statement) }
    let network = linearizer.context.network
    let word = try body.optionalString("type")
    switch word ?? (network == .ip ? "icmp" : network == .ip6 ? "icmpv6" : "icmpx") {
    case "tcp reset": return [.reject(Reject(.tcpReset, code: 0))]
    case "icmpx": return [.reject(Reject(.icmpxUnreachable, code: try code(body, .icmpxCode, 1)))]
    case "icmp":
      let reject = Statement.reject(Reject(.icmpUnreachable, code: try code(body, .icmpCode, 3)))
      return network == nil && family == .inet ? [.match(.nfProto, .family(.ipv4)), reject] : [reject]
    case "icmpv6":
      let reject = Statement.reject(Reject(.icmpUnreachable, code: try code(body, .icmpv6Code, 4)))
      return network == nil && family == .inet ? [.match(.nfProto, .family(.ipv6)), reject] : [reject]
    case let other:
      throw RulesetJSONError(.invalid("no way to reject is called \(other.debugDescription)")).under("type")
    }
  }

  private func code(
    _ body: JSONValue, _ type: DataType, _ usual: UInt8
  ) throws(RulesetJSONError) -> UInt8 {
    guard let value = body["expr"] else { return usual }
    do throws(RulesetJSONError) {
      return UInt8(try ValueJSONReader.number(value, ValueType(type, bits: 8, order: .network)))
    } catch {
      throw error.under("expr")
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
