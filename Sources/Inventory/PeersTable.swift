internal import Addressing
internal import Policy

/// The peers of a policy while they are found: equal selectors share one entry.
struct PeersTable {
  private struct Entry {
    let name: String
    let selection: Selection
  }

  private var entries: [Entry] = []
  private var known: [[[Int]]: PeersID] = [:]
  /// What names of `per` leave of an entry.
  private var parts: [PeersID: [String: PeersID]] = [:]

  subscript(id: PeersID) -> Selection { entries[id.index].selection }

  /// The entry of the same selector, whatever the order of its terms and names.
  func find(_ terms: [SelectorTerm]) -> PeersID? { known[Self.key(terms)] }

  mutating func add(_ terms: [SelectorTerm], name: String, _ selection: Selection) -> PeersID {
    let id = PeersID(entries.count)
    known[Self.key(terms)] = id
    entries.append(Entry(name: name, selection: selection))
    return id
  }

  /// What is left of an entry in a name of `per`. It is no selector that anybody wrote: of one that stands in a file each
  /// term must select something.
  func part(of whole: PeersID, in name: String) -> PeersID? { parts[whole]?[name] }

  mutating func addPart(of whole: PeersID, in part: String, name: String, _ selection: Selection) -> PeersID {
    let id = PeersID(entries.count)
    parts[whole, default: [:]][part] = id
    entries.append(Entry(name: name, selection: selection))
    return id
  }

  private static func key(_ terms: [SelectorTerm]) -> [[Int]] {
    terms.map(\.key).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The peers sorted by name, and the final place of every entry.
  func finished(_ addresses: AddressTable, _ virtual: [[Address]]) -> (peers: [Peers], order: [PeersID]) {
    let sorted = entries.indices.sorted { entries[$0].name < entries[$1].name }
    var order = Array(repeating: PeersID(0), count: entries.count)
    for (index, entry) in sorted.enumerated() { order[entry] = PeersID(index) }
    let peers = sorted.map { index in
      let entry = entries[index]
      let selection = entry.selection
      let virtuals = selection.virtuals.members
      var others = selection.networks
      if !virtuals.isEmpty { others = others.union(AddressSet(virtuals.flatMap { virtual[$0] })) }
      return Peers(
        name: entry.name, hosts: selection.hosts.members, networks: selection.networks,
        addresses: addresses.union(of: selection.hosts, others), virtuals: virtuals.map { VirtualID($0) })
    }
    return (peers, order)
  }
}

extension PolicyBuilder {
  /// The peers of a selector.
  ///
  /// - Parameters:
  ///   - what: The key it stands under, for messages.
  ///   - name: What it is called where it is more than one name: `api-to-db/from`.
  mutating func resolve(_ node: NodeID, _ what: String, name: String) -> PeersID? {
    guard let terms = terms(node, what) else { return nil }
    if let known = peers.find(terms) { return known }
    guard let selection = select(terms) else { return nil }
    selectorTerms += terms
    var name = name
    if let first = terms.first, terms.count == 1, let only = first.factors.first, first.factors.count == 1 {
      name = loader.symbols.name(only.name)
    }
    return peers.add(terms, name: name, selection)
  }
}
