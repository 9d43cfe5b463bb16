internal import Addressing
import Diagnostics
internal import Policy

extension InventoryLoader {
  mutating func readHost(_ host: YAMLEntry) {
    guard expectMapping(host.value, "a host") else { return }
    var body = HostBody()
    var addresses: NodeID?
    var ssh: NodeID?
    var routes: NodeID?
    var forwarding: (word: ForwardingWord, node: NodeID)?
    for entry in tree.entries(host.value) {
      switch Keyword(entry.symbol) {
      case .addresses: addresses = entry.value
      case .zone: body.zone = checkedName(entry.value).map { ($0, entry.value) }
      case .groups: body.groups = readGroupList(entry.value)
      case .mode: body.mode = readMode(entry.value) ?? ModeDraft()
      case .deny: body.deny = word(entry.value, "deny", DenyAction.self)
      case .forwarding:
        forwarding = word(entry.value, "forwarding", ForwardingWord.self).map { ($0, entry.value) }
      case .routes: routes = entry.value
      case .dhcp: body.dhcp = bool(entry.value, "dhcp") ?? false
      case .crown: body.crown = bool(entry.value, "crown") ?? false
      case .ssh: ssh = entry.value
      case .description: _ = text(entry.value, "description")
      default:
        unknownKey(
          entry, in: "a host",
          [.addresses, .zone, .groups, .mode, .deny, .forwarding, .routes, .dhcp, .crown, .ssh, .description])
      }
    }
    body.forwarding = readForwarding(forwarding, routes)
    guard let addresses else {
      declareName(host.key)
      if log.countsUnkeptError() { return }
      return error(
        host.key, "the host \(quoted(host.key)) has no `addresses`", help: "write `addresses: [10.20.1.11]`")
    }
    expand(host.key, body, addresses: addresses, ssh: ssh)
  }

  /// A host that is wrong in itself is known all the same, so that its flows are not reported too.
  private mutating func declareName(_ key: NodeID) {
    guard !tree.bytes(key).contains(UInt8(ascii: "[")), let name = checkedName(key) else { return }
    if declare(.host, name, at: key, index: draft.hosts.count) {
      let none = draft.addresses.count..<draft.addresses.count
      draft.hosts.append(HostDraft(name: name, key: key, addresses: none, body: HostBody(), ssh: nil))
    }
  }

  // MARK: Ranges

  private mutating func expand(_ key: NodeID, _ body: HostBody, addresses: NodeID, ssh: NodeID?) {
    let range: NumberRange?
    do {
      range = try NumberRange(tree.bytes(key))
    } catch {
      return self.error(key, Self.describe(error, quoted(key)), help: Self.rangeHelp)
    }
    hostBudget -= range?.count ?? 1
    guard hostBudget >= 0 else {
      // Reported once: the budget stays spent.
      if hostBudget + (range?.count ?? 1) >= 0 {
        error(key, "the inventory has more than 65536 hosts", help: "split it into inventories of their own")
      }
      return
    }
    guard let range else {
      guard let name = checkedName(key) else { return }
      let start = draft.addresses.count
      for item in oneOrMore(addresses, "addresses") ?? tree.noItems { readAddress(item) }
      var destination: String?
      if let ssh { destination = readDestination(ssh) }
      add(name, key, start, body, destination)
      return
    }
    var templates: [(range: NumberRange, node: NodeID)] = []
    for item in oneOrMore(addresses, "addresses") ?? tree.noItems {
      if let template = template(item, "address", of: range, key) { templates.append((template, item)) }
    }
    var destination: NumberRange?
    if let ssh { destination = template(ssh, "ssh destination", of: range, key) }
    var buffer: [UInt8] = []
    // A mistake of the range is one mistake, not one for every number.
    for offset in 0..<range.count {
      range.write(offset, into: &buffer)
      if let fault = NameRule.fault(buffer[...], isPlain: false) {
        return error(key, fault.message, help: fault.help)
      }
      let name = symbols.intern(buffer[...])
      let start = draft.addresses.count
      for template in templates {
        template.range.write(offset, into: &buffer)
        guard addAddress(buffer[...], template.node) else { return declareRest(range, from: offset, key) }
      }
      var text: String?
      if let destination, let ssh {
        destination.write(offset, into: &buffer)
        text = checkedDestination(String(decoding: buffer, as: UTF8.self), ssh)
      }
      guard add(name, key, start, body, text) else { return }
    }
  }

  private mutating func declareRest(_ range: NumberRange, from offset: Int, _ key: NodeID) {
    var buffer: [UInt8] = []
    for rest in offset..<range.count {
      range.write(rest, into: &buffer)
      guard NameRule.fault(buffer[...], isPlain: false) == nil else { return }
      let end = draft.addresses.count
      guard add(symbols.intern(buffer[...]), key, end, HostBody(), nil) else { return }
    }
  }

  /// A range in a value of a range of hosts, which must have as many numbers.
  private mutating func template(_ node: NodeID, _ what: String, of range: NumberRange, _ key: NodeID)
    -> NumberRange?
  {
    do {
      guard let own = try NumberRange(tree.bytes(node)) else {
        error(
          node, "every host of \(quoted(key)) would have the same \(what)",
          help: "write a range of \(range.count) numbers in it, such as `[1..\(range.count)]`",
          related: [related(key, "\(range.count) hosts")])
        return nil
      }
      guard own.count == range.count else {
        error(
          node, "\(quoted(node)) has \(own.count) numbers for \(range.count) hosts",
          help: "make both ranges equally long",
          related: [related(key, "\(range.count) hosts")])
        return nil
      }
      return own
    } catch {
      self.error(node, Self.describe(error, quoted(node)), help: Self.rangeHelp)
      return nil
    }
  }

  private static let rangeHelp = "write a range as `[1..3]` or `[01..12]`"

  private static func describe(_ fault: NumberRange.Fault, _ shown: String) -> String {
    switch fault {
    case .malformed: "\(shown) has brackets without a range"
    case .several: "\(shown) has more than one range"
    case .inverted: "the range in \(shown) runs backwards"
    case .widths: "the ends of the range in \(shown) have leading zeros and different lengths"
    case .tooLarge: "the range in \(shown) has a number of more than nine digits"
    }
  }

  @discardableResult
  private mutating func add(_ name: Symbol, _ key: NodeID, _ start: Int, _ body: HostBody, _ ssh: String?)
    -> Bool
  {
    guard declare(.host, name, at: key, index: draft.hosts.count) else { return false }
    draft.hosts.append(
      HostDraft(name: name, key: key, addresses: start..<draft.addresses.count, body: body, ssh: ssh))
    return true
  }

  // MARK: Values

  private mutating func readAddress(_ node: NodeID) {
    guard tree.isScalar(node), !tree.isNull(node) else {
      return error(node, "an address is expected, not \(found(node))", help: "write one such as 10.20.1.11")
    }
    let bytes = tree.bytes(node)
    if bytes.last == UInt8(ascii: "]") {
      return error(
        node, "\(quoted(node)) is a range, and the host is one",
        help: "write the range in the host's name too: `db-[1..3]`")
    }
    if bytes.contains(UInt8(ascii: "/")) {
      return error(
        node, "\(quoted(node)) is a prefix, and a host has addresses", help: "write the address without `/`")
    }
    _ = addAddress(bytes, node)
  }

  /// - Returns: Whether the text is an address that a host can have.
  private mutating func addAddress(_ bytes: ArraySlice<UInt8>, _ node: NodeID) -> Bool {
    do {
      let address = try Address(parsing: bytes)
      if let what = Self.unusable(address) {
        error(
          node, "`\(address)` is \(what), and no host's own",
          help: "write the address by which others reach the host")
        return false
      }
      draft.addresses.append(AddressDraft(address: address, node: node))
      return true
    } catch {
      let shown = SafeText.quoted(String(decoding: bytes, as: UTF8.self))
      let (message, help) = Self.describe(error, shown, isPrefix: false)
      self.error(node, message, help: help)
      return false
    }
  }

  private mutating func readGroupList(_ node: NodeID) -> Int? {
    var list: [Symbol] = []
    for item in oneOrMore(node, "groups") ?? tree.noItems {
      guard let name = checkedName(item) else { continue }
      if list.contains(name) {
        warning(item, "the group \(quoted(item)) is listed twice", help: "remove one")
        continue
      }
      guard namespace[name]?.kind == .implicitGroup || declare(.implicitGroup, name, at: item, index: 0)
      else {
        continue
      }
      list.append(name)
    }
    if list.isEmpty { return nil }
    if let known = groupListIndex[list] { return known }
    groupListIndex[list] = draft.groupLists.count
    draft.groupLists.append(list)
    return draft.groupLists.count - 1
  }

  private mutating func readDestination(_ node: NodeID) -> String? {
    guard let text = text(node, "ssh") else { return nil }
    return checkedDestination(text, node)
  }

  /// A destination is an argument of ssh: it may not become an option or several arguments.
  private mutating func checkedDestination(_ text: String, _ node: NodeID) -> String? {
    if text.hasPrefix("-") {
      error(
        node, "the ssh destination \(SafeText.quoted(text)) begins with `-`",
        help: "ssh would read it as an option")
      return nil
    }
    if let scalar = text.unicodeScalars.first(where: { $0.value <= 0x20 || !$0.isASCII }) {
      error(
        node,
        "the ssh destination \(SafeText.quoted(text)) holds the character \(SafeText.codePoint(scalar))",
        help: "write user@host or a name of your ssh configuration")
      return nil
    }
    return text
  }
}

/// The words of `forwarding`.
private enum ForwardingWord: String, CaseIterable {
  case leave, deny, gateway
}

extension InventoryLoader {
  private mutating func readForwarding(
    _ forwarding: (word: ForwardingWord, node: NodeID)?, _ routes: NodeID?
  ) -> ForwardingDraft {
    guard let forwarding, forwarding.word == .gateway else {
      if let routes {
        error(
          routes, "`routes` belong to a gateway", help: "write `forwarding: gateway`, or remove the routes")
      }
      return forwarding?.word == .deny ? .deny : .leave
    }
    guard let routes else {
      error(
        forwarding.node, "a gateway without `routes` forwards nothing",
        help: "write `routes: [{between: [edge, app]}]`, or `forwarding: deny`")
      return .deny
    }
    var result: [RouteDraft] = []
    for item in oneOrMore(routes, "routes") ?? tree.noItems {
      if let route = readRoute(item) { result.append(route) }
    }
    return .gateway(result)
  }

  private mutating func readRoute(_ node: NodeID) -> RouteDraft? {
    guard expectMapping(node, "a route") else { return nil }
    var between: NodeID?
    for entry in tree.entries(node) {
      if Keyword(entry.symbol) == .between {
        between = entry.value
      } else {
        unknownKey(entry, in: "a route", [.between])
      }
    }
    guard let between, tree.kind(between) == .sequence, tree[between].count == 2 else {
      error(between ?? node, "a route has two sides", help: "write `{between: [edge, app]}`")
      return nil
    }
    let sides = Array(tree.items(between))
    return RouteDraft(one: sides[0], other: sides[1])
  }
}
