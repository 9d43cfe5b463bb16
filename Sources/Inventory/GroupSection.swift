extension MappingSchema {
  static let group = Self(
    "a group",
    [
      Key(.hosts, .selector, isRequired: true, "Who is in it."),
      Key(.description, .text, "What the group is for."),
      Key(.transport, .pattern(.transport), transportMeaning),
    ])
}

extension InventoryLoader {
  /// A selector, or a mapping of it, of what it is for, and of what its hosts have in common.
  mutating func readGroup(_ group: YAMLEntry) {
    guard let name = checkedName(group.key), declare(.group, name, at: group.key, index: draft.groups.count)
    else {
      return
    }
    var result = GroupDraft(name: name, key: group.key, selector: group.value)
    // A mapping of names without values is a list in the wrong brackets, which is told where selectors are read.
    if tree.kind(group.value) == .mapping {
      let values = tree.entries(group.value).map(\.value)
      if values.isEmpty || values.contains(where: { !tree.isNull($0) }) { readGroupBody(group, &result) }
    }
    draft.groups.append(result)
  }

  private mutating func readGroupBody(_ group: YAMLEntry, _ result: inout GroupDraft) {
    result.selector = nil
    for entry in tree.entries(group.value) {
      switch MappingSchema.group.keyword(entry) {
      case .hosts: result.selector = entry.value
      case .description:
        result.servesByItself = true
        _ = text(entry.value, "description")
      case .transport:
        result.servesByItself = true
        result.transport = readTransport(entry.value)
      default: unknownKey(entry, in: .group, of: group.value)
      }
    }
    if result.selector == nil {
      error(group.key, "the group \(quoted(group.key)) has no `hosts`", help: "write `hosts: [web, api]`")
    } else if !result.servesByItself {
      error(
        group.key, "the group \(quoted(group.key)) is a mapping of `hosts` alone",
        help: "without `description` and `transport` a group is its selector alone: "
          + "`\(tree.string(group.key)): [web, api]`")
    }
  }
}
