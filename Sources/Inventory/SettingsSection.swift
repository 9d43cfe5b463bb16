internal import Policy

extension MappingSchema {
  static let settings = Self(
    "the settings",
    [
      Key(
        .mode, .mode,
        "enforce (default): what no flow allows is denied; observe: it is recorded and passes; or one of them for "
          + "each direction, of which ingress and egress can be left alone. Hosts may have their own."),
      Key(
        .deny, .words(DenyAction.self),
        "drop (default): what is denied gets no answer; reject: it gets one, so that clients fail at once."),
      Key(
        .management, .name,
        "The name of the service by which hosts are managed: no change is applied after which nobody could log in."
      ),
      Key(.containers, .mapping(.containers), "As for hosts, of those that forward to containers."),
      Key(
        .log, .mapping(.log), "Where headers of packets go that no rule allows; without it they go nowhere."),
    ])

  static let log = Self(
    "`log`", [Key(.group, .integer(0...65535), isRequired: true, "The netlink group (NFLOG).")])

  static let mode = Self(
    "a mode",
    [
      Key(
        .ingress, .words(Mode.self), "What comes to the host; leave: it has no rules, and everything passes."),
      Key(.egress, .words(Mode.self), "What the host itself asks for; leave: as for ingress."),
      Key(.forward, .words(RuledMode.self), "What passes through it."),
    ])
}

extension InventoryLoader {
  mutating func readSettings(_ section: YAMLEntry) {
    guard expectMapping(section.value, "`settings`") else { return }
    for entry in tree.entries(section.value) {
      switch MappingSchema.settings.keyword(entry) {
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
      case .log:
        guard declareOwn(entry, .settings, "setting") != nil else { continue }
        draft.logGroup = readLogGroup(entry.value)
      default: unknownKey(entry, in: .settings, of: section.value)
      }
    }
  }

  /// The group to which the kernel gives copies of packets.
  private mutating func readLogGroup(_ node: NodeID) -> UInt16? {
    guard expectMapping(node, "`log`") else { return nil }
    var group: UInt16?
    var isEmpty = true
    for entry in tree.entries(node) {
      isEmpty = false
      guard MappingSchema.log.keyword(entry) == .group else {
        unknownKey(entry, in: .log, of: node)
        continue
      }
      let text = tree.isScalar(entry.value) ? tree.string(entry.value) : ""
      // A sign or zeros ahead of it are no part of a number, as everywhere in the language.
      guard let number = UInt16(text), "\(number)" == text else {
        error(
          entry.value, "`group` is a number from 0 to 65535, not \(found(entry.value))",
          help: "write that of the netlink group your ulogd2 listens to, such as `log: {group: 7}`")
        continue
      }
      group = number
    }
    if isEmpty {
      error(node, "`log` says no group", help: "write `log: {group: 7}`, or remove the key")
    }
    return group
  }

  /// `enforce`, `observe`, or one of the modes for each direction.
  mutating func readMode(_ node: NodeID) -> ModeDraft? {
    guard tree.kind(node) == .mapping else {
      let mode = ruledMode(
        node, "mode", ifLeft: "a host of which everything is left alone has no rules, and nothing to compile",
        help:
          "leave one direction alone, as in `mode: {egress: leave}`; `mode: observe` records and denies nothing"
      )
      guard let mode else { return nil }
      return ModeDraft(ingress: mode, egress: mode, forward: mode, node: node)
    }
    var result = ModeDraft(node: node)
    for entry in tree.entries(node) {
      switch MappingSchema.mode.keyword(entry) {
      case .ingress: result.ingress = word(entry.value, "ingress", Mode.self)
      case .egress: result.egress = word(entry.value, "egress", Mode.self)
      case .forward:
        result.forward = ruledMode(
          entry.value, "forward", ifLeft: "what passes through a host is left alone by `forwarding`",
          help: "write `forwarding: leave` for the host, which is the default, and remove `forward`")
      default: unknownKey(entry, in: .mode, of: node)
      }
    }
    return result
  }
}
