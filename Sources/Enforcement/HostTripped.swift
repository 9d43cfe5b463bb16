package import Addressing
package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
internal import RulesetShape

// Whom tripwires have cut off: what rules put into sets. The kernel tells nobody of it, and has to be asked.

/// Somebody who has tripped a tripwire.
package struct Tripped: Hashable, Sendable {
  package let address: Address
  /// Sorted.
  package fileprivate(set) var tripwires: [String]
  /// For how long he is still remembered, and for how long in all, in milliseconds.
  package fileprivate(set) var left: UInt64
  package fileprivate(set) var whole: UInt64
  /// Whether he is refused.
  package fileprivate(set) var isCut: Bool
}

extension LocalHost {
  /// Who has tripped tripwires of this host and is not let go yet: those who are refused first, then by address. None where
  /// nothing is enforced.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` where the kernel cannot be asked.
  package func tripped() throws(AgentFailure) -> [Tripped] {
    try reading { (kernel) throws(ReadError) in
      guard let table = try kernel.table(family, name)?.table else { return [] }
      return try tripped(table, kernel)
    }
  }

  private func tripped(_ table: Table, _ kernel: any HostKernel) throws(ReadError) -> [Tripped] {
    var found: [Address: Tripped] = [:]
    for set in table.sets {
      let (tripwire, isCut): (String?, Bool)
      switch set.tripMeaning {
      case .tripped(let name, _)?: (tripwire, isCut) = (name, false)
      case .cut?: (tripwire, isCut) = (nil, true)
      default: continue
      }
      for element in try kernel.elementStates(of: set.name, family: family, table: name) {
        guard let address = Address(networkBytes: element.key[...]) else { continue }
        let left = element.timeLeft ?? 0
        let whole = max(left, element.timeout ?? set.timeout ?? left)
        var one =
          found[address] ?? Tripped(address: address, tripwires: [], left: 0, whole: 0, isCut: false)
        if let tripwire, !one.tripwires.contains(tripwire) {
          one.tripwires = (one.tripwires + [tripwire]).sorted()
        }
        // What counts is for how long he is refused.
        if isCut || !one.isCut && left > one.left { (one.left, one.whole) = (left, whole) }
        one.isCut = one.isCut || isCut
        found[address] = one
      }
    }
    return found.values.sorted { a, b in a.isCut == b.isCut ? a.address < b.address : a.isCut }
  }

  /// Refuses addresses no more that have tripped a tripwire, and forgets what they knocked on.
  ///
  /// - Returns: those that had tripped one.
  package func release(_ addresses: Set<Address>, _ hold: Hold) throws(AgentFailure) -> Set<Address> {
    var freed: Set<Address> = []
    var attempts = 0
    while true {
      attempts += 1
      do throws(AgentFailure) {
        try whileMoving(hold) { (found) throws(CommitError) in
          guard let table = found.own?.table else { return }
          let (operations, those): ([Operation], Set<Address>)
          do throws(ReadError) {
            (operations, those) = try releasing(addresses, table, hold.kernel)
          } catch { throw .moved(expected: found.generation) }
          let change = Change(family: family, table: name, operations: operations)
          if !change.isEmpty { _ = try hold.kernel.commit(change, expecting: found.generation) }
          freed.formUnion(those)
        }
        return freed
      } catch {
        // An element whose time was over between the two is not there to be taken out. Where others move the table it was tried for
        // as long as anybody waits.
        guard error.happened == .nothing, error.code != .moved, attempts < 10 else { throw error }
      }
    }
  }

  private func releasing(
    _ addresses: Set<Address>, _ table: Table, _ kernel: any HostKernel
  ) throws(ReadError) -> (operations: [Operation], freed: Set<Address>) {
    var operations: [Operation] = []
    var freed: Set<Address> = []
    for set in table.sets {
      let isOfHim: Bool
      switch set.tripMeaning {
      case .tripped?, .cut?: isOfHim = true
      // What he knocked on is forgotten by itself; who he is would trip it again with the next door.
      case .knocks?: isOfHim = false
      default: continue
      }
      let elements = try kernel.elementStates(of: set.name, family: family, table: name)
      var keys: Set<[UInt8]> = []
      for element in elements {
        guard let address = Address(networkBytes: element.key[...]), addresses.contains(address) else {
          continue
        }
        keys.insert(element.key)
        if isOfHim { freed.insert(address) }
      }
      if keys.isEmpty { continue }
      let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
      operations.append(
        .deleteElements(
          set.holding(SetElements(keyLength: set.elements.keyLength, keys: sorted.flatMap { $0 }))))
    }
    return (operations, freed)
  }
}
