extension MappingSchema {
  static let virtual = Self(
    "a virtual address",
    [
      Key(
        .addresses, .oneOrMore(.pattern(.oneAddress)), isRequired: true,
        "One address or a list; of no host's own, and in no other virtual address."),
      Key(
        .carriers, .selector, isRequired: true, "The hosts that may have it: a selector, or a list of them."),
      Key(.description, .text, "What it is for."),
    ])
}

extension InventoryLoader {
  mutating func readVirtual(_ virtual: YAMLEntry) {
    guard let name = checkedName(virtual.key),
      declare(.virtual, name, at: virtual.key, index: draft.virtuals.count)
    else { return }
    // The draft is kept whatever is wrong in it: the name is declared.
    let first = draft.addresses.count
    var carriers: NodeID?
    if expectMapping(virtual.value, "a virtual address") {
      var hasAddresses = false
      for entry in tree.entries(virtual.value) {
        switch MappingSchema.virtual.keyword(entry) {
        case .addresses:
          hasAddresses = true
          for item in oneOrMore(entry.value, "addresses") ?? tree.noItems { readVirtualAddress(item) }
        case .carriers: carriers = entry.value
        case .description: _ = text(entry.value, "description")
        default: unknownKey(entry, in: .virtual, of: virtual.value)
        }
      }
      if !hasAddresses {
        error(
          virtual.key, "the virtual address \(quoted(name)) has no `addresses`",
          help: "write `addresses: [10.20.1.100]`")
      }
      if carriers == nil {
        error(
          virtual.key, "the virtual address \(quoted(name)) has no `carriers`",
          help: "name the hosts that may have it: `carriers: edge`")
      }
    }
    draft.virtuals.append(
      VirtualDraft(
        name: name, key: virtual.key, addresses: first..<draft.addresses.count, carriers: carriers))
  }

  private mutating func readVirtualAddress(_ node: NodeID) {
    guard tree.isScalar(node), !tree.isNull(node) else {
      return error(node, "an address is expected, not \(found(node))", help: "write one such as 10.20.1.100")
    }
    if isSeveral(node) { return }
    let bytes = tree.bytes(node)
    if bytes.last == UInt8(ascii: "]") {
      return error(
        node, "\(quoted(node)) is a range, and ranges stand only in `hosts`", help: "write each address")
    }
    if bytes.contains(UInt8(ascii: "/")) {
      return error(
        node, "\(quoted(node)) is a prefix, and hosts carry single addresses",
        help: "write the address without `/`")
    }
    _ = addAddress(bytes, node)
  }
}
