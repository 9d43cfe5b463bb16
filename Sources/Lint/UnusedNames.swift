internal import Diagnostics
internal import Policy

extension Lint {
  /// Groups, services, networks, virtual addresses and zones that nothing uses.
  static func unusedNames(_ policy: Policy) -> [Remark] {
    let used = Set(policy.terms.flatMap { $0.names + $0.excluded })
    var result: [Remark] = []
    for group in policy.groups where !used.contains(group.name) && !group.servesByItself {
      result.append(
        Remark(
          .unusedGroup, group.name, at: group.location, "no selector names the group `\(group.name)`",
          help: "remove it, name it where it was meant, or say with `description` what it is for"))
    }
    // A suggestion costs a look at every name, and of two letters nearly everything is near.
    var suggestions = 20
    let others = policy.hostGroups.map(\.name).filter { used.contains($0) && $0.utf8.count > 2 }
    for group in policy.hostGroups where !used.contains(group.name) {
      suggestions -= 1
      let nearest = suggestions < 0 ? nil : Suggestion.nearest(to: group.name, among: others)
      result.append(
        Remark(
          .unusedGroup, group.name, at: group.location, "no selector names the group `\(group.name)`",
          help: "name it in a flow, or take its hosts out of it"
            + (nearest.map { "; is `\($0)` meant?" } ?? "")))
    }
    for network in policy.networks where !used.contains(network.name) {
      result.append(
        Remark(
          .unusedNetwork, network.name, at: network.location,
          "no selector names the network `\(network.name)`, and no network excepts it",
          help: "remove it, or name it where it was meant"))
    }
    for virtual in policy.virtuals where !used.contains(virtual.name) {
      result.append(
        Remark(
          .unusedVirtual, virtual.name, at: virtual.location,
          "no selector names the virtual address `\(virtual.name)`: nobody gets to it, and nobody has it as source",
          help: "name it in a flow, or remove it"))
    }
    let inhabited = Set(policy.hosts.compactMap(\.zone))
    for zone in policy.zones where !used.contains(zone.name) && !inhabited.contains(zone.name) {
      result.append(
        Remark(
          .unusedZone, zone.name, at: zone.location, "no host is in the zone `\(zone.name)`",
          help: "remove it, or put the hosts that are meant into it"))
    }
    return result + unusedServices(policy)
  }

  private static func unusedServices(_ policy: Policy) -> [Remark] {
    var used = Set(policy.flows.flatMap(\.services))
    used.formUnion(policy.guards.compactMap(\.statement.service))
    for case .service(let services) in policy.tripwires.map(\.trigger) { used.formUnion(services) }
    if let management = policy.management { used.insert(management) }
    return policy.services.indices.filter { !used.contains(ServiceID($0)) }.map { index in
      let service = policy.services[index]
      return Remark(
        .unusedService, service.name, at: service.location,
        "no flow and no guard uses the service `\(service.name)`",
        help: "remove it, or name it in the flow that was meant")
    }
  }
}

extension GuardStatement {
  fileprivate var service: ServiceID? {
    switch self {
    case .never(_, _, let service, _), .only(_, _, let service): service
    case .expect(_, _, let service, _): service
    case .isolated, .through: nil
    }
  }
}
