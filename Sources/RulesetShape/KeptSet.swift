package import Addressing
package import Nftables

// Sets whose rules are the same on every host, and whose elements are the host's own: they come and go by requests, with a
// timeout that the kernel counts, and stay when the rules change.

/// An element of such a set.
package struct KeptElement: Hashable, Sendable {
  package let set: SetMeaning
  package let key: [UInt8]
  /// For how long, by the kernel's clock; `nil`: until it is taken out.
  package let milliseconds: UInt64?

  private init(_ set: SetMeaning, _ key: [UInt8], _ milliseconds: UInt64?) {
    self.set = set
    self.key = key
    self.milliseconds = milliseconds
  }

  /// An address that is cut off.
  package static func cutOff(_ address: Address, milliseconds: UInt64?) -> Self {
    Self(.quarantine(address.family), address.networkBytes, milliseconds)
  }

  /// A port that is opened to an address, or between two where it is forwarded, the source first.
  ///
  /// - Returns: `nil`: of addresses that cannot be.
  package static func opened(
    _ side: Side, _ addresses: [Address], _ ipProtocol: IPProtocol, _ port: UInt16, milliseconds: UInt64?
  ) -> Self? {
    guard let family = addresses.first?.family, addresses.count == (side == .forward ? 2 : 1),
      addresses.allSatisfy({ $0.family == family })
    else { return nil }
    // Fields of a concatenation are padded to four bytes each.
    let key =
      addresses.flatMap(\.networkBytes) + [ipProtocol.rawValue, 0, 0, 0]
      + [UInt8(port >> 8), UInt8(port & 0xff), 0, 0]
    return Self(.opened(side, family), key, milliseconds)
  }

  /// Which element it is, whatever its time.
  package var place: Place { Place(set: set, key: key) }

  /// A key of a set.
  package struct Place: Hashable, Sendable {
    package let set: SetMeaning
    package let key: [UInt8]
  }
}

extension NamedSet {
  /// Whether what the set holds is kept by the host, so that no change of the rules touches it, and nothing that is compared
  /// differs by it.
  package var isKeptByHost: Bool { keptMeaning != nil }

  /// Sets that a trial has of its own among them.
  fileprivate var keptMeaning: SetMeaning? {
    guard flags == .timeout, data == nil, let meaning = SetMeaning(TrialName.settled(name)) else {
      return nil
    }
    switch meaning {
    case .quarantine, .opened: return meaning
    default: return nil
    }
  }
}

extension Table {
  private var keptSets: [(set: NamedSet, meaning: SetMeaning)] {
    sets.compactMap { set in set.keptMeaning.map { (set, $0) } }
  }

  /// Whether the rules ask for such elements.
  package func asks(for elements: [KeptElement]) -> Bool {
    Set(keptSets.map(\.meaning)).isSuperset(of: elements.map(\.set))
  }

  /// The same rules, with what a host keeps in the sets of another table.
  package func keeping(_ other: Table?) -> Table {
    guard let other else { return self }
    return replacing(
      keptSets.compactMap { set, _ in
        guard let present = other.set(set.name), present.isKeptByHost, present.key == set.key else {
          return nil
        }
        return set.holding(present.elements)
      })
  }

  /// The same rules with these elements in the sets that hosts keep, and no others.
  package func keeping(_ elements: [KeptElement]) -> Table {
    replacing(keptSets.map { set, meaning in set.holding(.packed(elements, of: meaning, in: set)) })
  }

  private func replacing(_ others: [NamedSet]) -> Table {
    if others.isEmpty { return self }
    let held = Dictionary(others.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map { held[$0.name] ?? $0 }, others: self.others)
  }

  /// What puts elements in. The kernel keeps the time of one that is added again, so that one that is there goes first.
  package func adding(_ elements: [KeptElement]) -> [Operation] {
    removing(Set(elements.map(\.place)))
      + keptSets.compactMap { set, meaning in
        let added = SetElements.packed(elements, of: meaning, in: set)
        return added.count == 0 ? nil : .addElements(set.holding(added))
      }
  }

  /// What takes elements out, those of them that are there.
  package func removing(_ places: Set<KeptElement.Place>) -> [Operation] {
    keptSets.compactMap { set, meaning in
      let present = (0..<set.elements.count).filter {
        places.contains(KeptElement.Place(set: meaning, key: Array(set.elements.key($0))))
      }
      if present.isEmpty { return nil }
      // Without what the kernel keeps for each.
      let keys = set.elements.selecting(present).keys
      return .deleteElements(set.holding(SetElements(keyLength: set.elements.keyLength, keys: keys)))
    }
  }

  /// What makes the elements those of a host's books again.
  ///
  /// - Parameters:
  ///   - expected: those that are to be there.
  ///   - known: every one that may be; `nil`: it is not known, and none is taken out.
  package func correcting(_ expected: [KeptElement], known: Set<KeptElement.Place>?) -> [Operation] {
    let present = kept
    return removing(known.map { present.subtracting($0) } ?? [])
      + adding(expected.filter { !present.contains($0.place) })
  }

  /// What the host keeps.
  package var kept: Set<KeptElement.Place> {
    Set(
      keptSets.flatMap { set, meaning in
        (0..<set.elements.count).map { KeptElement.Place(set: meaning, key: Array(set.elements.key($0))) }
      })
  }

  /// The addresses that are cut off.
  package var cutOff: Set<Address> {
    Set(
      kept.compactMap { place in
        if case .quarantine = place.set { Address(networkBytes: place.key[...]) } else { nil }
      })
  }
}

extension SetElements {
  /// Those of some elements that belong to a set.
  fileprivate static func packed(
    _ elements: [KeptElement], of meaning: SetMeaning, in set: NamedSet
  ) -> SetElements {
    let length = set.elements.keyLength
    let own = Dictionary(
      elements.filter { $0.set == meaning && $0.key.count == length }.map { ($0.key, $0.milliseconds) },
      uniquingKeysWith: { _, last in last }
    ).sorted { $0.key.lexicographicallyPrecedes($1.key) }
    let attributes = own.enumerated().compactMap { index, entry in
      entry.value.map { (index, ElementAttributes(timeout: $0)) }
    }
    return SetElements(
      keyLength: length, keys: own.flatMap(\.key),
      attributes: Dictionary(uniqueKeysWithValues: attributes))
  }
}
