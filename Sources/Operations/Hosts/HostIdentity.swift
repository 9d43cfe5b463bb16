package import Addressing
package import AgentProtocol
package import Policy

/// Whether the machine that answers is the host that was meant.
///
/// A wrong line in a configuration of ssh, a name that leads elsewhere, a command typed into the wrong
/// window: any of them would give the ruleset of one host to another. Names do not tell: what ssh is told
/// to connect to, the name in the inventory and the machine's own may all differ, and rightly so. Rulesets
/// are made of addresses, so addresses decide.
package struct HostIdentity: Sendable {
  package let host: String
  package let addresses: [Address]
  /// The addresses of every host that is known, with its name.
  package let owners: [Address: String]
  /// The virtual addresses that are known, with what they are called. They make nobody a host: any carrier may have them.
  package let virtuals: [Address: String]
  /// Those that this host may carry.
  package let carried: [Address]

  package init(
    host: String, addresses: [Address], owners: [Address: String], virtuals: [Address: String] = [:],
    carried: [Address] = []
  ) {
    self.virtuals = virtuals
    self.carried = carried
    self.host = host
    self.addresses = addresses
    self.owners = owners
  }

  /// This machine, whatever it is called in an inventory.
  static func thisMachine(_ name: String) -> Self {
    var identity = Self(host: name, addresses: ThisMachine.ownAddresses, owners: [:])
    identity.isAnybody = true
    return identity
  }

  private var isAnybody = false

  /// The machine is the host of which it has the largest share of addresses. One address is enough, since
  /// another may be down; but an address that wanders between two hosts must not make one the other.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` `.wrongHost`.
  package func check(_ hello: Greeting) throws(AgentFailure) {
    try check(node: hello.node, addresses: hello.addresses)
  }

  /// The same of a machine that has no agent.
  ///
  /// - Parameters:
  ///   - node: what the machine calls itself.
  ///   - addresses: those of all its interfaces.
  /// - Throws: as ``check(_:)``.
  func check(node: String, addresses all: [Address]) throws(AgentFailure) {
    if isAnybody { return }
    let found = Set(all).sorted()
    let own = Set(addresses)
    let shared = found.count { own.contains($0) }
    guard let other = closest(to: found) else {
      if shared > 0 { return }
      throw refusal(node, "has none of its addresses", found.filter { !$0.isEverywhere })
    }
    let (mine, theirs) = (shared * other.declared, other.shared * addresses.count)
    if mine > theirs { return }
    if shared > 0, mine == theirs {
      throw AgentFailure(
        .wrongHost,
        "the machine that answers may be \(host) or \(other.name): it calls itself \(node) and has as large a share of the "
          + "addresses of both. Nothing was done; an address that moves between hosts belongs into `virtual`")
    }
    throw refusal(
      node, "has the addresses of \(other.name)", found.filter { owners[$0] == other.name })
  }

  /// Addresses of the machine that its peers deny.
  package func strayAddresses(_ hello: Greeting) -> StrayAddresses {
    // What a bridge of containers has is no address that the host speaks from to others, unless it is another's.
    let bridged = Set(hello.bridged)
    let known = owners.merging(virtuals) { owner, _ in owner }
    let others = hello.addresses.filter {
      !carried.contains($0) && (known[$0] != nil || !bridged.contains($0))
    }
    return StrayAddresses(carried: others, by: host, owners: known)
  }

  /// The host other than the one that was meant of which a machine has the largest share of addresses.
  private func closest(to found: [Address]) -> (name: String, shared: Int, declared: Int)? {
    var counts: [String: Int] = [:]
    for address in found {
      if let owner = owners[address], owner != host { counts[owner, default: 0] += 1 }
    }
    if counts.isEmpty { return nil }
    var declared: [String: Int] = [:]
    for owner in owners.values where counts[owner] != nil { declared[owner, default: 0] += 1 }
    let others = counts.sorted { $0.key < $1.key }.map { name, shared in
      (name: name, shared: shared, declared: declared[name, default: 0])
    }
    return others.max { $0.shared * $1.declared < $1.shared * $0.declared }
  }

  private func refusal(_ node: String, _ why: String, _ found: [Address]) -> AgentFailure {
    func list(_ addresses: [Address]) -> String {
      addresses.isEmpty ? "no address" : addresses.prefix(4).map(\.description).joined(separator: ", ")
    }
    return AgentFailure(
      .wrongHost,
      "the machine that answers is not \(host): it calls itself \(node) and \(why) (\(list(found))); "
        + "\(host) is \(list(addresses)). Nothing was done; correct how \(host) is reached (`ssh` in the "
        + "inventory, or where --local was typed), or its addresses")
  }
}

extension Address {
  /// 127.0.0.0/8, ::1, fe80::/10: what every machine has.
  fileprivate var isEverywhere: Bool {
    [Prefix.ipv4Loopback, .ipv6Loopback, .ipv6LinkLocal].contains { $0.contains(self) }
  }
}
