internal import Addressing
internal import Diagnostics
internal import Policy

/// What flows of two policies are made of, under numbers of one list: what both have is one there.
///
/// A name may mean other things in the two policies. Sets and chains are known by names alone, so each meaning that is used
/// gets one of its own: the plain name goes to whatever most rules keep.
struct UnitedTerms {
  /// Where an end is from.
  enum Origin: Int, Comparable {
    /// Of the old policy and the new one of that name together.
    case together
    case both
    case new
    case old

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  private struct End {
    let name: String
    let addresses: AddressSet
    /// Whether they are managed hosts alone, which are a set of another kind in the kernel.
    let isExact: Bool
    var origin: Origin
    var isUsed = false
  }

  private struct FlowKey: Hashable {
    let name: String
    let service: ServiceID
    let until: Timestamp?
  }

  private var ends: [End] = []
  private var endsByName: [String: [PeersID]] = [:]
  private(set) var services: [Service] = []
  private var servicesByName: [String: [ServiceID]] = [:]
  private(set) var flows: [Flow] = []
  private var flowsByKey: [FlowKey: FlowID] = [:]
  /// What every text is that only a compiled table needs.
  private let nowhere = SourceLocation(file: "", line: 1, column: 1)

  subscript(id: FlowID) -> Flow { flows[id.index] }
  subscript(id: ServiceID) -> Service { services[id.index] }

  /// The one service of a flow here: each has one, so that two policies' flows are compared service by service.
  func service(of flow: FlowID) -> Service { self[self[flow].services[0]] }

  // MARK: - What a policy brings

  mutating func end(_ peers: Peers, _ origin: Origin) -> PeersID {
    end(peers.name, peers.addresses, isExact: peers.networks.isEmpty, origin)
  }

  private mutating func end(
    _ name: String, _ addresses: AddressSet, isExact: Bool, _ origin: Origin
  ) -> PeersID {
    for known in endsByName[name] ?? [] {
      let end = ends[known.index]
      guard end.isExact == isExact, end.addresses == addresses else { continue }
      if end.origin != origin { ends[known.index].origin = min(.both, end.origin, origin) }
      return known
    }
    ends.append(End(name: name, addresses: addresses, isExact: isExact, origin: origin))
    endsByName[name, default: []].append(PeersID(ends.count - 1))
    return PeersID(ends.count - 1)
  }

  mutating func service(_ service: Service) -> ServiceID {
    for known in servicesByName[service.name] ?? [] where self[known].means(service) { return known }
    services.append(service)
    servicesByName[service.name, default: []].append(ServiceID(services.count - 1))
    return ServiceID(services.count - 1)
  }

  /// A flow's name, one of its services and its end, which is all that a rule has of it.
  mutating func flow(_ flow: Flow, _ service: ServiceID) -> FlowID {
    let key = FlowKey(name: flow.name, service: service, until: flow.until)
    if let known = flowsByKey[key] { return known }
    flows.append(
      Flow(
        name: flow.name, parts: flow.parts, written: flow.written, per: [], services: [service], why: "",
        owner: nil, ticket: nil, until: flow.until, location: nowhere))
    flowsByKey[key] = FlowID(flows.count - 1)
    return FlowID(flows.count - 1)
  }

  // MARK: - Ends

  func contains(_ wide: PeersID, _ narrow: PeersID) -> Bool {
    wide == narrow || ends[narrow.index].addresses.isSubset(of: ends[wide.index].addresses)
  }

  /// Both ends as one, where they have one name.
  mutating func together(_ old: PeersID, _ new: PeersID) -> PeersID? {
    if old == new { return new }
    let (one, other) = (ends[old.index], ends[new.index])
    guard one.name == other.name else { return nil }
    return end(
      other.name, one.addresses.union(other.addresses), isExact: one.isExact && other.isExact, .together)
  }

  mutating func use(_ allowance: Allowance) {
    for end in allowance.peers { ends[end.index].isUsed = true }
  }

  // MARK: - As a policy

  /// Names, services and ends of what is used, as the compiler reads them: each name means one thing.
  var policy: Policy {
    var taken = Set(services.map(\.name))
    let own = services.enumerated().map { number, service -> Service in
      // The last is the new policy's, which was read behind the old one.
      if servicesByName[service.name]?.last == ServiceID(number) { return service }
      var name = "\(service.name).old"
      while !taken.insert(name).inserted { name += ".old" }
      return Service(
        name: name, terms: service.terms, multicast: service.multicast, replies: service.replies,
        location: service.location)
    }
    return Policy(
      hosts: [], peers: peers, services: own, flows: flows, guards: [], zones: [])
  }

  private var peers: [Peers] {
    ends.enumerated().map { number, end in
      let rivals = (endsByName[end.name] ?? []).filter { ends[$0.index].isUsed }
      let first = rivals.min { ends[$0.index].origin < ends[$1.index].origin }
      // No derived end of a policy is called so, and what is not used has the name of no set.
      let name =
        !end.isUsed
        ? "/\(number)"
        : first == PeersID(number) ? end.name : "\(end.name)/\(end.origin == .old ? "old" : "new")"
      return Peers(
        name: name, hosts: [], networks: end.isExact || !end.isUsed ? AddressSet() : end.addresses,
        addresses: end.isUsed ? end.addresses : AddressSet())
    }
  }
}

extension Service {
  /// Whether both open the same, whatever they are called.
  fileprivate func means(_ other: Self) -> Bool {
    terms == other.terms && multicast == other.multicast && replies == other.replies
  }

  /// Whether whoever may ask for the other one may ask for nothing that this one has not, answers included.
  func contains(_ other: Self) -> Bool {
    if means(other) { return true }
    guard multicast == other.multicast, replies == other.replies else { return false }
    return other.terms.allSatisfy { term in
      terms.contains { own in
        guard own.ipProtocol == term.ipProtocol else { return false }
        return switch (own.match, term.match) {
        case (.any, .any): true
        case (.ports(let wide), .ports(let narrow)): narrow.isSubset(of: wide)
        case (.types(let wide), .types(let narrow)): narrow.isSubset(of: wide)
        default: false
        }
      }
    }
  }
}
