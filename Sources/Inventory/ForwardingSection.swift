/// The words of `forwarding`.
enum ForwardingWord: String, CaseIterable {
  case leave, deny, gateway, containers
}

extension MappingSchema {
  static let route = Self(
    "a route",
    [
      Key(
        .between, .list(.selector, count: 2), isRequired: true,
        "The two sides, each a selector: what goes from one to the other may pass if a flow says so.")
    ])
}

extension InventoryLoader {
  mutating func readForwarding(
    _ forwarding: (word: ForwardingWord, node: NodeID)?, _ routes: NodeID?, _ containers: NodeID?
  ) -> ForwardingDraft {
    let ofContainers = containers.flatMap { readContainers($0) }
    if let containers, forwarding?.word != .containers {
      error(
        containers, "`containers` belongs to a host that forwards to some",
        help: "write `forwarding: containers`, or remove it")
    }
    guard let forwarding, forwarding.word == .gateway else {
      if let routes {
        error(
          routes, "`routes` belong to a gateway", help: "write `forwarding: gateway`, or remove the routes")
      }
      return switch forwarding?.word {
      case .containers: .containers(ofContainers ?? ContainersDraft())
      case .deny: .deny
      case .gateway, .leave, nil: .leave
      }
    }
    guard let routes else {
      error(
        forwarding.node, "a gateway without `routes` forwards nothing",
        help: "write `routes: [{between: [edge, app]}]`, or `forwarding: deny`")
      return .deny
    }
    var result: [RouteDraft] = []
    for item in oneOrMore(routes, "routes") ?? tree.noItems {
      if let route = readRoute(item) { result.append(route) }
    }
    return .gateway(result)
  }

  private mutating func readRoute(_ node: NodeID) -> RouteDraft? {
    guard expectMapping(node, "a route") else { return nil }
    var between: NodeID?
    for entry in tree.entries(node) {
      if MappingSchema.route.keyword(entry) == .between {
        between = entry.value
      } else {
        unknownKey(entry, in: .route, of: node)
      }
    }
    guard let between, tree.kind(between) == .sequence, tree[between].count == 2 else {
      error(between ?? node, "a route has two sides", help: "write `{between: [edge, app]}`")
      return nil
    }
    let sides = Array(tree.items(between))
    return RouteDraft(one: sides[0], other: sides[1])
  }
}
