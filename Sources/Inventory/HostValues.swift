internal import Addressing
import Diagnostics

extension InventoryLoader {
  mutating func readAddress(_ node: NodeID) {
    guard tree.isScalar(node), !tree.isNull(node) else {
      return error(node, "an address is expected, not \(found(node))", help: "write one such as 10.20.1.11")
    }
    let bytes = tree.bytes(node)
    if isSeveral(node) { return }
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
  mutating func addAddress(_ bytes: ArraySlice<UInt8>, _ node: NodeID) -> Bool {
    do {
      let address = try Address(parsing: bytes)
      if let what = Self.unusable(address) {
        error(
          node, "`\(address)` is \(what), and no host's own",
          help: "write the address by which others reach the host")
        return false
      }
      guard readsAsText(node) else { return false }
      draft.addresses.append(AddressDraft(address: address, node: node))
      return true
    } catch {
      let shown = SafeText.quoted(String(decoding: bytes, as: UTF8.self))
      let (message, help) = Self.describe(error, shown, isPrefix: false)
      self.error(node, message, help: help)
      return false
    }
  }

  mutating func readGroupList(_ node: NodeID) -> Int? {
    var list: [Symbol] = []
    for item in oneOrMore(node, "groups") ?? tree.noItems {
      guard let name = checkedName(item, isListed: true) else { continue }
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

  mutating func readDestination(_ node: NodeID) -> String? {
    guard let text = text(node, "ssh") else { return nil }
    return checkedDestination(text, node)
  }

  /// A destination is an argument of ssh: it may not become an option or several arguments. A user's
  /// configuration of ssh may hand it on to a shell (`ProxyCommand … %h`, `Match exec`), so whoever may
  /// write to an inventory must not be able to write a command into it.
  mutating func checkedDestination(_ text: String, _ node: NodeID) -> String? {
    if text.hasPrefix("-") {
      error(
        node, "the ssh destination \(SafeText.quoted(text)) begins with `-`",
        help: "ssh would read it as an option")
      return nil
    }
    if let scalar = text.unicodeScalars.first(where: { !Self.isOfDestination($0) }) {
      error(
        node,
        "the ssh destination \(SafeText.quoted(text)) holds the character \(SafeText.codePoint(scalar))",
        help: "write user@host or a name of your ssh configuration")
      return nil
    }
    return text
  }
  /// Letters, digits, and what addresses, ports, users and URIs of ssh have.
  private static func isOfDestination(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "@", ":", "/", "[", "]", "%", "+": true
    default: false
    }
  }
}
