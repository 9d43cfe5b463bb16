package import Addressing
internal import ConnectionSpace
internal import Nftables
package import Policy
internal import RulesetShape
internal import RulesetSpace

/// What becomes of logins to a host, once all of its tables judge together as they will.
package enum LoginFate: Hashable, Sendable {
  case passes
  /// Sekisho's own table stops them: a flow is missing.
  case unallowed
  /// Other tables stop them, whatever ours accepts: `ip filter INPUT`, or `ip filter` where many are asked about; sorted.
  case stopped(by: [String])
  /// Why it cannot be told.
  case notProven(String)

  /// Of somebody who comes from an address and asks for an address and a port of the host by TCP.
  ///
  /// What tables of others make depend on more than the connection, such as a rate, counts as passing: they stay as they
  /// are, and whoever is there came through them.
  package init(
    from source: Address, to destination: Address, port: UInt16, on host: HostRulesets, at now: Timestamp
  ) {
    let tables = (host.new ?? []) + host.staying
    let own = Set((host.new ?? []).map(\.title))
    let circumstances = Circumstances(
      ownAddresses: AddressSet(host.addresses + [destination]), atSecond: now.seconds,
      apartFrom: tables.bridgeNames)
    let point = Point(.ingress, from: source, to: destination, .tcp, kind: port)
    do throws(NotProven) {
      let trace = try ConnectionTrace(of: point, tables, circumstances)
      let isOpen = trace.steps.contains { step in
        own.contains(step.table) && step.decisions.contains { !$0.isSure }
      }
      switch trace.fate {
      case .passes: self = .passes
      case .mayPass: self = isOpen ? .notProven("it depends on more than the connection") : .passes
      case .stopped:
        // Nothing goes on behind the chain that stops it.
        guard let last = trace.steps.last, !own.contains(last.table) else {
          self = .unallowed
          return
        }
        self = .stopped(by: ["\(last.table) \(last.chain)"])
      }
    } catch { self = .notProven("\(error)") }
  }

  /// Of all whom the flows of a policy let manage a host, as long as one of them can; `nil`: no flow lets anybody.
  package init?(managing host: HostRulesets, by policy: Policy, at now: Timestamp) {
    guard let id = policy.host(named: host.name) else { return nil }
    var sources = AddressSet()
    for part in policy.managementFlows(at: now).flatMap(\.parts) where policy[part.to].hosts.contains(id) {
      sources = sources.union(policy[part.from].addresses)
    }
    let own = AddressSet(host.addresses)
    sources = sources.subtracting(own)
    if sources.isEmpty { return nil }
    let asked = policy.managementTerms.map {
      Rectangle(.ingress, $0.ipProtocol, from: sources, to: own, $0.kinds)
    }
    func isStopped(_ tables: [Table]) throws(NotProven) -> Bool {
      let universe = Universe()
      let circumstances = Circumstances(
        ownAddresses: own, atSecond: now.seconds, apartFrom: tables.bridgeNames)
      let passing = try RulesetSpace(tables, .ingress, circumstances, in: universe).upper
      return try passing.intersection(universe.space(of: asked)).isEmpty
    }
    do throws(NotProven) {
      if try !isStopped((host.new ?? []) + host.staying) {
        self = .passes
        return
      }
      var culprits: [String] = []
      for table in host.staying where try isStopped([table]) { culprits.append(table.title) }
      if culprits.isEmpty, try isStopped(host.new ?? []) {
        self = .unallowed
        return
      }
      self = .stopped(by: (culprits.isEmpty ? host.staying.map(\.title) : culprits).sorted())
    } catch { self = .notProven("\(error)") }
  }
}
