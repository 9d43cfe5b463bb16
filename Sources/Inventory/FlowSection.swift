import Diagnostics
internal import Policy

extension MappingSchema {
  static let flow = Self(
    "a flow",
    [
      Key(.from, .selector, isRequired: true, "Who asks: a selector, or a list of them."),
      Key(.to, .selector, isRequired: true, "Who is asked: a selector, or a list of them."),
      Key(.service, .names, isRequired: true, "The name of a service, or a list of names."),
      Key(
        .per, .names,
        "Groups, zones or hosts for each of which the flow stands once, both ends narrowed to it."),
      Key(.why, .text, isRequired: true, "The reason, for the person who would like to remove the flow."),
      Key(.owner, .text, "Who answers for it."),
      Key(.ticket, .text, "Where it was asked for."),
      Key(
        .until, .pattern(.moment),
        "When it closes by itself: at the end of a day in UTC, 2027-03-31, or at a moment, 2027-03-31T18:00:00Z."
      ),
    ])
}

extension InventoryLoader {
  mutating func readFlow(_ flow: YAMLEntry) {
    guard let name = declareOwn(flow, .flows, "flow"), expectMapping(flow.value, "a flow") else { return }
    var from: NodeID?
    var to: NodeID?
    var service: NodeID?
    var per: NodeID?
    var hasWhy = false
    var why: String?
    var owner: String?
    var ticket: String?
    var until: Timestamp?
    for entry in tree.entries(flow.value) {
      switch MappingSchema.flow.keyword(entry) {
      case .from: from = entry.value
      case .to: to = entry.value
      case .service: service = entry.value
      case .per: per = entry.value
      case .why:
        hasWhy = true
        why = text(entry.value, "why", ifEmpty: "write the reason that a reviewer needs")
      case .owner: owner = text(entry.value, "owner")
      case .ticket: ticket = text(entry.value, "ticket")
      case .until: until = readMoment(entry.value)
      default: unknownKey(entry, in: .flow, of: flow.value)
      }
    }
    if !hasWhy, unseparatedKeys.remove("why") == nil {
      error(
        flow.key, "the flow \(quoted(flow.key)) does not say why it exists",
        help: "write `why:` and the reason that a reviewer needs")
    }
    guard let from = required(from, "from", flow.key), let to = required(to, "to", flow.key),
      let service = required(service, "service", flow.key)
    else { return }
    draft.flows.append(
      FlowDraft(
        name: name, key: flow.key, from: from, to: to, service: service, per: per, why: why ?? "",
        owner: owner, ticket: ticket, until: until))
  }

  mutating func required(_ node: NodeID?, _ what: String, _ key: NodeID) -> NodeID? {
    if node == nil, unseparatedKeys.remove(what) == nil, !log.countsUnkeptError() {
      error(key, "\(quoted(key)) has no `\(what)`", help: "add `\(what):` to it")
    }
    return node
  }

  private mutating func readMoment(_ node: NodeID) -> Timestamp? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      error(node, "`until` is a day or a moment, not \(found(node))", help: Self.momentHelp)
      return nil
    }
    do {
      return try DateText.parse(tree.bytes(node))
    } catch {
      let message =
        switch error {
        case .malformed: "\(quoted(node)) is not a day or a moment"
        case .zone: "\(quoted(node)) is not a moment in UTC"
        case .impossible: "\(quoted(node)) is in no calendar"
        case .outOfReach: "\(quoted(node)) is not between 2000 and 2261"
        }
      self.error(node, message, help: Self.momentHelp)
      return nil
    }
  }

  private static let momentHelp =
    "write `2027-03-31` for the end of that day in UTC, or `2027-03-31T18:00:00Z`"
}
