package import Addressing
package import Nftables

// Sets whose rules are the same on every host, and whose elements are the host's own: they come and go by requests, with a
// timeout that the kernel counts, and stay when the rules change.

extension NamedSet {
  /// Whether what the set holds is kept by the host, so that no change of the rules touches it, and nothing that is compared
  /// differs by it.
  package var isKeptByHost: Bool {
    guard flags == .timeout, data == nil, case .quarantine? = SetMeaning(TrialName.settled(name)) else {
      return false
    }
    return true
  }
}

extension Table {
  /// The same rules, with what a host keeps in the sets of another table.
  package func keeping(_ other: Table?) -> Table {
    guard let other else { return self }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map { set in
        guard set.isKeptByHost, let present = other.set(set.name), present.isKeptByHost,
          present.key == set.key
        else { return set }
        return set.holding(present.elements)
      }, others: others)
  }
}

/// An address that a host has cut off.
package struct CutOff: Hashable, Sendable {
  package let address: Address
  /// For how long, by the kernel's clock; `nil`: until it is taken out.
  package let milliseconds: UInt64?

  package init(_ address: Address, milliseconds: UInt64?) {
    self.address = address
    self.milliseconds = milliseconds
  }
}

extension Table {
  /// The sets of addresses that are cut off; those that a trial has of its own among them.
  private var quarantine: [(set: NamedSet, family: AddressFamily)] {
    sets.compactMap { set in
      guard set.isKeptByHost, case .quarantine(let family)? = SetMeaning(TrialName.settled(set.name)),
        set.elements.keyLength == family.byteCount
      else { return nil }
      return (set, family)
    }
  }

  /// Whether the rules ask for addresses that are cut off, of both families.
  package var asksForQuarantine: Bool { Set(quarantine.map(\.family)).count == AddressFamily.allCases.count }

  /// The same rules with the addresses that a host has cut off, and no others.
  package func cuttingOff(_ addresses: [CutOff]) -> Table {
    let held = Dictionary(
      quarantine.map { ($0.set.name, $0.set.holding(.cutOff(addresses, $0.family))) },
      uniquingKeysWith: { first, _ in first })
    if held.isEmpty { return self }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map { held[$0.name] ?? $0 }, others: others)
  }

  /// What cuts addresses off. The kernel keeps the time of an element that is added again, so that one that is there goes
  /// first.
  package func quarantining(_ addresses: [CutOff]) -> [Operation] {
    quarantine.flatMap { set, family -> [Operation] in
      let added = SetElements.cutOff(addresses, family)
      if added.isEmpty { return [] }
      let present = set.elements.selecting(
        (0..<set.elements.count).filter { added.index(of: set.elements.key($0)) != nil })
      let renewed: [Operation] = present.isEmpty ? [] : [.deleteElements(set.holding(present.keysAlone))]
      return renewed + [.addElements(set.holding(added))]
    }
  }

  /// What lets addresses take part again that are cut off.
  package func releasing(_ addresses: [Address]) -> [Operation] {
    quarantine.compactMap { set, family in
      let meant = SetElements.cutOff(addresses.map { CutOff($0, milliseconds: nil) }, family)
      let present = set.elements.selecting(
        (0..<set.elements.count).filter { meant.index(of: set.elements.key($0)) != nil })
      return present.isEmpty ? nil : .deleteElements(set.holding(present.keysAlone))
    }
  }

  /// What makes the addresses that are cut off those of a host's books again.
  ///
  /// - Parameters:
  ///   - expected: those that are to be cut off.
  ///   - known: every address that may be; `nil`: it is not known, and none is taken out.
  package func correctingQuarantine(_ expected: [CutOff], known: Set<Address>?) -> [Operation] {
    if !asksForQuarantine { return [] }
    let present = cutOff
    return releasing(known.map { Array(present.subtracting($0)) } ?? [])
      + quarantining(expected.filter { !present.contains($0.address) })
  }

  /// The addresses that are cut off.
  package var cutOff: Set<Address> {
    Set(
      quarantine.flatMap { set, _ in
        (0..<set.elements.count).compactMap { Address(networkBytes: set.elements.key($0)) }
      })
  }
}

extension SetElements {
  fileprivate var isEmpty: Bool { count == 0 }

  /// Without what the kernel keeps for each.
  fileprivate var keysAlone: SetElements { SetElements(keyLength: keyLength, keys: keys) }

  fileprivate static func cutOff(_ addresses: [CutOff], _ family: AddressFamily) -> SetElements {
    let own = Dictionary(
      addresses.filter { $0.address.family == family }.map { ($0.address, $0.milliseconds) },
      uniquingKeysWith: { _, last in last }
    ).sorted { $0.key < $1.key }
    let attributes = own.enumerated().compactMap { index, entry in
      entry.value.map { (index, ElementAttributes(timeout: $0)) }
    }
    return SetElements(
      keyLength: family.byteCount, keys: own.flatMap { $0.key.networkBytes },
      attributes: Dictionary(uniqueKeysWithValues: attributes))
  }
}
