internal import Addressing
internal import Nftables
internal import Policy

/// Collects the objects of one table, and the named sets its rules refer to.
struct TableBuilder {
  let sets: PeerSets
  private var chains: [Chain] = []
  /// Most tables have some dozens.
  private var usedSets = [SetName: NamedSet](minimumCapacity: 64)

  init(sets: PeerSets) { self.sets = sets }

  mutating func add(_ chain: Chain) { chains.append(chain) }

  /// Rules find a set by its name alone: two sets of one name would widen one of their matches.
  mutating func add(_ set: NamedSet) {
    let known = usedSets.updateValue(set, forKey: set.name)
    precondition(known.map { $0 == set } ?? true, "two sets are called \(set.name)")
  }

  /// Whether the set of a match, if it has one, can be added under its name.
  func isFree(_ match: PeerMatch) -> Bool {
    guard case .set(let set) = match else { return true }
    return usedSets[set.name].map { $0 == set } ?? true
  }

  func table(name: TableName) -> Table {
    precondition(Set(chains.map(\.name)).count == chains.count, "two chains have one name")
    return Table(family: .inet, name: name, chains: chains, sets: Array(usedSets.values))
  }

  /// The statement of a match, whose set the table then has; `nil` for any address.
  mutating func use(_ match: PeerMatch, _ operand: Operand) -> Statement? {
    if case .set(let set) = match { add(set) }
    return match.statement(operand)
  }
}
