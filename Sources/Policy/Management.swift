internal import Addressing

extension Policy {
  /// What somebody asks a host for who logs in to manage it: the service of the settings, else tcp/22.
  public var managementTerms: [ServiceTerm] {
    management.map { self[$0].terms } ?? [ServiceTerm(.tcp, .ports(PortSet([22...22])))]
  }

  /// Flows that let somebody log in to manage hosts, by some of ``managementTerms`` at least.
  ///
  /// - Parameter now: those that have ended by then are left out.
  package func managementFlows(at now: Timestamp) -> [Flow] {
    let terms = managementTerms
    return flows.filter { flow in
      !flow.hasEnded(now) && flow.services.contains { self[$0].terms.contains { $0.overlaps(terms) } }
    }
  }

  /// Hosts that a guard keeps every other host's logins away from, and into which no flow lets a network log in: they are
  /// managed at their consoles.
  ///
  /// - Parameter now: the moment at which flows are looked at.
  public func hostsManagedAtConsole(at now: Timestamp) -> Set<HostID> {
    let terms = managementTerms
    var result: Set<HostID> = []
    for rule in guards {
      let ends: (from: PeersID, to: PeersID, service: ServiceID?)
      switch rule.statement {
      case .expect(let from, let to, let service, allowed: false): ends = (from, to, service)
      case .never(let from, let to, let service, _): ends = (from, to, service)
      default: continue
      }
      let isMeant = ends.service.map { self[$0].terms.contains { $0.overlaps(terms) } } ?? true
      guard isMeant, self[ends.from].hosts.count == hosts.count else { continue }
      result.formUnion(self[ends.to].hosts)
    }
    // Guards about hosts say nothing of an office's network.
    for part in managementFlows(at: now).flatMap(\.parts) where !self[part.from].networks.isEmpty {
      result.subtract(self[part.to].hosts)
    }
    return result
  }
}

extension ServiceTerm {
  /// Whether a connection may be of this and of one of the others.
  public func overlaps(_ others: [Self]) -> Bool { others.contains { overlaps($0) } }

  private func overlaps(_ other: Self) -> Bool {
    guard ipProtocol == other.ipProtocol else { return false }
    return switch (match, other.match) {
    case (.ports(let a), .ports(let b)): !a.intersection(b).isEmpty
    case (.types(let a), .types(let b)): !a.intersection(b).isEmpty
    default: true
    }
  }
}
