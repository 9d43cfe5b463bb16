extension StatementJSONReader {
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
}
