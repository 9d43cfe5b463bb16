extension InventoryLoader {
  mutating func readZone(_ zone: YAMLEntry) {
    guard let name = checkedName(zone.key), declare(.zone, name, at: zone.key, index: draft.zones.count)
    else {
      return
    }
    var result = ZoneDraft(name: name, key: zone.key)
    // A zone needs no more than its name.
    if !tree.isNull(zone.value), expectMapping(zone.value, "a zone") {
      for entry in tree.entries(zone.value) {
        switch Keyword(entry.symbol) {
        case .description: result.description = text(entry.value, "description")
        case .crown: result.crown = bool(entry.value, "crown") ?? false
        default: unknownKey(entry, in: "a zone", [.description, .crown])
        }
      }
    }
    draft.zones.append(result)
  }
}
