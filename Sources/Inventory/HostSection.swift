internal import Addressing
import Diagnostics
internal import Policy

extension MappingSchema {
  /// The same of a host and of a group.
  static let transportMeaning =
    "The command that `sekisho agent` is put behind on the controller, in place of ssh: a program and arguments, {host} "
    + "among them. No shell reads it."

  static let host = Self(
    "a host",
    [
      Key(
        .addresses, .oneOrMore(.pattern(.address)), isRequired: true,
        "The addresses by which others reach it, IPv4 and IPv6; each on one host only."),
      Key(.zone, .name, "The area of trust that it is in."),
      Key(
        .groups, .oneOrMore(.pattern(.declaredName)),
        "One group or a list; a group exists when a host names it."),
      Key(.mode, .mode, "As in the settings, for this host."),
      Key(.deny, .words(DenyAction.self), "As in the settings, for this host."),
      Key(
        .forwarding, .words(ForwardingWord.self),
        "leave (default): forwarding is someone else's; deny: nothing passes through; gateway: what flows say, along "
          + "its routes; containers: published ports are judged as ports of the host."),
      Key(
        .routes, .oneOrMore(.mapping(.route)), "What a gateway joins; a route allows nothing by itself."),
      Key(.containers, .mapping(.containers), "Of a host that forwards to containers."),
      Key(.dhcp, .bool, "Whether it is a DHCP client."),
      Key(.crown, .bool, "Whether an intruder must never reach it: reports on reach begin with it."),
      Key(
        .ssh, .pattern(.destination),
        "What ssh is told to connect to; without it the host's name."),
      Key(.transport, .pattern(.transport), transportMeaning),
      Key(.description, .text, "What the host is."),
    ],
    rules: [
      .needs(.routes, .forwarding), .needs(.containers, .forwarding),
      .asksFor(.forwarding, word: ForwardingWord.gateway.rawValue, .routes),
    ])
}

extension InventoryLoader {
  mutating func readHost(_ host: YAMLEntry) {
    guard expectMapping(host.value, "a host") else { return }
    var body = HostBody()
    var addresses: NodeID?
    var ssh: NodeID?
    var routes: NodeID?
    var containers: NodeID?
    var mode: NodeID?
    var forwarding: (word: ForwardingWord, node: NodeID)?
    for entry in tree.entries(host.value) {
      switch MappingSchema.host.keyword(entry) {
      case .addresses: addresses = entry.value
      case .zone: body.zone = checkedName(entry.value).map { ($0, entry.value) }
      case .groups: body.groups = readGroupList(entry.value)
      case .mode:
        mode = entry.value
        body.mode = readMode(entry.value) ?? ModeDraft()
      case .deny: body.deny = word(entry.value, "deny", DenyAction.self)
      case .forwarding:
        forwarding = word(entry.value, "forwarding", ForwardingWord.self).map { ($0, entry.value) }
      case .routes: routes = entry.value
      case .containers: containers = entry.value
      case .dhcp: body.dhcp = bool(entry.value, "dhcp") ?? false
      case .crown: body.crown = bool(entry.value, "crown") ?? false
      case .ssh: ssh = entry.value
      case .transport: body.transport = readTransport(entry.value)
      case .description: _ = text(entry.value, "description")
      default: unknownKey(entry, in: .host, of: host.value)
      }
    }
    body.forwarding = readForwarding(forwarding, routes, containers)
    if case .containers = body.forwarding, let mode, let forward = body.mode.forward,
      body.mode.ingress != forward
    {
      error(
        mode, "what passes to containers has the mode of `ingress`, and none of its own",
        help: "remove `forward`, or give `ingress` the same")
    }
    guard let addresses else {
      declareName(host.key)
      if unseparatedKeys.remove("addresses") != nil || log.countsUnkeptError() { return }
      return error(
        host.key, "the host \(quoted(host.key)) has no `addresses`", help: "write `addresses: [10.20.1.11]`")
    }
    expand(host.key, body, addresses: addresses, ssh: ssh)
  }

  /// A host that is wrong in itself is known all the same, so that its flows are not reported too.
  private mutating func declareName(_ key: NodeID) {
    guard !tree.bytes(key).contains(UInt8(ascii: "[")), let name = checkedName(key) else { return }
    if declare(.host, name, at: key, index: draft.hosts.count) {
      let none = draft.addresses.count..<draft.addresses.count
      draft.hosts.append(HostDraft(name: name, key: key, addresses: none, body: HostBody(), ssh: nil))
    }
  }
}
