internal import Policy

extension InventoryLoader {
  mutating func readSettings(_ section: YAMLEntry) {
    guard expectMapping(section.value, "`settings`") else { return }
    for entry in tree.entries(section.value) {
      switch Keyword(entry.symbol) {
      case .mode:
        guard declareOwn(entry, .settings, "setting") != nil else { continue }
        if let mode = readMode(entry.value) { draft.mode = mode }
      case .deny:
        guard declareOwn(entry, .settings, "setting") != nil else { continue }
        draft.deny = word(entry.value, "deny", DenyAction.self)
      case .management:
        guard declareOwn(entry, .settings, "setting") != nil else { continue }
        draft.management = entry.value
      case .containers:
        guard declareOwn(entry, .settings, "setting") != nil else { continue }
        if let containers = readContainers(entry.value) { draft.containers = containers }
      default: unknownKey(entry, in: "the settings", [.mode, .deny, .management, .containers])
      }
    }
  }

  /// `enforce`, `observe`, or one of them for each direction.
  mutating func readMode(_ node: NodeID) -> ModeDraft? {
    guard tree.kind(node) == .mapping else {
      guard let mode = word(node, "mode", Mode.self) else { return nil }
      return ModeDraft(ingress: mode, egress: mode, forward: mode)
    }
    var result = ModeDraft()
    for entry in tree.entries(node) {
      switch Keyword(entry.symbol) {
      case .ingress: result.ingress = word(entry.value, "ingress", Mode.self)
      case .egress: result.egress = word(entry.value, "egress", Mode.self)
      case .forward: result.forward = word(entry.value, "forward", Mode.self)
      default: unknownKey(entry, in: "a mode", [.ingress, .egress, .forward])
      }
    }
    return result
  }
}
