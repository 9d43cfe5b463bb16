internal import Addressing
import Diagnostics
internal import Policy

/// What a name or a selector selects.
struct Selection {
  var hosts: HostSet
  var networks: AddressSet
  /// By ``VirtualID``.
  var virtuals: BitSet

  var isEmpty: Bool { hosts.isEmpty && networks.isEmpty && virtuals.isEmpty }

  /// What it holds some of.
  var kinds: [Kind] {
    (hosts.isEmpty ? [] : [.hosts]) + (networks.isEmpty ? [] : [.networks])
      + (virtuals.isEmpty ? [] : [.virtuals])
  }

  /// What `&` and `!` do not mix.
  enum Kind: String {
    case hosts
    case networks
    case virtuals = "virtual addresses"

    /// What one name of the kind is, in the words of a message.
    var one: String {
      switch self {
      case .hosts: "hosts"
      case .networks: "a network"
      case .virtuals: "a virtual address"
      }
    }

    /// What is empty after it has been lessened.
    var member: String {
      switch self {
      case .hosts: "host"
      case .networks: "address"
      case .virtuals: "virtual address"
      }
    }
  }
}

extension PolicyBuilder {
  /// What a selector selects: never nothing.
  ///
  /// - Returns: `nil` where something is wrong; the log says what.
  mutating func select(_ terms: [SelectorTerm]) -> Selection? {
    var result = nothing
    var isGood = true
    for term in terms {
      guard let selection = select(term) else {
        isGood = false
        continue
      }
      result.hosts.formUnion(selection.hosts)
      result.networks = result.networks.union(selection.networks)
      result.virtuals.formUnion(selection.virtuals)
    }
    return isGood ? result : nil
  }

  private mutating func select(_ term: SelectorTerm) -> Selection? {
    var parts: [(factor: SelectorFactor, selection: Selection)] = []
    for factor in term.factors {
      guard let selection = selection(factor.name) else { return nil }
      parts.append((factor, selection))
    }
    // Names first, exclusions after them, each in the order they are written.
    parts = parts.filter { !$0.factor.isExcluded } + parts.filter(\.factor.isExcluded)
    guard let first = parts.first else { return nil }
    if first.selection.isEmpty {
      error(
        first.factor.place, first.factor.length,
        "\(kindName(first.factor.name)) \(quoted(first.factor.name)) has no hosts",
        help: "put a host into it, or remove what names it")
      return nil
    }
    guard parts.count == 1 || checkKinds(parts) else { return nil }
    var result = first.selection
    let kind = result.kinds[0]
    for (factor, selection) in parts.dropFirst() {
      switch (factor.isExcluded, kind) {
      case (false, .hosts): result.hosts.formIntersection(selection.hosts)
      case (false, .networks): result.networks = result.networks.intersection(selection.networks)
      case (false, .virtuals): result.virtuals.formIntersection(selection.virtuals)
      case (true, .hosts): result.hosts.subtract(selection.hosts)
      case (true, .networks): result.networks = result.networks.subtracting(addresses(of: selection))
      case (true, .virtuals): result.virtuals.subtract(selection.virtuals)
      }
      if result.isEmpty {
        let what = kind.member
        let why =
          factor.isExcluded
          ? "excluding \(quoted(factor.name)) leaves no \(what)"
          : "no \(what) is in \(quoted(factor.name)) as well"
        error(
          factor.place, factor.length, "the term \(loader.quoted(term.node)) selects nothing: \(why)",
          help: "an empty selector never means \"any\": correct the term, or remove it")
        return nil
      }
    }
    return result
  }

  /// Whether the names of a term can be intersected: hosts with hosts, networks with networks, virtual addresses with
  /// such, and from networks all of these can be subtracted.
  private mutating func checkKinds(_ parts: [(factor: SelectorFactor, selection: Selection)]) -> Bool {
    guard let first = parts.first else { return false }
    let kinds = first.selection.kinds
    let isNetwork = kinds == [.networks]
    for (factor, selection) in parts {
      let own = selection.kinds
      if own.count > 1, !factor.isExcluded || !isNetwork {
        error(
          factor.place, factor.length,
          "the group \(quoted(factor.name)) holds \(conjoined(own.map(\.rawValue))), which `&` and `!` do not mix",
          help: "name its parts instead")
        return false
      }
      if own == kinds || own.isEmpty && kinds == [.hosts] || factor.isExcluded && isNetwork { continue }
      let (one, other) = (kinds[0], own.first ?? .hosts)
      error(
        factor.place, factor.length,
        "\(quoted(first.factor.name)) is \(one.one) and \(quoted(factor.name)) is \(other.one): they have nothing in common",
        help: [one, other].contains(.virtuals)
          ? "write both in a list for a union; the hosts that carry a virtual address are those in its `carriers`"
          : "write both in a list for a union; only a network can be lessened by hosts: `internet & !api`")
      return false
    }
    return true
  }

  /// What one name means.
  mutating func selection(_ name: Symbol) -> Selection? {
    var result = nothing
    if Keyword(name) == .all {
      result.hosts = HostSet(all: hosts.count)
      return result
    }
    guard let declaration = loader.namespace[name] else { return nil }
    switch declaration.kind {
    case .host: result.hosts.insert(hostIDs[declaration.index])
    case .implicitGroup, .zone: if let members = members[name] { result.hosts = members }
    case .group: return group(declaration.index)
    case .network:
      guard let addresses = network(declaration.index) else { return nil }
      result.networks = addresses
    case .virtual: result.virtuals.insert(virtualIDs[declaration.index].index)
    }
    return result
  }

  func quoted(_ name: Symbol) -> String { loader.quoted(name) }

  private func kindName(_ name: Symbol) -> String {
    guard let kind = loader.namespace[name]?.kind else { return "the selector" }
    return kind == .implicitGroup ? "the group" : "the \(kind.rawValue)"
  }

  // MARK: Groups

  /// The selection of a named selector, made when it is first asked for.
  mutating func group(_ index: Int) -> Selection? {
    let draft = loader.draft.groups[index]
    switch groups[index] {
    case .done(let selection): return selection
    case .open:
      loader.error(
        draft.key, "the group \(quoted(draft.name)) is a part of itself",
        help: "take it out of the groups that it names")
      groups[index] = .done(nil)
      return nil
    case .unknown: break
    }
    groups[index] = .open
    guard enter(draft.key, "groups") else {
      groups[index] = .done(nil)
      return nil
    }
    defer { nesting -= 1 }
    var selection: Selection?
    if let node = draft.selector, let terms = terms(node, loader.symbols.name(draft.name)) {
      selectorTerms += terms
      selection = select(terms)
    }
    // A cycle has been reported and has ended the work on this group meanwhile.
    if case .done = groups[index] { return nil }
    groups[index] = .done(selection)
    return selection
  }

  /// Goes one step deeper into values that name values; the caller steps back.
  ///
  /// - Returns: Whether the depth is within reason; if not, it was reported, and no step was made.
  mutating func enter(_ key: NodeID, _ what: String) -> Bool {
    guard nesting < YAMLLimits.references else {
      loader.error(
        key, "\(what) name each other more than \(YAMLLimits.references) deep",
        help: "name their parts instead")
      return false
    }
    nesting += 1
    return true
  }
}

/// How far a value that refers to others is made.
enum Resolution<Value> {
  case unknown
  /// Being made: to come here again is a cycle.
  case open
  /// `nil`: wrong, and reported.
  case done(Value?)
}
