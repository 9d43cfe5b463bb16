package import Addressing
internal import Enforcement
package import HostAgent
package import Machine
package import Policy

/// The machine the command runs on.
package enum ThisMachine {
  /// The addresses of all its interfaces, in order.
  package static var addresses: [Address] { Interfaces.addresses() }

  /// Those of the interfaces with some names.
  static func addresses(of isMeant: (String) -> Bool) -> [Address] { Interfaces.addresses(of: isMeant) }

  /// Those that other machines may know.
  static var ownAddresses: [Address] {
    addresses.filter { !Prefix.ipv4Loopback.contains($0) && !Prefix.ipv6Loopback.contains($0) }
  }

  /// Which of its links lead where, as its routes say.
  package static var exits: [(link: String, destinations: AddressSet)] {
    Routes.exits().map { ($0.link, $0.destinations) }
  }

  /// The hosts of a policy that have an address of this machine; more than one is possible where addresses
  /// of several hosts were gathered on one machine.
  package static func hosts(in policy: Policy) -> [HostID] {
    let own = Set(addresses)
    return policy.hosts.indices.filter { !own.isDisjoint(with: policy.hosts[$0].addresses) }.map {
      HostID($0)
    }
  }

  /// - Throws: ``Machine/DirectoryRefusal``.
  package static func agent() throws(DirectoryRefusal) -> AgentHere {
    AgentHere(try here(), version: toolVersion)
  }

  /// - Throws: ``Machine/DirectoryRefusal``.
  package static func here() throws(DirectoryRefusal) -> HostHere {
    HostHere(
      LocalHost(runtimeDirectory: try RuntimeDirectory().path),
      state: { () throws(DirectoryRefusal) in try StateDirectory() }, keeper: TrialKeeper.start)
  }
}
