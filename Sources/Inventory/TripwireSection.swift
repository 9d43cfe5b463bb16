extension MappingSchema {
  static let tripwire = Self(
    "a tripwire",
    [
      Key(.on, .selector, isRequired: true, "The hosts that count knocks, and refuse whoever trips it."),
      Key(.from, .selector, "Whose knocks count; without it those of all hosts of the inventory."),
      Key(.after, .pattern(.doors), "So many different closed doors, within a time: `20 closed doors`."),
      Key(.within, .pattern(.duration), "That time: 10 seconds to an hour."),
      Key(
        .touch, .names,
        "Instead of a number: the service, or a list, whose ports cut off at the first packet; any: every closed door does."
      ),
      Key(.cut, .pattern(.duration), isRequired: true, "For how long: 10 seconds to 30 days."),
      Key(
        .spare, .selector,
        "Who is never cut off; without it the sources of all flows of the management service, and gateways."),
      Key(.why, .text, isRequired: true, "The reason, for the person who would like to remove it."),
    ],
    rules: [.exactlyOne([.after, .touch]), .needs(.after, .within), .needs(.within, .after)])
}

extension InventoryLoader {
  mutating func readTripwire(_ rule: YAMLEntry) {
    guard let name = declareOwn(rule, .tripwires, "tripwire"), expectMapping(rule.value, "a tripwire") else {
      return
    }
    var nodes: [Keyword: NodeID] = [:]
    for entry in tree.entries(rule.value) {
      if let keyword = MappingSchema.tripwire.keyword(entry) {
        nodes[keyword] = entry.value
      } else {
        unknownKey(entry, in: .tripwire, of: rule.value)
      }
    }
    let why = nodes[.why].flatMap { text($0, "why", ifEmpty: "write the reason that a reviewer needs") }
    if nodes[.why] == nil {
      error(
        rule.key, "the tripwire \(quoted(rule.key)) does not say why it exists",
        help: "write `why:` and the reason that a reviewer needs")
    }
    let trigger = trigger(rule.key, nodes)
    let on = required(nodes[.on], "on", rule.key)
    let cut = required(nodes[.cut], "cut", rule.key).flatMap { duration($0, "cut", 10...2_592_000) }
    guard let trigger, let on, let cut else { return }
    draft.tripwires.append(
      TripwireDraft(
        name: name, key: rule.key, on: on, from: nodes[.from], spare: nodes[.spare], trigger: trigger,
        cut: cut, why: why ?? ""))
  }

  private mutating func trigger(_ key: NodeID, _ nodes: [Keyword: NodeID]) -> TripwireDraft.Trigger? {
    switch (nodes[.after], nodes[.touch]) {
    case (nil, let touch?):
      guard let within = nodes[.within] else { return .touch(touch) }
      error(within, "one touch is enough: `within` belongs to `after`", help: "remove it")
      return nil
    case (let after?, nil):
      guard let within = nodes[.within] else {
        error(
          after, "`after` does not say within which time", help: "add `within: 1 minute`, or what is meant")
        return nil
      }
      let doors = doors(after)
      let seconds = duration(within, "within", 10...3600)
      guard let doors, let seconds else { return nil }
      return .doors(doors, within: seconds)
    default:
      error(
        key, "a tripwire says what trips it: one of `after` and `touch`",
        help: "write `after: 20 closed doors, within: 1 minute`, or `touch: any` where nothing has business")
      return nil
    }
  }

  /// `20 closed doors`.
  private mutating func doors(_ node: NodeID) -> Int? {
    let words =
      tree.isScalar(node) ? tree.string(node).split(separator: " ", omittingEmptySubsequences: false) : []
    if words.count == 3, words[1...] == ["closed", "doors"], let number = Int(words[0]),
      String(number) == words[0], (2...1000).contains(number)
    {
      return number
    }
    if words.count == 3, words[1...] == ["closed", "doors"], words[0].count > 3, Int(words[0]) ?? 0 > 1000 {
      error(
        node, "`after` is \(quoted(node))",
        help: "2 to 1000 closed doors are possible")
      return nil
    }
    error(
      node, "`after` is a number of closed doors, not \(found(node))",
      help: "write `after: 20 closed doors`: 2 to 1000; for the first one `touch: any` instead")
    return nil
  }

  /// `90s`, `5m`, `1h`, `2d`; `1 minute`, `12 hours`.
  ///
  /// - Returns: seconds.
  private mutating func duration(_ node: NodeID, _ what: String, _ possible: ClosedRange<Int>) -> Int? {
    let text = tree.isScalar(node) ? tree.string(node) : ""
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count)
    let units: [(name: String, seconds: Int)] = [
      ("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400),
    ]
    guard digits.count <= 9, let number = Int(digits), number > 0, String(number) == digits,
      let seconds = units.first(where: {
        unit == $0.name.prefix(1) || unit == " \($0.name)\(number == 1 ? "" : "s")"
      })?.seconds
    else {
      error(
        node, "`\(what)` is a time, not \(found(node))",
        help: possible.contains(86_400)
          ? "write `\(what): 1 minute`, `90s`, `2h` or `1d`" : "write `\(what): 1 minute`, `90s` or `1h`")
      return nil
    }
    guard possible.contains(number * seconds) else {
      let most = possible.upperBound == 3600 ? "an hour" : "30 days"
      error(
        node, "`\(what)` is \(quoted(node))", help: "\(possible.lowerBound) seconds to \(most) are possible")
      return nil
    }
    return number * seconds
  }
}
