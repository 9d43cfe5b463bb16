import Addressing

extension StatementJSONReader {
  func limit(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
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

  func log(_ body: JSONValue) throws(RulesetJSONError) -> Statement? {
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
  func reject(
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
