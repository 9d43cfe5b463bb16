internal import Addressing
internal import InventoryText
internal import Nftables
internal import Policy
internal import RulesetShape

/// What networks and services of a ruleset are called: as in the inventory where they are just the same there, networks else as
/// a set of the ruleset, or by their first address.
struct ImportedNames {
  /// Those that the inventory lacks.
  private(set) var networks: [String: [String]] = [:]
  private(set) var services: [String: [String]] = [:]

  private var byPeers: [AddressSet: String] = [:]
  private var byRun: [ServiceRun: String] = [:]
  private let sets: [(addresses: AddressSet, name: String)]
  private let present: [Service]
  private var taken: Set<String> = ["all", "managed", "private"]
  private var takenServices: Set<String>
  private var takenFlows: Set<String>

  init(beside policy: Policy?, host: String, _ tables: [Table]) {
    taken.insert(host)
    if let policy {
      taken.formUnion(policy.hosts.map(\.name) + policy.groups.map(\.name) + policy.hostGroups.map(\.name))
      taken.formUnion(policy.zones.map(\.name) + policy.networks.map(\.name))
      for network in policy.networks.reversed() { byPeers[network.addresses] = network.name }
    }
    present = policy?.services.filter(\.multicast.isEmpty) ?? []
    takenServices = Set((policy?.services ?? []).map(\.name))
    takenFlows = Set((policy?.flows ?? []).map(\.name))
    sets = tables.flatMap(\.sets).compactMap { set in
      set.addresses.map { ($0, set.peers?.name ?? "\(set.name)") }
    }
  }

  mutating func network(_ peers: AddressSet) -> String {
    if let known = byPeers[peers] { return known }
    let name = InventoryName.free(word(for: peers), besides: taken)
    taken.insert(name)
    byPeers[peers] = name
    networks[name] = peers.texts
    return name
  }

  private func word(for peers: AddressSet) -> String {
    if peers.families.allSatisfy({ peers.ranges($0) == [0...$0.highestBits] }) { return "anywhere" }
    for set in sets
    where set.addresses.families.contains(where: { set.addresses.ranges($0) == peers.ranges($0) }) {
      if let name = InventoryName.made(of: set.name, lead: "set") { return name }
    }
    let first = peers.texts.first ?? ""
    let isOne = peers.texts.count == 1
    let kind = !isOne || first.contains("-") ? "peers" : first.contains("/") ? "net" : "peer"
    let digits = first.prefix { $0 != "-" }.map { ":./".contains($0) ? "-" : $0 }
    return "\(kind)-\(String(digits))"
  }

  mutating func service(_ run: ServiceRun) -> String {
    if let known = byRun[run] { return known }
    let name: String
    if let same = present.first(where: { $0.terms == run.terms }) {
      name = same.name
    } else {
      name = InventoryName.free(run.word, besides: takenServices)
      takenServices.insert(name)
      services[name] = [run.term]
    }
    byRun[run] = name
    return name
  }

  mutating func flow(_ word: String) -> String {
    let name = InventoryName.free(word, besides: takenFlows)
    takenFlows.insert(name)
    return name
  }
}

extension NamedSet {
  /// The addresses that a set holds and rules do not change; `nil` where it holds anything else.
  fileprivate var addresses: AddressSet? {
    guard data == nil, !flags.contains(.dynamic), key == [.ipv4Address] || key == [.ipv6Address],
      elements.count > 0
    else { return nil }
    func number(_ bytes: ArraySlice<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
    let ranges = (0..<elements.count).map { index -> ClosedRange<UInt128> in
      let first = number(elements.key(index))
      return first...max(first, number(elements.lastKey(index)))
    }
    return key == [.ipv4Address]
      ? AddressSet(ipv4: IntervalSet(ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }))
      : AddressSet(ipv6: IntervalSet(ranges))
  }
}
