extension MappingSchema {
  static let group = Self(
    "a group",
    [
      Key(.hosts, .selector, isRequired: true, "Who is in it."),
      Key(.transport, .pattern(.transport), isRequired: true, transportMeaning),
    ])
}

extension InventoryLoader {
  /// A selector, or a mapping of it and of what its hosts have in common.
  mutating func readGroup(_ group: YAMLEntry) {
    guard let name = checkedName(group.key), declare(.group, name, at: group.key, index: draft.groups.count)
    else {
      return
    }
    var selector: NodeID? = group.value
    var transport: TransportDraft?
    // A mapping of names without values is a list in the wrong brackets, which is told where selectors are read.
    if tree.kind(group.value) == .mapping,
      tree.entries(group.value).contains(where: { !tree.isNull($0.value) })
    {
      (selector, transport) = readGroupBody(group)
    }
    draft.groups.append(
      GroupDraft(name: name, key: group.key, selector: selector, transport: transport))
  }

  private mutating func readGroupBody(_ group: YAMLEntry) -> (selector: NodeID?, transport: TransportDraft?) {
    var selector: NodeID?
    var transport: TransportDraft??
    for entry in tree.entries(group.value) {
      switch MappingSchema.group.keyword(entry) {
      case .hosts: selector = entry.value
      case .transport: transport = .some(readTransport(entry.value))
      default: unknownKey(entry, in: .group)
      }
    }
    if selector == nil {
      error(group.key, "the group \(quoted(group.key)) has no `hosts`", help: "write `hosts: [web, api]`")
    } else if transport == nil {
      error(
        group.key, "the group \(quoted(group.key)) has no `transport`",
        help: "without one a group is its selector alone: `\(tree.string(group.key)): [web, api]`")
    }
    return (selector, transport ?? nil)
  }
}
