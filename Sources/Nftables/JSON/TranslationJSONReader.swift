import Addressing

extension StatementJSONReader {
  /// A statement that translates or hands to a socket; `nil` for another one, and where something in it is not
  /// modelled.
  func translation(_ verb: String, _ body: JSONValue) throws(RulesetJSONError) -> Statement? {
    let kind: Translation.Kind
    switch verb {
    case "snat": kind = .source
    case "dnat": kind = .destination
    case "redirect": kind = .redirect
    case "masquerade": kind = .masquerade
    case "tproxy": kind = .socket
    case "notrack": return .opaque([.opaque(name: "notrack", attributes: [])])
    default: return nil
    }
    guard let flags = translationFlags(body) else { return nil }
    let word = try body.optionalString("family").map { $0 == "ip6" ? Family.ipv6 : .ipv4 }
    var family = word ?? (self.family == .inet ? body["addr"].flatMap { Self.family(of: $0) } : nil)
    if family == nil, self.family != .inet, body["addr"] != nil { family = self.family }
    var (addresses, ports): (TranslationStatement.Value?, TranslationStatement.Value?)
    if let value = body["addr"] {
      guard let type = family.flatMap({ ValueType($0 == .ipv6 ? .ipv6Address : .ipv4Address) }),
        let found = try self.value(value, type, mayHavePort: body["port"] == nil)
      else { return try numbered(value, kind, family, flags) }
      addresses = found
    }
    if let value = body["port"], let type = ValueType(.inetService) {
      guard let found = try self.value(value, type, mayHavePort: false) else { return nil }
      ports = found
    }
    return .translate(
      TranslationStatement(kind, family: family, addresses: addresses, ports: ports, flags: flags))
  }

  private func translationFlags(_ body: JSONValue) -> Translation.Flags? {
    var flags: Translation.Flags = []
    for word in body["flags"]?.array ?? body["flags"].map({ [$0] }) ?? [] {
      if word.string == "netmap" {
        flags.insert(.prefix)
      } else if let flag = Translation.Flags.words.first(where: { $0.word == word.string })?.flag {
        flags.insert(flag)
      } else {
        return nil
      }
    }
    return flags
  }

  /// The family of a constant.
  private static func family(of value: JSONValue) -> Family? {
    let text = value.string ?? value["range"]?.array?.first?.string ?? value["prefix"]?["addr"]?.string
    return text.flatMap { try? Address(parsing: $0) }.map { $0.family == .ipv4 ? .ipv4 : .ipv6 }
  }

  /// `nil` for what is not modelled.
  private func value(
    _ value: JSONValue, _ type: ValueType, mayHavePort: Bool
  ) throws(RulesetJSONError) -> TranslationStatement.Value? {
    switch value.onlyMember {
    case ("map", let body)?:
      guard let key = body["key"].flatMap({ try? operand($0) }),
        let map = try map(body, type, key: key, mayHavePort: mayHavePort)
      else { return nil }
      return .map(key, map)
    case ("range", let body)?:
      guard let ends = body.array, ends.count == 2 else { return nil }
      return .range(try ValueJSONReader.bytes(ends[0], type), try ValueJSONReader.bytes(ends[1], type))
    case ("prefix", _)?:
      let (low, high) = try RangeJSONReader.range(value, type)
      return .range(low, high)
    case .some: return nil
    case nil: return .value(try ValueJSONReader.bytes(value, type))
    }
  }

  private func map(
    _ body: JSONValue, _ type: ValueType, key: Operand, mayHavePort: Bool
  ) throws(RulesetJSONError) -> SetReference? {
    let types: [DataType]
    if case .string(let text)? = body["data"], text.hasPrefix("@") {
      guard let name = try? SetName(String(text.dropFirst())), let data = sets[name]?.data else { return nil }
      types = data
    } else {
      let first = body["data"]?["set"]?.array?.first?.array?.last
      types = first?["concat"] == nil ? [type.type] : [type.type, .inetService]
    }
    guard types == [type.type] || mayHavePort && types == [type.type, .inetService] else { return nil }
    let length = types.count == 1 ? type.byteCount : type.paddedByteCount + 4
    guard let data = KeyLayout(types, length: length) else { return nil }
    return try set(body, "data", key: key, isVerdictMap: false, data: data)
  }

  /// A destination that a number decides on which is not followed: any that the map has may be it.
  private func numbered(
    _ value: JSONValue, _ kind: Translation.Kind, _ family: Family?, _ flags: Translation.Flags
  ) throws(RulesetJSONError) -> Statement? {
    guard let (word, body) = value.onlyMember, word == "map", let (source, _) = body["key"]?.onlyMember,
      ["numgen", "jhash", "symhash"].contains(source),
      let type = family.flatMap({ ValueType($0 == .ipv6 ? .ipv6Address : .ipv4Address) }),
      let map = try map(body, type, key: .meta(.mark), mayHavePort: true)
    else { return nil }
    let addresses = Translation.Ends(.r1, .r1)
    let statement = TranslationStatement(kind, family: family, addresses: .map(.meta(.mark), map))
    let port = Register.at(byte: type.paddedByteCount)
    let ports = statement.leadsToPort(sets) ? Translation.Ends(port, port) : nil
    let translation = Translation(
      kind, family: family, addresses: addresses, ports: ports,
      flags: flags.union(ports == nil ? .addresses : [.addresses, .ports]))
    return .opaque([
      .opaque(name: source == "numgen" ? source : "hash", attributes: []),
      .lookup(map, .r1, negated: false, into: .r1), translation.expression,
    ])
  }
}
