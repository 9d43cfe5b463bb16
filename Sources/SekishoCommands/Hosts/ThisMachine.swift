internal import Machine
internal import Policy

/// The machine the command runs on.
enum ThisMachine {
  /// The hosts of a policy that have an address of this machine; more than one is possible where addresses
  /// of several hosts were gathered on one machine.
  static func hosts(in policy: Policy) -> [HostID] {
    let own = Set(Interfaces.addresses())
    return policy.hosts.indices.filter { !own.isDisjoint(with: policy.hosts[$0].addresses) }.map {
      HostID($0)
    }
  }
}
