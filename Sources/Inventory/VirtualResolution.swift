internal import Addressing
import Diagnostics
internal import Policy

/// What carries virtual addresses; its peers are still numbered in order of discovery.
struct ResolvedVirtual {
  let id: VirtualID
  let draft: VirtualDraft
  let name: String
  let carriers: [HostID]
  let peers: PeersID

  func virtual(_ order: [PeersID], _ addresses: [Address], location: SourceLocation) -> Virtual {
    Virtual(
      name: name, addresses: addresses, carriers: carriers, peers: order[peers.index], location: location)
  }
}

extension PolicyBuilder {
  /// The virtual addresses in order of name.
  mutating func resolveVirtuals() -> [ResolvedVirtual] {
    var result: [ResolvedVirtual] = []
    for (index, place) in virtualOrder.enumerated() {
      let draft = loader.draft.virtuals[place]
      guard let node = draft.carriers, let terms = terms(node, "carriers"), let selection = select(terms)
      else { continue }
      selectorTerms += terms
      let name = loader.symbols.name(draft.name)
      guard selection.networks.isEmpty, selection.virtuals.isEmpty else {
        loader.error(
          node, "`carriers` names hosts that this inventory manages, and \(loader.found(node)) has others",
          help: "name the hosts on one of whose interfaces the address may be")
        continue
      }
      let carriers = selection.hosts.members
      if let host = carriers.first(where: { forwardsToContainers($0) }) {
        loader.error(
          node, "`\(self.name(host))` forwards to containers, and cannot carry a virtual address",
          help:
            "what is led to a container has lost the address that it was sent to: let other hosts carry it")
        continue
      }
      result.append(
        ResolvedVirtual(
          id: VirtualID(index), draft: draft, name: name, carriers: carriers,
          peers: peers(of: VirtualID(index), draft, name)))
    }
    return result
  }

  /// The peers that are these addresses alone, whether a selector names them or not.
  private mutating func peers(of id: VirtualID, _ draft: VirtualDraft, _ name: String) -> PeersID {
    let key = loader.tree.location(draft.key)
    let factor = SelectorFactor(name: draft.name, isExcluded: false, place: key, length: 1)
    let terms = [SelectorTerm(node: draft.key, factors: [factor])]
    if let known = peers.find(terms) { return known }
    var selection = nothing
    selection.virtuals.insert(id.index)
    return peers.add(terms, name: name, selection)
  }

  private func forwardsToContainers(_ host: HostID) -> Bool {
    if case .containers = loader.draft.hosts[hosts[host.index]].body.forwarding { true } else { false }
  }

  /// A selection of nothing yet.
  var nothing: Selection {
    Selection(
      hosts: HostSet(count: hosts.count), networks: AddressSet(),
      virtuals: BitSet(count: loader.draft.virtuals.count))
  }

  /// Every address of a selection.
  func addresses(of selection: Selection) -> AddressSet {
    addresses.union(of: selection.hosts, selection.networks.union(virtualAddresses(of: selection)))
  }

  func virtualAddresses(of selection: Selection) -> AddressSet {
    selection.virtuals.isEmpty
      ? AddressSet() : AddressSet(selection.virtuals.members.flatMap { virtualAddresses[$0] })
  }
}
