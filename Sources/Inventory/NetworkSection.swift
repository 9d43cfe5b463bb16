internal import Addressing

extension MappingSchema {
  static let network = Self(
    "a network",
    [
      Key(
        .prefixes, .oneOrMore(.pattern(.addressRange)), isRequired: true,
        "Prefixes, addresses, or ranges such as 10.1.50.10-10.1.50.99."),
      Key(
        .except, .oneOrMore(.pattern(.exception)),
        "What is taken out of them: managed (every address of every host), private (what no single host of the "
          + "internet has), names of other networks, prefixes, ranges."),
      Key(.description, .text, "What the network is."),
    ])
}

extension InventoryLoader {
  mutating func readNetwork(_ network: YAMLEntry) {
    guard let name = checkedName(network.key),
      declare(.network, name, at: network.key, index: draft.networks.count)
    else { return }
    // The draft is kept whatever is wrong in it: the name is declared.
    var result = NetworkDraft(name: name, key: network.key)
    if expectMapping(network.value, "a network") {
      var hasPrefixes = false
      for entry in tree.entries(network.value) {
        switch MappingSchema.network.keyword(entry) {
        case .prefixes:
          hasPrefixes = true
          for item in oneOrMore(entry.value, "prefixes") ?? tree.noItems {
            if let range = peers(item) { result.prefixes.append(range) }
          }
        case .except:
          for item in oneOrMore(entry.value, "except") ?? tree.noItems {
            if let exception = exception(item) { result.exceptions.append(exception) }
          }
        case .description: _ = text(entry.value, "description")
        default: unknownKey(entry, in: .network, of: network.value)
        }
      }
      if !hasPrefixes, unseparatedKeys.remove("prefixes") == nil {
        error(
          network.key, "the network \(quoted(name)) has no `prefixes`",
          help: "write `prefixes: [203.0.113.0/24]`")
      }
    }
    draft.networks.append(result)
  }

  private mutating func peers(_ node: NodeID) -> AddressRange? {
    guard let range = addressRange(node) else { return nil }
    if Prefix.multicast.contains(where: { range.isInside($0) }) {
      error(
        node, "\(quoted(node)) is multicast, and no peer has such an address",
        help: "name the peers here and the group in the service: `multicast: [224.0.0.18]`")
      return nil
    }
    // A prefix that holds more has all of it, as `::/0` does; an end within is one that was counted wrong.
    if Prefix.multicast.contains(where: { range.cuts($0) }) {
      error(
        node, "\(quoted(node)) ends or begins within multicast, and no peer has such an address",
        help: "write a range that ends at 223.255.255.255, or at \"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\"")
      return nil
    }
    if range.isInside(.ipv4Mapped) {
      error(
        node, "\(quoted(node)) is IPv4 in IPv6 clothes, which no packet carries",
        help: "write the IPv4 prefix")
      return nil
    }
    return range
  }

  private mutating func exception(_ node: NodeID) -> ExceptionDraft? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      error(
        node, "an exception is a prefix, a range, a network, `managed` or `private`, not \(found(node))",
        help: "write `except: [managed, private]`")
      return nil
    }
    if isSeveral(node) { return nil }
    let bytes = tree.bytes(node)
    if bytes.elementsEqual("managed".utf8) { return ExceptionDraft(kind: .managed, node: node) }
    if bytes.elementsEqual("private".utf8) { return ExceptionDraft(kind: .private, node: node) }
    let looksLikeAddress =
      bytes.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
      || bytes.allSatisfy {
        $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0)
      }
    if looksLikeAddress {
      return addressRange(node).map { ExceptionDraft(kind: .addresses($0), node: node) }
    }
    return checkedName(node).map { ExceptionDraft(kind: .network($0), node: node) }
  }
}
