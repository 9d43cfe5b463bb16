internal import Addressing
import Diagnostics

extension InventoryLoader {
  /// Declares a host, or the hosts of a range.
  mutating func expand(_ key: NodeID, _ body: HostBody, addresses: NodeID, ssh: NodeID?) {
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
    if what == "address", isSeveral(node) { return nil }
    do {
      guard let own = try NumberRange(tree.bytes(node)) else {
        let numbers = "write a range of \(range.count) numbers in it, such as `[1..\(range.count)]`"
        error(
          node, "every host of \(quoted(key)) would have the same \(what)",
          help: what == "address" ? numbers + virtualHelp(node, range) : numbers,
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

  /// For an address that the hosts of a range carry in turn.
  private func virtualHelp(_ node: NodeID, _ range: NumberRange) -> String {
    guard (try? Address(parsing: tree.string(node))) != nil else { return "" }
    var buffer: [UInt8] = []
    let names = (0..<min(range.count, 8)).map { offset in
      range.write(offset, into: &buffer)
      return String(decoding: buffer, as: UTF8.self)
    }
    let carriers = range.count > names.count ? "GROUP" : "[\(names.joined(separator: ", "))]"
    return "; an address that all may carry is virtual, and no host's own: "
      + "`virtual: {lb: {addresses: [\(CommaText.item(tree.string(node)))], carriers: \(SafeText.escaped(carriers))}}`"
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
}
