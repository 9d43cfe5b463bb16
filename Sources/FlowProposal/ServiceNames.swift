internal import Addressing
internal import InventoryText
internal import Policy

/// Names of services that are about what was wanted and nothing else, and those that an inventory lacks.
struct ServiceNames {
  private let known: [(name: String, all: Set<Wanted>)]
  private var taken: Set<String>
  private var made: [Set<Wanted>: String] = [:]
  /// Terms by name.
  private(set) var lacking: [String: [String]] = [:]

  init(_ policy: Policy) {
    known = policy.services.compactMap { service in Wanted.all(of: service).map { (service.name, $0) } }
    taken = Set(policy.services.map(\.name))
  }

  /// - Parameter wanted: one thing at least.
  mutating func names(of wanted: Set<Wanted>) -> [String] {
    var names: [String] = []
    var rest = wanted
    let usable = known.filter { $0.all.isSubset(of: wanted) }
    while !rest.isEmpty {
      var best: (name: String, all: Set<Wanted>, gain: Int)?
      for (name, all) in usable {
        let gain = all.intersection(rest).count
        if gain > best?.gain ?? 0 { best = (name, all, gain) }
      }
      guard let best else { break }
      names.append(best.name)
      rest.subtract(best.all)
    }
    let asking: Set<Wanted> = [.port(.udp, 53), .port(.tcp, 53)]
    if asking.isSubset(of: rest) {
      names.append(name("dns", asking))
      rest.subtract(asking)
    }
    return names + rest.sorted { $0.order < $1.order }.map { name($0.name, [$0]) }
  }

  private mutating func name(_ word: String, _ all: Set<Wanted>) -> String {
    if let name = made[all] { return name }
    let name = InventoryName.free(word, besides: taken)
    taken.insert(name)
    made[all] = name
    lacking[name] = all.sorted { $0.order > $1.order }.map(\.term)
    return name
  }
}
