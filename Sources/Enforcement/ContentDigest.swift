internal import AgentProtocol
internal import Digest
internal import Nftables
internal import RulesetShape

extension LocalHost {
  /// What of a ruleset an answer rests on.
  func seen(_ found: FoundRuleset, _ digests: inout ContentDigests) throws(AgentFailure) -> Seen {
    var others: [String: String] = [:]
    for table in found.tables where !isOwn(TablePlace(table.family, table.name)) && table.isPassed {
      others[table.title] = digests.digest(of: table, withSets: false)
    }
    // Parts of a trial come and go with it; what was decided on is what it stands beside.
    let own = found.own?.beneathTrial.map { digests.digest(of: $0.table, withSets: true) }
    return Seen(moment: try moment(found.generation), own: own, others: others)
  }
}

/// Digests of tables; one that is as it was is not digested again: while it is, the ruleset moves on.
struct ContentDigests {
  private var known: [String: (table: Table, digest: String)] = [:]

  mutating func digest(of table: Table, withSets: Bool) -> String {
    if let before = known[table.title], before.table == table { return before.digest }
    let digest = table.contentDigest(withSets: withSets)
    known[table.title] = (table, digest)
    return digest
  }
}

extension Table {
  /// Whether packets pass it, or may: what is not modelled may be on their way too.
  fileprivate var isPassed: Bool { !others.isEmpty || chains.contains { $0.base != nil } }

  /// SHA-256 of all that is neither the kernel's own (counters, handles, what rules and requests put into sets) nor, where
  /// sets are left out, an element of a set. Maps always count: they say where packets are led.
  fileprivate func contentDigest(withSets: Bool) -> String {
    var digest = SHA256()
    let empty = Table(
      family: family, name: name, flags: flags, comment: comment, chains: chains,
      sets: sets.map(\.declaration), others: others)
    digest.update(Table.dump([empty]))
    for set in sets {
      digest.update(Array("\n\(set.name) \(set.comment ?? "")\n".utf8))
      if set.flags.contains(.dynamic) || set.isKeptByHost || !withSets && set.data == nil { continue }
      digest.update(set.elements.keys)
      digest.update(set.elements.lastKeys ?? [])
      switch set.elements.payload {
      case .none: break
      case .verdicts(let verdicts): for verdict in verdicts { digest.update(Array("\(verdict)\n".utf8)) }
      case .values(let bytes, _): digest.update(bytes)
      }
    }
    return digest.finish()
  }
}

extension NamedSet {
  /// Without elements; of its declared size only that there is one: an apply raises it ahead of the change.
  fileprivate var declaration: NamedSet {
    NamedSet(
      name: name, key: key, data: data, flags: flags, size: size.map { _ in 1 }, timeout: timeout,
      comment: comment, countsElements: countsElements, elements: elements.selecting([]))
  }
}
