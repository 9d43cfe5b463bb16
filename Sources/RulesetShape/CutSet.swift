package import Addressing
package import Nftables

// Whom tripwires have cut off: what rules put into sets, and the kernel takes out when the time is over.

extension NamedSet {
  /// What rules put into the set when a tripwire is tripped; `nil` of any other set.
  package var tripMeaning: SetMeaning? {
    guard flags == [.dynamic, .timeout], data == nil, let meaning = SetMeaning(TrialName.settled(name)) else {
      return nil
    }
    switch meaning {
    case .cut, .tripped, .knocks, .doors: return meaning
    default: return nil
    }
  }

  fileprivate var isCut: Bool { if case .cut? = tripMeaning { true } else { false } }
}

extension Table {
  /// The same rules while nobody is cut off by a tripwire.
  ///
  /// What rules put into sets is not read with a table, and nothing can be proven of rules that ask for it. Here it is known what it
  /// does, whoever it is: less passes. So what a table means is told without it, and whom it holds beside that.
  package var withNobodyCut: Table { cutting([]) }

  /// The same rules at a moment at which tripwires have cut off some addresses, and nobody else.
  package func cutting(_ addresses: Set<Address>) -> Table {
    guard isSekishos, sets.contains(where: \.isCut) else { return self }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map { set in
        guard set.isCut else { return set }
        let length = set.elements.keyLength
        let keys = addresses.map(\.networkBytes).filter { $0.count == length }
        // What ends by itself does not do so within a moment.
        return NamedSet(
          name: set.name, key: set.key, flags: set.flags.subtracting([.dynamic, .timeout]), size: set.size,
          timeout: set.timeout, comment: set.comment, countsElements: set.countsElements,
          elements: SetElements(keyLength: length, keys: keys.flatMap { $0 }))
      }, others: others)
  }
}

/// What a table does about one tripwire.
package struct TripwireParts: Hashable, Sendable {
  /// That count knocks, in order.
  package fileprivate(set) var rules: [Rule] = []
  /// In which they are counted, and those whose knocks count; without their sizes, since the kernel keeps the larger of two and
  /// a tripwire does the same with either.
  package fileprivate(set) var sets: Set<NamedSet> = []
}

extension Table {
  /// The tripwires on the host, by name.
  package var tripwires: [String: TripwireParts] {
    var found: [String: TripwireParts] = [:]
    if !isSekishos { return found }
    var names: [SetName: String] = [:]
    for set in sets {
      guard let name = SetMeaning(set.name)?.tripwire else { continue }
      names[set.name] = name
      found[name, default: TripwireParts()].sets.insert(set.unsized)
    }
    if found.isEmpty { return found }
    for chain in chains {
      guard case .tripwire? = ChainMeaning(chain.name) else { continue }
      for rule in chain.rules {
        let name = rule.expressions.lazy.compactMap { expression -> String? in
          if case .dynamicSet(let update) = expression { names[update.set] } else { nil }
        }.first
        if let name { found[name]?.rules.append(rule) }
      }
    }
    return found
  }
}

extension NamedSet {
  /// The same without saying how many elements it takes.
  fileprivate var unsized: Self {
    Self(
      name: name, key: key, data: data, flags: flags, timeout: timeout, comment: comment, elements: elements)
  }
}

extension SetMeaning {
  /// The tripwire that a set is of alone.
  fileprivate var tripwire: String? {
    switch self {
    case .counted(let name, _), .tripped(let name, _), .doors(_, let name, _), .knocks(_, let name, _): name
    default: nil
    }
  }
}
