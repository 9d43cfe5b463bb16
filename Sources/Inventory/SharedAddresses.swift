internal import Addressing
import Diagnostics

/// Addresses that more than one host or virtual address has.
extension PolicyBuilder {
  /// Tells of each set of places with the same addresses once: the lines of two ranges, or all hosts that carry an address in
  /// turn.
  ///
  /// - Parameter order: every address of the draft with its owner, ascending by address, then by place; numbers behind those
  ///   of hosts are those of virtual addresses.
  mutating func reportShared(_ order: [(index: Int, host: Int)]) {
    let drafts = loader.draft.addresses
    var shared: [[(index: Int, host: Int)]] = []
    var start = 0
    while start < order.count {
      let address = drafts[order[start].index].address
      var end = start + 1
      while end < order.count, drafts[order[end].index].address == address { end += 1 }
      if end - start > 1 { shared += Self.runs(order[start..<end]) }
      start = end
    }
    if shared.isEmpty { return }
    /// The addresses that hosts have in common, by the hosts: what such hosts carry is one virtual address.
    var common: [[Int]: [Address]] = [:]
    var places: [[NodeID]: Int] = [:]
    for run in shared {
      common[run.map(\.host), default: []].append(drafts[run[0].index].address)
      places[run.map { drafts[$0.index].node }, default: 0] += 1
    }
    var names: [[Int]: String] = [:]
    for run in shared {
      // The places of ranges repeat for each number: told at the first.
      guard let count = places.removeValue(forKey: run.map { drafts[$0.index].node }) else { continue }
      if loader.log.countsUnkeptError() { continue }
      let owners = run.map(\.host)
      let address = drafts[run[0].index].address
      let help: String
      if Set(owners).count == 1 {
        help = "remove one"
      } else if owners.allSatisfy({ $0 < loader.draft.hosts.count }) {
        help =
          count > 1
          ? "an address belongs to one host: give the ranges addresses of their own"
          : hostsHelp(owners, common[owners] ?? [], &names)
      } else {
        help =
          owners.contains { $0 < loader.draft.hosts.count }
          ? "what hosts carry in turn stands in `virtual` alone: take it out of the host's addresses"
          : "an address stands in one of them: name in its `carriers` all hosts that may have it"
      }
      let rest = run.dropFirst(2).prefix(4).map { loader.related(drafts[$0.index].node, "and here") }
      loader.error(
        drafts[run[1].index].node,
        what(address, owners) + (count > 1 ? ", and \(count - 1) more are shared so" : ""),
        help: help,
        related: [loader.related(drafts[run[0].index].node, "first written here")] + rest)
    }
  }

  /// The places of one address: those of different owners, and for each owner those that repeat it.
  private static func runs(_ places: ArraySlice<(index: Int, host: Int)>) -> [[(index: Int, host: Int)]] {
    var firsts: [(index: Int, host: Int)] = []
    var runs: [[(index: Int, host: Int)]] = []
    var known: [Int: (index: Int, host: Int)] = [:]
    for place in places {
      if let first = known[place.host] {
        runs.append([first, place])
      } else {
        known[place.host] = place
        firsts.append(place)
      }
    }
    return firsts.count > 1 ? runs + [firsts] : runs
  }

  private func what(_ address: Address, _ owners: [Int]) -> String {
    let distinct = Set(owners)
    let hosts = distinct.count { $0 < loader.draft.hosts.count }
    if distinct.count == 1 {
      return hosts > 0
        ? "the host has the address \(address) twice" : "the virtual address \(address) is listed twice"
    }
    let number = distinct.count == 2 ? "two" : "\(distinct.count)"
    if hosts == distinct.count { return "\(number) hosts have the address \(address)" }
    return hosts == 0
      ? "\(number) virtual addresses are \(address)"
      : "the address \(address) is a host's own and a virtual one"
  }

  private func hostsHelp(_ owners: [Int], _ addresses: [Address], _ names: inout [[Int]: String]) -> String {
    let hosts = Set(owners).map { loader.symbols.name(loader.draft.hosts[$0].name) }.sorted()
    let base = "lb"
    let taken = Set(names.values)
    let name =
      names[owners]
      ?? free(base) { word in
        taken.contains(String(decoding: word, as: UTF8.self)) || isNamed(word)
      }
    names[owners] = name
    let shown = addresses.prefix(8).map { CommaText.item("\($0)") }.joined(separator: ", ")
    let carriers = hosts.count > 8 ? "GROUP" : "[\(hosts.joined(separator: ", "))]"
    return "an address belongs to one host: correct \(hosts.count > 2 ? "the others" : "one of them"); "
      + "one that moves between hosts is virtual, and no host's own: "
      + "`virtual: {\(name): {addresses: [\(shown)], carriers: \(carriers)}}`"
  }

  /// Whether a name of the common namespace is taken.
  func isNamed(_ name: ArraySlice<UInt8>) -> Bool {
    loader.symbols.find(name).flatMap { loader.namespace[$0] } != nil
  }
}
