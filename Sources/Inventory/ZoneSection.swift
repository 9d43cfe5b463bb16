extension MappingSchema {
  static let zone = Self(
    "a zone",
    [
      Key(.description, .text, "What the area of trust is."),
      Key(.crown, .bool, "Whether an intruder must never reach its hosts: reports on reach begin with them."),
    ])
}

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
        switch MappingSchema.zone.keyword(entry) {
        case .description: result.description = text(entry.value, "description")
        case .crown: result.crown = bool(entry.value, "crown") ?? false
        default: unknownKey(entry, in: .zone, of: zone.value)
        }
      }
    }
    draft.zones.append(result)
  }
}
