package import Addressing
package import AgentProtocol
internal import Enforcement
internal import Fleet
package import HostAgent
package import HostLife
package import Machine
internal import Nftables
package import Policy
package import RulesetSpace

/// The machine the command runs on.
package enum ThisMachine {
  /// The addresses of all its interfaces, in order; none where they cannot be listed, and then no host of an inventory is
  /// this machine.
  package static var addresses: [Address] { addresses { _ in true } }

  /// Those of the interfaces with some names.
  static func addresses(of isMeant: (String) -> Bool) -> [Address] {
    (try? Interfaces.addresses(of: isMeant)) ?? []
  }

  /// Those that other machines may know.
  static var ownAddresses: [Address] {
    addresses.filter { !Prefix.ipv4Loopback.contains($0) && !Prefix.ipv6Loopback.contains($0) }
  }

  /// Which of its links lead where, as its routes say.
  package static var exits: [(link: String, destinations: AddressSet)] {
    Routes.exits().map { ($0.link, $0.destinations) }
  }

  /// What its routes keep for it beside the loopback: what it takes as its own, and what goes to everybody on a link.
  package static var kept: (own: AddressSet, broadcasts: AddressSet) {
    let kept = Routes.kept()
    return (kept.own.subtracting(AddressSet([.ipv4Loopback, .ipv6Loopback])), kept.broadcasts)
  }

  /// What its kernel does beside its tables.
  ///
  /// - Parameter link: that packets come by; `nil`: any.
  package static func kernel(by link: String?) -> KernelFacts {
    func setting(_ values: Set<Bool>, unknown: KernelFacts.Setting) -> KernelFacts.Setting {
      values.count > 1 ? .either : values.first.map { $0 ? .on : .off } ?? unknown
    }
    var facts = KernelFacts()
    facts.routesLoopback = setting(
      LinkSettings.values(of: .routesLoopback, .ipv4, on: link), unknown: .either)
    for family in AddressFamily.allCases {
      facts.forwarding[family] = setting(
        LinkSettings.values(of: .forwarding, family, on: link), unknown: .on)
      facts.legacyTables[family] = LegacyTables.names(family)
      facts.settings[family] = LinkSettings.name(of: .forwarding, family, on: link)
    }
    facts.loopbackSetting = LinkSettings.name(of: .routesLoopback, .ipv4, on: link)
    return facts
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

  /// Loads what was confirmed, or the fallback, as a boot does.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` when neither was loaded.
  package static func boot() throws(AgentFailure) -> Booted {
    let here: HostHere
    do throws(DirectoryRefusal) { here = try self.here() } catch {
      // Without a place for locks nobody else can be at work; the fallback needs none.
      let refusal = error
      return try HostHere(
        LocalHost(runtimeDirectory: refusal.path), state: { () throws(DirectoryRefusal) in throw refusal }
      ).boot()
    }
    return try here.boot()
  }

  /// - Throws: ``Machine/DirectoryRefusal``.
  package static func here() throws(DirectoryRefusal) -> HostHere {
    HostHere(
      LocalHost(runtimeDirectory: try RuntimeDirectory().path),
      state: { () throws(DirectoryRefusal) in try StateDirectory() }, keeper: TrialKeeper.start)
  }
}

extension Target {
  /// This machine, whatever it is called in an inventory; it should have nothing yet.
  ///
  /// - Parameter name: `nil`: its own.
  /// - Throws: ``Machine/DirectoryRefusal``, ``AgentProtocol/AgentFailure``.
  package static func thisMachine(named name: String? = nil) throws -> Target {
    let agent = try ThisMachine.agent()
    let name = try name ?? agent.answer(Hello()).node
    return Target(
      name: name, wanted: Table(family: .inet, name: "sekisho", chains: [], sets: []), reach: .here { agent },
      identity: .thisMachine(name), patience: Patience())
  }
}
