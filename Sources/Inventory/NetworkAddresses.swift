internal import Addressing
internal import Policy

extension PolicyBuilder {
  /// The addresses of a network after its exceptions, made when they are first asked for.
  mutating func network(_ index: Int) -> AddressSet? {
    let draft = loader.draft.networks[index]
    switch networks[index] {
    case .done(let addresses): return addresses
    case .open:
      loader.error(
        draft.key, "the network \(quoted(draft.name)) is an exception of itself",
        help: "take it out of the networks that it excepts")
      networks[index] = .done(nil)
      return nil
    case .unknown: break
    }
    networks[index] = .open
    guard enter(draft.key, "networks") else {
      networks[index] = .done(nil)
      return nil
    }
    defer { nesting -= 1 }
    let addresses = addresses(of: draft)
    if case .done = networks[index] { return nil }
    networks[index] = .done(addresses)
    return addresses
  }

  private mutating func addresses(of draft: NetworkDraft) -> AddressSet? {
    if draft.prefixes.isEmpty { return nil }
    let whole = AddressSet(draft.prefixes)
    var rest = whole
    for exception in draft.exceptions {
      let excepted: AddressSet
      switch exception.kind {
      case .managed: excepted = addresses.all.union(AddressSet(virtualAddresses.joined()))
      case .private: excepted = AddressSet(InventoryLoader.privatePrefixes)
      case .addresses(let range):
        excepted = AddressSet([range])
        warnIfUseless(excepted, whole, exception.node)
      case .network(let name):
        guard let declaration = loader.namespace[name], declaration.kind == .network else {
          let isKnown = loader.namespace[name] != nil
          loader.error(
            exception.node,
            isKnown ? "\(quoted(name)) is not a network" : "no network is called \(quoted(name))",
            help: isKnown
              ? "an exception is a prefix, a range, a network, `managed` or `private`"
              : loader.symbols.name(name) == Self.everybody
                ? Self.declaration(of: Self.everybody)
                : nearest(loader.symbols.name(name), in: { $0.networkNames })
                  ?? "declare it, or write its prefix")
          return nil
        }
        guard let other = network(declaration.index) else { return nil }
        excepted = other
        warnIfUseless(excepted, whole, exception.node)
      }
      rest = rest.subtracting(excepted)
      if rest.isEmpty {
        loader.error(
          exception.node, "the network \(quoted(draft.name)) is empty after this exception",
          help: "correct its prefixes or its exceptions; an empty network never means \"any\"")
        return nil
      }
    }
    return rest
  }

  private mutating func warnIfUseless(_ excepted: AddressSet, _ whole: AddressSet, _ node: NodeID) {
    guard excepted.intersection(whole).isEmpty else { return }
    loader.warning(
      node, "the exception \(loader.quoted(node)) takes nothing away", help: "correct it, or remove it")
  }
}
