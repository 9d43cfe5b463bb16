internal import Policy

/// What was written of the containers of a host; what was not comes from the settings.
struct ContainersDraft {
  var egress: ContainerEgress?
  var bridges: [String]?

  /// What is written here, else what is written there, else the usual.
  func settled(_ settings: Self) -> Containers {
    Containers(
      bridges: bridges ?? settings.bridges ?? Containers.usualBridges,
      judgesEgress: (egress ?? settings.egress) == .enforce)
  }
}

/// The words of `egress` of containers.
enum ContainerEgress: String, CaseIterable {
  case leave, enforce
}

extension MappingSchema {
  static let containers = Self(
    "`containers`",
    [
      Key(
        .egress, .words(ContainerEgress.self),
        "leave: what containers ask for outside is left alone; enforce: it is judged as what the host itself asks for."
      ),
      Key(
        .bridges, .oneOrMore(.pattern(.bridge)),
        "The links that containers are attached to, by name or by how names begin; not that of the host itself."
      ),
    ])
}

extension InventoryLoader {
  mutating func readContainers(_ node: NodeID) -> ContainersDraft? {
    guard expectMapping(node, "`containers`") else { return nil }
    var result = ContainersDraft()
    for entry in tree.entries(node) {
      switch MappingSchema.containers.keyword(entry) {
      case .egress: result.egress = word(entry.value, "egress", ContainerEgress.self)
      case .bridges: result.bridges = readBridges(entry.value)
      default: unknownKey(entry, in: .containers, of: node)
      }
    }
    return result
  }

  /// Names of links that no two of them share, so that they are keys of one set.
  private mutating func readBridges(_ node: NodeID) -> [String]? {
    var names: [String] = []
    for item in oneOrMore(node, "bridges") ?? tree.noItems {
      guard let name = readBridge(item) else { continue }
      if let other = names.first(where: { Containers.covers($0, name) || Containers.covers(name, $0) }) {
        error(item, "`\(name)` and `\(other)` stand for the same links", help: "remove the narrower one")
        continue
      }
      names.append(name)
    }
    return names.isEmpty ? nil : names.sorted()
  }

  /// A name is an argument of a rule, and what a wrong one stands for is let pass: `*` would be every link there is.
  private mutating func readBridge(_ node: NodeID) -> String? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      error(node, "the name of a bridge is expected, not \(found(node))", help: "write one such as docker0")
      return nil
    }
    if isSeveral(node) { return nil }
    let text = tree.string(node)
    let name = text.hasSuffix("*") ? String(text.dropLast()) : text
    let isWord = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    // IFNAMSIZ (linux/if.h) counts the NUL behind a name.
    guard isWord, !name.isEmpty, text.utf8.count <= 15 else {
      error(
        node, "\(quoted(node)) is no name of a bridge",
        help: "1 to 15 letters, digits and `._-`; `br-*` stands for every name that begins with `br-`")
      return nil
    }
    guard readsAsText(node) else { return nil }
    if Containers.covers(text, "lo") {
      error(node, "`\(text)` stands for the loopback too", help: "write the names that bridges have")
      return nil
    }
    return text
  }
}
