/// Reads sets, maps and their elements.
enum SetJSONReader {
  enum Read {
    case modelled(NamedSet)
    /// A set with something in it that ``NamedSet`` cannot say, by its name.
    case opaque(String)
  }

  static func set(
    _ body: JSONValue, isFilled: (SetName) -> Bool
  ) throws(RulesetJSONError) -> Read {
    let name = try body.name(SetName.self, "name")
    guard let key = try types(body, "type") else { return .opaque(name.text) }
    var data: [DataType]?
    if body["map"] != nil {
      guard let types = try types(body, "map") else { return .opaque(name.text) }
      data = types
    }
    // What is done with every element that is met: counting it decides nothing.
    let countsElements = body["stmt"]?.isCounter ?? false
    if body["stmt"] != nil, !countsElements { return .opaque(name.text) }
    var flags = try self.flags(body)
    if isFilled(name) { flags.insert(.dynamic) }
    if key.count > 1, flags.contains(.interval) { flags.insert(.concatenated) }
    var timeout: UInt64?
    if let seconds = try body.optionalInteger("timeout"), seconds > 0 {
      timeout = try ValueJSONReader.scaled(seconds, by: 1000)
      flags.insert(.timeout)
    }
    guard let size = UInt32(exactly: try body.optionalInteger("size") ?? 0) else {
      throw RulesetJSONError(.invalid("a size beyond 32 bits")).under("size")
    }
    let comment = try body.optionalString("comment")
    let dataLayout = data == [.verdict] ? nil : data.flatMap { self.layout($0) }
    guard let layout = self.layout(key), data == nil || data == [.verdict] || dataLayout != nil else {
      return .opaque(name.text)
    }
    var elements: SetElements? = .none(keyLength: layout.length)
    if let list = body["elem"], !flags.contains(.dynamic) {
      guard let list = list.array else { throw ValueJSONReader.expected("an array", list).under("elem") }
      do throws(RulesetJSONError) {
        elements = try self.elements(
          list, layout, data: dataLayout, isMap: data != nil,
          isVerdictMap: data == [.verdict], isInterval: flags.contains(.interval),
          areCounted: countsElements)
      } catch {
        throw error.under("elem")
      }
    }
    guard let elements else { return .opaque(name.text) }
    return .modelled(
      NamedSet(
        name: name, key: key, data: data, flags: flags, size: size == 0 ? nil : size, timeout: timeout,
        comment: comment, countsElements: countsElements, elements: elements))
  }

  private static func layout(_ types: [DataType]) -> KeyLayout? {
    DataType.declaredLength(types).flatMap { KeyLayout(types, length: $0) }
  }

  /// One type, several in an array, or several in one text; `nil` for types that are not known.
  private static func types(_ body: JSONValue, _ key: String) throws(RulesetJSONError) -> [DataType]? {
    guard let value = body[key] else { throw RulesetJSONError(.missing(key)) }
    var names: [String] = []
    switch value {
    case .string(let text): names = text.split(separator: " ").filter { $0 != "." }.map { String($0) }
    case .array(let list): names = list.compactMap(\.string)
    default: return nil
    }
    let types = names.compactMap { DataType(name: $0) }
    guard types.count == names.count, !types.isEmpty, types.allSatisfy({ $0 == .verdict || $0.isDeclarable })
    else { return nil }
    return types
  }

  private static func flags(_ body: JSONValue) throws(RulesetJSONError) -> SetFlags {
    var flags: SetFlags = []
    let words: [JSONValue]
    switch body["flags"] {
    case nil: return flags
    case .array(let list)?: words = list
    case let word?: words = [word]
    }
    for word in words {
      switch word.string {
      case "constant"?: flags.insert(.constant)
      case "interval"?: flags.insert(.interval)
      case "timeout"?: flags.insert(.timeout)
      case "dynamic"?: flags.insert(.dynamic)
      default: throw ValueJSONReader.expected("a flag of a set", word).under("flags")
      }
    }
    return flags
  }

  // MARK: Elements

  /// The elements of an array; `nil` when one has something that ``SetElements`` cannot say.
  static func elements(
    _ list: [JSONValue], _ layout: KeyLayout, data: KeyLayout?, isMap: Bool, isVerdictMap: Bool,
    isInterval: Bool, areCounted: Bool = false
  ) throws(RulesetJSONError) -> SetElements? {
    var collector = ElementJSONCollector(
      layout: isInterval ? layout.inNetworkOrder : layout, data: data, isMap: isMap,
      isVerdictMap: isVerdictMap, isInterval: isInterval, areCounted: areCounted)
    collector.reserve(list.count)
    for (index, element) in list.enumerated() {
      do throws(RulesetJSONError) {
        guard try collector.add(element) else { return nil }
      } catch {
        throw error.under(index)
      }
    }
    return try collector.finish()
  }

  static func verdict(_ value: JSONValue) throws(RulesetJSONError) -> Verdict? {
    guard let (word, body) = value.onlyMember else { throw ValueJSONReader.expected("a verdict", value) }
    switch word {
    case "accept": return .accept
    case "drop": return .drop
    case "continue": return .continue
    case "return": return .return
    case "jump": return .jump(try body.name(ChainName.self, "target"))
    case "goto": return .goto(try body.name(ChainName.self, "target"))
    default: return nil
    }
  }
}

extension JSONValue {
  /// Whether it is the one statement `counter`, as a set says it.
  fileprivate var isCounter: Bool {
    guard let statements = array, statements.count == 1, case ("counter", .null)? = statements[0].onlyMember
    else { return false }
    return true
  }
}

/// Packs elements.
struct ElementJSONCollector {
  private let layout: KeyLayout
  private let data: KeyLayout?
  private let isMap: Bool
  private let isVerdictMap: Bool
  private let isInterval: Bool
  /// Whether the set says that each element is counted; what was counted then means nothing.
  private let areCounted: Bool
  private var keys: [UInt8] = []
  private var lastKeys: [UInt8] = []
  private var verdicts: [Verdict] = []
  private var values: [UInt8] = []
  private var attributes: [Int: ElementAttributes] = [:]

  init(
    layout: KeyLayout, data: KeyLayout?, isMap: Bool, isVerdictMap: Bool, isInterval: Bool, areCounted: Bool
  ) {
    self.layout = layout
    self.data = data
    self.isMap = isMap
    self.isVerdictMap = isVerdictMap
    self.isInterval = isInterval
    self.areCounted = areCounted
  }

  mutating func reserve(_ count: Int) {
    keys.reserveCapacity(count * layout.length)
    if isInterval { lastKeys.reserveCapacity(count * layout.length) }
  }

  /// Takes an element; `false` for one that cannot be said.
  mutating func add(_ element: JSONValue) throws(RulesetJSONError) -> Bool {
    var key = element
    if isMap {
      guard let pair = element.array, pair.count == 2 else {
        throw ValueJSONReader.expected("a key and what it leads to", element)
      }
      key = pair[0]
      if isVerdictMap {
        guard let verdict = try SetJSONReader.verdict(pair[1]) else { return false }
        verdicts.append(verdict)
      } else {
        guard let data else { return false }
        try Self.append(pair[1], data, to: &values)
      }
    }
    if case .object(let members) = key, members.count == 1, members[0].key == "elem" {
      let body = members[0].value
      guard let value = body["val"] else { throw RulesetJSONError(.missing("val")).under("elem") }
      if body["counter"] != nil, !areCounted { return false }
      if body["limit"] != nil || body["stmt"] != nil { return false }
      var found = ElementAttributes()
      found.comment = try body.optionalString("comment")
      if let seconds = try body.optionalInteger("timeout"), seconds > 0 {
        found.timeout = try ValueJSONReader.scaled(seconds, by: 1000)
      }
      if found != ElementAttributes() { attributes[keys.count / layout.length] = found }
      key = value
    }
    guard isInterval else {
      try Self.append(key, layout, to: &keys)
      return true
    }
    guard layout.fields.count > 1 else {
      try append(range: key, layout.fields[0])
      return true
    }
    guard let parts = key["concat"]?.array, parts.count == layout.fields.count else {
      throw ValueJSONReader.expected("a concatenation of \(layout.fields.count)", key)
    }
    for (part, field) in zip(parts, layout.fields) { try append(range: part, field) }
    return true
  }

  /// A key of single values.
  private static func append(
    _ value: JSONValue, _ layout: KeyLayout, to bytes: inout [UInt8]
  ) throws(RulesetJSONError) {
    guard layout.fields.count > 1 else { return try append(value, layout.fields[0], to: &bytes) }
    guard case .object(let members) = value, members.count == 1, members[0].key == "concat",
      case .array(let parts) = members[0].value, parts.count == layout.fields.count
    else { throw ValueJSONReader.expected("a concatenation of \(layout.fields.count)", value) }
    for index in parts.indices {
      try append(parts[index], layout.fields[index], to: &bytes)
      pad(&bytes, layout.fields[index])
    }
  }

  private static func append(
    _ value: JSONValue, _ field: KeyLayout.Field, to bytes: inout [UInt8]
  ) throws(RulesetJSONError) {
    // Ports are most of what there is.
    if field.type.type == .inetService, case .integer(let number) = value, (0...0xffff).contains(number) {
      bytes.append(UInt8(truncatingIfNeeded: number >> 8))
      bytes.append(UInt8(truncatingIfNeeded: number))
      return
    }
    let read = try ValueJSONReader.bytes(value, field.type)
    guard read.count == field.length else {
      throw RulesetJSONError(.invalid("a beginning of names stands only in a set of ranges"))
    }
    bytes += read
  }

  private static func pad(_ bytes: inout [UInt8], _ field: KeyLayout.Field) {
    for _ in 0..<(4 - field.length % 4) % 4 { bytes.append(0) }
  }

  private mutating func append(range value: JSONValue, _ field: KeyLayout.Field) throws(RulesetJSONError) {
    let (low, high) = try RangeJSONReader.range(value, field.type)
    keys += low
    lastKeys += high
    guard layout.fields.count > 1 else { return }
    Self.pad(&keys, field)
    Self.pad(&lastKeys, field)
  }

  /// The elements in order; `nil` for boxes that begin in one corner, which their order cannot tell.
  func finish() throws(RulesetJSONError) -> SetElements? {
    let length = layout.length
    let count = keys.count / length
    var order = Array(0..<count)
    order.sort { SetElements.compare(keys, $0, keys, $1, length) < 0 }
    for (index, next) in order.dropFirst().enumerated() {
      let previous = order[index]
      if isInterval, layout.fields.count > 1 {
        if SetElements.compare(keys, previous, keys, next, length) == 0 { return nil }
        continue
      }
      let isRepeated =
        isInterval
        ? SetElements.compare(lastKeys, previous, keys, next, length) >= 0
        : SetElements.compare(keys, previous, keys, next, length) == 0
      if isRepeated { throw RulesetJSONError(.duplicate("the key of this element")).under(next) }
    }
    let payload: SetElements.Payload =
      isVerdictMap
      ? .verdicts(verdicts) : data.map { .values(values, length: $0.length) } ?? .none
    return SetElements(
      keyLength: length, keys: keys, lastKeys: isInterval ? lastKeys : nil, payload: payload,
      attributes: attributes)
  }
}

/// Reads values that may be prefixes and ranges.
enum RangeJSONReader {
  /// First and last value, in the order of the type.
  static func range(_ value: JSONValue, _ type: ValueType) throws(RulesetJSONError) -> ([UInt8], [UInt8]) {
    switch value.onlyMember {
    case ("prefix", let body)?:
      let (bytes, length) = try prefix(body, type)
      let mask = Bits.prefixMask(length, count: bytes.count)
      return (bytes, zip(bytes, mask).map { $0 | ~$1 })
    case ("range", let body)?:
      guard let ends = body.array, ends.count == 2 else {
        throw ValueJSONReader.expected("two ends", body).under("range")
      }
      let low = try ValueJSONReader.bytes(ends[0], type)
      let high = try ValueJSONReader.bytes(ends[1], type)
      guard !high.lexicographicallyPrecedes(low) else {
        throw RulesetJSONError(.invalid("the last value is below the first")).under("range")
      }
      return (low, high)
    default:
      let bytes = try ValueJSONReader.bytes(value, type)
      // The beginning of a name stands for all that begin so.
      guard bytes.count < type.byteCount else { return (bytes, bytes) }
      let rest = type.byteCount - bytes.count
      return (
        bytes + [UInt8](repeating: 0, count: rest), bytes + [UInt8](repeating: 0xff, count: rest)
      )
    }
  }

  /// A prefix whose value is in network order.
  static func prefix(
    _ body: JSONValue, _ type: ValueType
  ) throws(RulesetJSONError) -> (bytes: [UInt8], length: Int) {
    guard let address = body["addr"] else { throw RulesetJSONError(.missing("addr")).under("prefix") }
    let bytes = try ValueJSONReader.bytes(address, type)
    guard let length = body["len"]?.integer, length >= 0, length <= type.bits else {
      throw RulesetJSONError(.expected("a length up to \(type.bits)", found: body["len"]?.kind ?? "nothing"))
        .under("len").under("prefix")
    }
    let ordered = type.order == .host && hostIsLittle ? Array(bytes.reversed()) : bytes
    let mask = Bits.prefixMask(Int(length), count: bytes.count)
    guard zip(ordered, mask).allSatisfy({ $0 & ~$1 == 0 }) else {
      throw RulesetJSONError(.invalid("bits are set behind the prefix")).under("prefix")
    }
    return (bytes, Int(length))
  }
}
