internal import Addressing
import Diagnostics
internal import Policy

extension PolicyBuilder {
  /// The tripwires in order of name; their peers are numbered in order of discovery.
  mutating func resolveTripwires() -> [Tripwire] {
    let named = loader.draft.tripwires.map { (loader.symbols.name($0.name), $0) }.sorted { $0.0 < $1.0 }
    var result: [Tripwire] = []
    for (name, draft) in named {
      let on = resolve(draft.on, "on", name: "\(name)/tripwire.on")
      let from = optional(draft.from, "from", name)
      let spare = optional(draft.spare, "spare", name)
      let trigger = trigger(draft.trigger)
      if let on, !peers[on].networks.isEmpty {
        loader.error(
          draft.on,
          "`on` names hosts that this inventory manages, and \(loader.found(draft.on)) has a network",
          help: "only what has a ruleset of Sekisho's counts knocks")
        continue
      }
      if let on, !peers[on].virtuals.isEmpty {
        loader.error(
          draft.on, "`on` names hosts that count knocks, and \(loader.found(draft.on)) has a virtual address",
          help: "name the hosts that carry it: they count what knocks there as well")
        continue
      }
      guard let on, let from, let spare, let trigger else { continue }
      result.append(
        Tripwire(
          name: name, on: on, from: from.id, spare: spare.id, trigger: trigger, cut: draft.cut,
          why: draft.why, location: loader.tree.location(draft.key)))
    }
    return result
  }

  /// A selector that may be left out: the outer `nil` is a mistake.
  private mutating func optional(_ node: NodeID?, _ what: String, _ name: String) -> (id: PeersID?, Void)? {
    guard let node else { return (nil, ()) }
    return resolve(node, what, name: "\(name)/tripwire.\(what)").map { ($0, ()) }
  }

  private mutating func trigger(_ draft: TripwireDraft.Trigger) -> Tripwire.Trigger? {
    switch draft {
    case .doors(let number, let within): return .doors(number, within: within)
    case .touch(let node):
      if loader.tree.isScalar(node), loader.tree.string(node) == "any", !isService("any") { return .anyDoor }
      // Here a word means every door, where it stands alone.
      for item in loader.tree.items(node) where loader.tree.isScalar(item) {
        let word = loader.tree.string(item)
        guard ServiceTermText.meansAnything.contains(word.lowercased()), !isService(word) else { continue }
        loader.error(
          item, "no service is called \(loader.quoted(item))",
          help: isService("any")
            ? "name the services whose doors are meant"
            : "write `touch: any`, and nothing beside it, where every closed door is meant")
        return nil
      }
      guard let ids = services(node, "touch") else { return nil }
      for id in ids {
        for term in services[id.index].terms {
          guard case .ports(let ports) = term.match, [.tcp, .udp].contains(term.ipProtocol) else {
            loader.error(
              node,
              "a tripwire hears TCP and UDP, and the service `\(services[id.index].name)` has \(term.ipProtocol)",
              help: "name a service that has ports of TCP and UDP alone")
            return nil
          }
          if term.ipProtocol == .udp, !ports.intersection(PortSet([clientPorts])).isEmpty {
            loader.error(
              node,
              "the service `\(services[id.index].name)` has ports of UDP from \(clientPorts.lowerBound) on",
              help: "answers that come late arrive there, from hosts that have done nothing: use a lower port"
            )
            return nil
          }
        }
      }
      return .service(ids)
    }
  }

  private func isService(_ name: String) -> Bool { services.contains { $0.name == name } }

  /// Whether each tripwire counts somebody, at each of its hosts.
  mutating func checkTripwires(_ policy: Policy) -> Bool {
    for draft in loader.draft.tripwires {
      let name = loader.symbols.name(draft.name)
      guard let tripwire = policy.tripwires.first(where: { $0.name == name }) else { continue }
      if let host = policy[tripwire.on].hosts.first(where: { policy[$0].modes.ingress == .leave }) {
        loader.error(
          draft.on,
          "the tripwire `\(name)` hears nobody knock at `\(policy[host].name)`, whose ingress is left alone",
          help: "enforce or observe its ingress, or leave it out of `on`")
        continue
      }
      let counted = policy.counted(by: tripwire)
      if counted.isEmpty {
        loader.error(
          draft.spare ?? draft.from ?? draft.key,
          "the tripwire `\(name)` counts nobody's knocks: all of `from` is spared",
          help: draft.spare == nil
            ? "without `spare` those are spared who may log in to manage hosts, and gateways; say whom `spare: SELECTOR` means"
            : "spare fewer, or name others in `from`")
      } else if let host = policy[tripwire.on].hosts.first(where: {
        counted.isSubset(of: AddressSet(policy[$0].addresses))
      }) {
        loader.error(
          draft.on, "the tripwire `\(name)` counts nobody else's knocks on `\(policy[host].name)`",
          help: "a host is never refused by itself: name others in `from`, or leave it out of `on`")
      }
    }
    return !loader.log.hasErrors
  }
}

extension Tripwire {
  /// The same tripwire after its peers were given their final places.
  func renumbered(_ order: [PeersID]) -> Self {
    func final(_ id: PeersID) -> PeersID { order[id.index] }
    return Self(
      name: name, on: final(on), from: from.map(final), spare: spare.map(final), trigger: trigger, cut: cut,
      why: why, location: location)
  }
}
