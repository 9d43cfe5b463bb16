internal import Diagnostics
internal import Policy

extension Lint {
  /// Hosts that leave a direction alone, zone by zone: nothing is denied there, and nothing says what would be.
  static func directionsLeftAlone(_ policy: Policy) -> [Remark] {
    [(Direction.ingress, Finding.Kind.leftIngress), (.egress, .leftEgress)].flatMap { direction, kind in
      let hosts = policy.hosts.indices.map { HostID($0) }.filter { policy[$0].modes[direction] == .leave }
      let areas = Dictionary(grouping: hosts) { policy.area(of: $0) }
      return areas.sorted { $0.key < $1.key }.map { area, hosts in
        Remark(kind, area.isEmpty ? policy[hosts[0]].name : area, hosts) { some in
          Diagnostic(
            .warning, at: policy[some[0]].location, length: policy[some[0]].name.count,
            message: "the \(direction) of \(policy.list(some))\(policy.place(of: some[0])) is left alone: "
              + "everything passes there, and nothing is recorded",
            help:
              "observe it first, as in `mode: {\(direction): observe}`: `sekisho observed` tells what enforcing would deny"
          )
        }
      }
    }
  }
}
