internal import Addressing
package import ConnectionSpace
internal import Diagnostics
internal import Nftables
package import Policy

/// Hosts that nobody can log in to any more.
package struct Lockout: Hashable, Sendable {
  /// Sorted; at least one.
  package let hosts: [String]
  /// What a login asks for: `ssh (tcp/22)`, or `tcp/22` where no inventory has a name for it.
  package let login: String

  /// `nobody can log in to db-1 by ssh (tcp/22) any more`.
  package var sentence: String {
    "nobody can log in to \(listed(hosts)) by \(login) any more"
  }

  /// A host with its addresses on both sides of a change.
  typealias Member = (name: String, old: [Address], new: [Address])

  /// Of rulesets, those of hosts that had none among them.
  ///
  /// - Throws: ``NotProven`` when they are too intricate to be exact about.
  package init?(
    of hosts: [HostRulesets], compiledFrom policy: Policy?, at now: Timestamp, budget: Budget = Budget()
  )
    throws(NotProven)
  {
    let universe = Universe(budget: budget)
    func passing(_ side: KeyPath<HostRulesets, [Table]?>) throws(NotProven) -> ConnectionSpace {
      let members = hosts.compactMap { host in
        host[keyPath: side].map { (host: host, tables: $0 + host.staying) }
      }
      return try FleetSpace(members, groups: universe.empty, at: now, enforcing: false).upper.whole
    }
    let loopback = try universe.connections(
      within: Endpoints(policy.map { $0.hosts.map(\.addresses) } ?? hosts.map(\.addresses)))
    try self.init(
      from: passing(\.old), to: passing(\.new), without: loopback,
      hosts.filter { $0.old != nil && $0.new != nil }.map {
        (name: $0.name, old: $0.addresses, new: $0.addresses)
      }, policy, at: now)
  }

  /// - Parameters:
  ///   - before: what passes, observed or not, as ``ConnectionSpace/Passage/whole``.
  ///   - members: hosts that both sides have.
  ///   - policy: says what a login asks for, and who is managed at a console; `nil`: tcp/22, and nobody.
  /// - Returns: `nil` where everybody who let somebody in still does.
  init?(
    from before: ConnectionSpace, to after: ConnectionSpace, without loopback: ConnectionSpace,
    _ members: [Member], _ policy: Policy?, at now: Timestamp
  ) throws(NotProven) {
    let terms = policy?.managementTerms ?? [ServiceTerm(.tcp, .ports(PortSet([22...22])))]
    let asked = terms.map { Rectangle(.whole, $0.ipProtocol, from: .all, to: .all, $0.kinds) }
    func reached(_ space: ConnectionSpace) throws(NotProven) -> AddressSet {
      var destinations = AddressSet()
      let logins = try space.intersection(space.universe.space(of: asked)).subtracting(loopback)
      for rectangle in try logins.rectangles() {
        destinations = destinations.union(rectangle.destinations)
      }
      return destinations
    }
    let (was, will) = (try reached(before), try reached(after))
    let console =
      policy.map { policy in Set(policy.hostsManagedAtConsole(at: now).map { policy[$0].name }) } ?? []
    hosts = members.filter { member in
      !console.contains(member.name) && member.old.contains(where: was.contains)
        && !member.new.contains(where: will.contains)
    }.map(\.name).sorted()
    if hosts.isEmpty { return nil }
    let asks = terms.map { LineTerm($0.ipProtocol, $0.kinds).description }.joined(separator: ", ")
    let service = policy?.services.first { $0.terms == terms && $0.multicast.isEmpty }
    login = service.map { "\($0.name) (\(asks))" } ?? asks
  }
}
