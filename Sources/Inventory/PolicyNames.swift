internal import Addressing
internal import Policy

/// What the inventory gives names to, with the places, and how its selectors use the names.
extension PolicyBuilder {
  func zones() -> [Zone] {
    loader.draft.zones.map {
      Zone(
        name: loader.symbols.name($0.name), description: $0.description, crown: $0.crown,
        location: loader.tree.location($0.key))
    }.sorted { $0.name < $1.name }
  }

  func namedGroups() -> [Group] {
    zip(loader.draft.groups, groups).compactMap { draft, group in
      guard case .done(let selection?) = group else { return nil }
      return Group(
        name: loader.symbols.name(draft.name), hosts: selection.hosts.members, networks: selection.networks,
        virtuals: selection.virtuals.members.map { VirtualID($0) }, servesByItself: draft.servesByItself,
        location: loader.tree.location(draft.key))
    }.sorted { $0.name < $1.name }
  }

  func hostGroups() -> [Group] {
    members.compactMap { name, hosts in
      guard let declaration = loader.namespace[name], declaration.kind == .implicitGroup else { return nil }
      return Group(
        name: loader.symbols.name(name), hosts: hosts.members,
        location: loader.tree.location(declaration.key))
    }.sorted { $0.name < $1.name }
  }

  func namedNetworks() -> [Network] {
    zip(loader.draft.networks, networks).compactMap { draft, network in
      guard case .done(let addresses?) = network else { return nil }
      return Network(
        name: loader.symbols.name(draft.name), addresses: addresses,
        location: loader.tree.location(draft.key))
    }.sorted { $0.name < $1.name }
  }

  func writtenTerms() -> [WrittenTerm] {
    let exceptions = loader.draft.networks.flatMap(\.exceptions).compactMap { exception in
      if case .network(let name) = exception.kind { loader.symbols.name(name) } else { nil }
    }
    let terms = selectorTerms.map { term in
      WrittenTerm(
        names: term.factors.filter { !$0.isExcluded }.map { loader.symbols.name($0.name) },
        excluded: term.factors.filter(\.isExcluded).map { loader.symbols.name($0.name) })
    }
    return exceptions.isEmpty ? terms : terms + [WrittenTerm(names: [], excluded: exceptions)]
  }
}
