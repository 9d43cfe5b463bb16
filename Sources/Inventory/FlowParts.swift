internal import Addressing
import Diagnostics
internal import Policy

/// One of the names in a flow's `per`.
struct PerName {
  let term: SelectorTerm
  let name: String
  let hosts: HostSet
}

extension PolicyBuilder {
  /// The names of `per`, each of which is hosts.
  ///
  /// - Returns: `nil` where something is wrong; the log says what.
  mutating func perNames(_ node: NodeID) -> [PerName]? {
    guard loader.tree.kind(node) != .mapping else {
      loader.error(
        node, "`per` is a list of names, not a mapping", help: "write groups or zones: `per: [tokyo, osaka]`")
      return nil
    }
    guard let items = loader.oneOrMore(node, "per") else { return nil }
    var result: [PerName] = []
    var known: Set<String> = []
    var isGood = true
    for item in items {
      guard let name = perName(item) else {
        isGood = false
        continue
      }
      guard known.insert(name.name).inserted else {
        loader.error(item, "\(loader.quoted(item)) stands twice in `per`", help: "remove one")
        isGood = false
        continue
      }
      result.append(name)
    }
    return isGood ? result : nil
  }

  private mutating func perName(_ item: NodeID) -> PerName? {
    guard loader.tree.isScalar(item), !loader.tree.isNull(item) else {
      loader.error(
        item, "`per` holds names, not \(loader.found(item))", help: "write a list of names, not of lists")
      return nil
    }
    guard let term = term(item) else { return nil }
    guard term.factors.count == 1, let symbol = term.factors.first?.name else {
      loader.error(
        item, "`per` holds names, and \(loader.quoted(item)) is made of several",
        help: "give it a name in `groups`, and write that")
      return nil
    }
    if Keyword(symbol) == .all {
      loader.error(
        item, "`all` narrows nothing", help: "write the groups or zones that the flow stands for, or no `per`"
      )
      return nil
    }
    // What is wrong with a group has been said of it.
    guard let selection = selection(symbol) else { return nil }
    guard selection.networks.isEmpty, selection.virtuals.isEmpty else {
      let what = selection.networks.isEmpty ? "is virtual addresses" : "has addresses of a network"
      loader.error(
        item, "\(loader.quoted(item)) \(what), and `per` takes hosts", help: "write groups, zones or hosts")
      return nil
    }
    return PerName(term: term, name: loader.symbols.name(symbol), hosts: selection.hosts)
  }

  /// The parts of a flow: one for each of `per`.
  ///
  /// - Returns: `nil` where an end is nothing in one of them, or cannot be narrowed; the log says what.
  mutating func parts(_ whole: FlowPart, per names: [PerName], of draft: FlowDraft, _ flow: String)
    -> [FlowPart]?
  {
    guard areHosts(whole, draft, names), areInParts(draft, names) else { return nil }
    for name in names { selectorTerms.append(name.term) }
    var result: [FlowPart] = []
    var isGood = true
    for name in names {
      let from = narrowed(whole.from, to: name, "from", flow)
      let to = narrowed(whole.to, to: name, "to", flow)
      if let from, let to {
        result.append(FlowPart(from: from, to: to))
      } else {
        isGood = false
      }
    }
    return isGood ? result : nil
  }

  /// An end of a flow, as far as its hosts are in a name of `per`.
  private mutating func narrowed(
    _ end: PeersID, to name: PerName, _ what: String, _ flow: String
  ) -> PeersID? {
    let whole = peers[end].hosts
    let hosts = whole.intersection(name.hosts)
    if hosts.isEmpty {
      loader.error(
        name.term.node, "no host of `\(what)` is in \(loader.quoted(name.term.node))",
        help: "an empty end never means \"any\": take the name out of `per`, or correct `\(what)`")
      return nil
    }
    if hosts == whole { return end }
    var selection = nothing
    selection.hosts = hosts
    if hosts == name.hosts {
      return peers.find([name.term]) ?? peers.add([name.term], name: name.name, selection)
    }
    return peers.part(of: end, in: name.name)
      ?? peers.addPart(of: end, in: name.name, name: "\(flow)/\(what).\(name.name)", selection)
  }

  /// Whether each term that an end lists is in some part: one that is in none would open nothing, and nobody would see it.
  private mutating func areInParts(_ draft: FlowDraft, _ names: [PerName]) -> Bool {
    var hosts = nothing.hosts
    for name in names { hosts.formUnion(name.hosts) }
    var isGood = true
    for (node, what) in [(draft.from, "from"), (draft.to, "to")] {
      let items = Array(loader.tree.items(node))
      guard items.count > 1 else { continue }
      for item in items {
        guard let term = term(item), let selection = select([term]),
          selection.hosts.intersection(hosts).isEmpty
        else { continue }
        isGood = false
        loader.error(
          item,
          "no host of \(loader.quoted(item)) is in any of `per`, and the flow would open nothing for it",
          help: "take it out of `\(what)`, give it a flow of its own, or add its zone or group to `per`")
      }
    }
    return isGood
  }

  /// Whether both ends are hosts alone: a network is in no group, nor is a virtual address.
  private mutating func areHosts(_ whole: FlowPart, _ draft: FlowDraft, _ names: [PerName]) -> Bool {
    var isGood = true
    for (end, node, what, other) in [
      (whole.from, draft.from, "from", (key: "to", id: whole.to, node: draft.to)),
      (whole.to, draft.to, "to", (key: "from", id: whole.from, node: draft.from)),
    ] where !peers[end].networks.isEmpty || !peers[end].virtuals.isEmpty {
      isGood = false
      let kind = peers[end].networks.isEmpty ? "a virtual address" : "a network"
      var help = "remove `per`, and name at the other end what is meant of it"
      if loader.tree.isScalar(other.node), peers[other.id].networks.isEmpty, peers[other.id].virtuals.isEmpty
      {
        let terms = names.map { "\(loader.tree.string(other.node)) & \($0.name)" }
        help = "remove `per`: `\(other.key): [\(terms.joined(separator: ", "))]` says the same"
      }
      loader.error(
        node, "`\(what)` has \(kind), which is in no group: `per` cannot narrow it", help: help)
    }
    return isGood
  }
}
