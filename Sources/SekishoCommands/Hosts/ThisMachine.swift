internal import Addressing
internal import Enforcement
internal import HostAgent
internal import Machine
internal import Policy

/// The machine the command runs on.
enum ThisMachine {
  /// The addresses of all its interfaces, in order.
  static var addresses: [Address] { Interfaces.addresses() }

  /// The hosts of a policy that have an address of this machine; more than one is possible where addresses
  /// of several hosts were gathered on one machine.
  static func hosts(in policy: Policy) -> [HostID] {
    let own = Set(addresses)
    return policy.hosts.indices.filter { !own.isDisjoint(with: policy.hosts[$0].addresses) }.map {
      HostID($0)
    }
  }

  /// - Throws: ``Machine/DirectoryRefusal``.
  static func agent() throws(DirectoryRefusal) -> AgentHere {
    AgentHere(LocalHost(runtimeDirectory: try RuntimeDirectory().path), version: version)
  }
}
