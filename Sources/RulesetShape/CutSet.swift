internal import Addressing
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
  package var withNobodyCut: Table {
    guard isSekishos, sets.contains(where: \.isCut) else { return self }
    return Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map { set in
        guard set.isCut else { return set }
        return NamedSet(
          name: set.name, key: set.key, flags: set.flags.subtracting(.dynamic), size: set.size,
          timeout: set.timeout, comment: set.comment, elements: set.elements.selecting([]))
      }, others: others)
  }
}
