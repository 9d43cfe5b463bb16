internal import Addressing
internal import Policy

/// Connections without their ends: which protocols, and which ports or types of them.
struct Traffic: Hashable, Sendable {
  /// One protocol of it.
  struct Term: Hashable, Sendable {
    let ipProtocol: IPProtocol
    let match: ServiceMatch
    /// `nil`: any. Answers to multicast requests come from the service's ports.
    var sourcePorts: PortSet?
  }

  let family: AddressFamily
  /// `nil`: everything, where nobody denies anything.
  let terms: [Term]?

  static func everything(_ family: AddressFamily) -> Self { Self(family: family, terms: nil) }

  /// What services ask for in one family.
  init(requestsOf services: [Service], _ family: AddressFamily) {
    self.family = family
    terms = services.flatMap { service in
      service.terms.filter { $0.families.contains(family) }.map {
        Term(ipProtocol: $0.ipProtocol, match: $0.match)
      }
    }
  }

  /// What members of a service's multicast groups answer.
  init(repliesOf services: [Service], _ family: AddressFamily) {
    self.family = family
    terms = services.flatMap { service -> [Term] in
      guard let replies = service.replies else { return [] }
      return service.terms.compactMap { term in
        guard case .ports(let ports) = term.match else { return nil }
        return Term(ipProtocol: term.ipProtocol, match: .ports(replies), sourcePorts: ports)
      }
    }
  }

  private init(family: AddressFamily, terms: [Term]?) {
    self.family = family
    self.terms = terms
  }

  var isEmpty: Bool { terms?.isEmpty ?? false }

  func intersection(_ other: Self) -> Self {
    guard let mine = terms else { return other }
    guard let theirs = other.terms else { return self }
    return Self(family: family, terms: mine.flatMap { term in theirs.compactMap { term.intersection($0) } })
  }

  /// Whether a connection of a service is part of it.
  func holdsSome(of service: Service) -> Bool {
    guard let terms else { return service.terms.contains { $0.families.contains(family) } }
    return terms.contains { term in
      service.terms.contains { term.intersection(Term(ipProtocol: $0.ipProtocol, match: $0.match)) != nil }
    }
  }

  /// What of a term is not part of it, as ports or types from any source port; `nil` when nothing is missing.
  static func missing(_ wanted: ServiceTerm, in given: [Self]) -> ServiceMatch? {
    var rest = wanted.match
    for traffic in given {
      guard let terms = traffic.terms else { return nil }
      for term in terms where term.ipProtocol == wanted.ipProtocol && term.sourcePorts == nil {
        switch (rest, term.match) {
        case (.any, .any): return nil
        case (.ports(let left), .ports(let ports)): rest = .ports(left.subtracting(ports))
        case (.types(let left), .types(let types)): rest = .types(left.subtracting(types))
        default: break
        }
      }
    }
    return switch rest {
    case .any: rest
    case .ports(let ports): ports.isEmpty ? nil : rest
    case .types(let types): types.isEmpty ? nil : rest
    }
  }
}

extension Traffic.Term {
  fileprivate func intersection(_ other: Self) -> Self? {
    guard ipProtocol == other.ipProtocol else { return nil }
    var sources = sourcePorts ?? other.sourcePorts
    if let mine = sourcePorts, let theirs = other.sourcePorts { sources = mine.intersection(theirs) }
    if let sources, sources.isEmpty { return nil }
    switch (match, other.match) {
    case (.any, .any): return Self(ipProtocol: ipProtocol, match: .any, sourcePorts: sources)
    case (.ports(let mine), .ports(let theirs)):
      let both = mine.intersection(theirs)
      return both.isEmpty ? nil : Self(ipProtocol: ipProtocol, match: .ports(both), sourcePorts: sources)
    case (.types(let mine), .types(let theirs)):
      let both = mine.intersection(theirs)
      return both.isEmpty ? nil : Self(ipProtocol: ipProtocol, match: .types(both), sourcePorts: sources)
    default: return nil
    }
  }
}
