internal import Addressing
internal import Diagnostics
internal import Policy

extension Lint {
  /// Flows by which nearly everybody may try to log in, or try every port: what is scanned for first, all day.
  static func exposingFlows(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    let management = ManagementService(policy)
    return policy.flows.compactMap { flow in
      guard !flow.hasEnded(now),
        flow.parts.contains(where: { part in
          // A host answers at the virtual addresses that it carries, too.
          let to = policy[part.to]
          return policy[part.from].networks.isMost && !(to.hosts.isEmpty && to.virtuals.isEmpty)
        })
      else { return nil }
      let services = flow.services.map { policy[$0] }
      let what: String
      let help: String
      if let wide = services.lazy.flatMap(\.terms).first(where: \.isEveryPort) {
        what = "every port of \(wide.ipProtocol)"
        help = "name the services that are meant"
      } else if let service = services.first(where: management.isPart) {
        what = "`\(service.name)`, by which hosts are managed,"
        help = "name where operators come from: a network of theirs, or a host that they pass"
      } else {
        return nil
      }
      return Remark(
        .exposed, flow.name, at: flow.location,
        "the flow `\(flow.name)` opens \(what) to nearly every address there is", help: help)
    }
  }
}

extension ServiceTerm {
  /// Whether it is all ports but a few.
  fileprivate var isEveryPort: Bool {
    guard case .ports(let ports) = match else { return false }
    return ports.ranges.reduce(0) { $0 + $1.count } > 60_000
  }
}
