extension InventoryLoader {
  mutating func readGroup(_ group: YAMLEntry) {
    guard let name = checkedName(group.key), declare(.group, name, at: group.key, index: draft.groups.count)
    else {
      return
    }
    draft.groups.append(GroupDraft(name: name, key: group.key, selector: group.value))
  }
}
