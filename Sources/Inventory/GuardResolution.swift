import Diagnostics
internal import Policy

extension PolicyBuilder {
  /// The guards in order of name; their peers are numbered in order of discovery.
  mutating func resolveGuards() -> [Guard] {
    let named = loader.draft.guards.map { (loader.symbols.name($0.name), $0) }.sorted { $0.0 < $1.0 }
    var result: [Guard] = []
    for (name, draft) in named {
      if let statement = resolve(draft.statement, name) {
        result.append(
          Guard(
            name: name, statement: statement, why: draft.why, location: loader.tree.location(draft.key)))
      }
    }
    return result
  }

  // A statement's word is in the names of its peers: a flow may have the guard's name.
  private mutating func resolve(_ statement: GuardDraft.Statement, _ name: String) -> GuardStatement? {
    switch statement {
    case .never(let from, let to, let service, let hops):
      let ends = (
        resolve(from, "from", name: "\(name)/never.from"), resolve(to, "to", name: "\(name)/never.to")
      )
      guard let from = ends.0, let to = ends.1, let service = optional(service) else { return nil }
      return .never(from: from, to: to, service: service.id, hops: hops)
    case .only(let from, let to, let service):
      var peers: [PeersID?] = []
      for (node, what) in [(from, "from"), (to, "to")] {
        guard let node else {
          peers.append(nil)
          continue
        }
        guard let resolved = resolve(node, what, name: "\(name)/only.\(what)") else { return nil }
        peers.append(resolved)
      }
      guard let service = optional(service) else { return nil }
      return .only(from: peers[0], to: peers[1], service: service.id)
    case .expect(let from, let to, let service, let allowed):
      let ends = (
        resolve(from, "from", name: "\(name)/expect.from"), resolve(to, "to", name: "\(name)/expect.to")
      )
      guard let from = ends.0, let to = ends.1, let service = self.service(service) else { return nil }
      return .expect(from: from, to: to, service: service, allowed: allowed)
    case .isolated(let node):
      return resolve(node, "isolated", name: "\(name)/isolated").map { .isolated($0) }
    case .through(let from, let to, let via):
      let ends = (
        resolve(from, "from", name: "\(name)/through.from"), resolve(to, "to", name: "\(name)/through.to")
      )
      guard let from = ends.0, let to = ends.1, let via = resolve(via, "via", name: "\(name)/through.via")
      else {
        return nil
      }
      return .through(from: from, to: to, via: via)
    }
  }

  /// A service that may be left out: the outer `nil` is a mistake, the inner one "any service".
  private mutating func optional(_ node: NodeID?) -> (id: ServiceID?, Void)? {
    guard let node else { return (nil, ()) }
    return service(node).map { ($0, ()) }
  }
}

extension Guard {
  /// The same guard after its peers were given their final places.
  func renumbered(_ order: [PeersID]) -> Self {
    func final(_ id: PeersID) -> PeersID { order[id.index] }
    let statement: GuardStatement =
      switch statement {
      case .never(let from, let to, let service, let hops):
        .never(from: final(from), to: final(to), service: service, hops: hops)
      case .only(let from, let to, let service):
        .only(from: from.map(final), to: to.map(final), service: service)
      case .expect(let from, let to, let service, let allowed):
        .expect(from: final(from), to: final(to), service: service, allowed: allowed)
      case .isolated(let peers): .isolated(final(peers))
      case .through(let from, let to, let via): .through(from: final(from), to: final(to), via: final(via))
      }
    return Self(name: name, statement: statement, why: why, location: location)
  }
}
