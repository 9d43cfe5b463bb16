internal import Addressing
import Diagnostics
internal import Policy

extension MappingSchema {
  static let service = Self(
    "a service",
    [
      Key(
        .protocol, .integerOr(0...255, .ipProtocol), isRequired: true, "The protocol, by name or number."),
      Key(.ports, .oneOrMore(.port), "Destination ports; every port is 1-65535."),
      Key(.types, .oneOrMore(.integerOr(0...255, .types)), "Message types of ICMP, by name or number."),
      Key(.multicast, .oneOrMore(.prefix), "Groups that requests go to."),
      Key(
        .replies, .oneOrMore(.port),
        "With multicast and udp: the ports at which the source awaits answers of the members."),
    ],
    rules: [.needs(.replies, .multicast)])
}

extension ValueSchema {
  static let service = oneOrMore(either([pattern(.serviceTerm), mapping(.service)]))
}

extension InventoryLoader {
  mutating func readService(_ service: YAMLEntry) {
    guard let name = declareOwn(service, .services, "service") else { return }
    var terms = ServiceTermsDraft()
    var multicast = MulticastDraft()
    if tree.kind(service.value) == .mapping {
      readServiceMap(service.value, &terms, &multicast, isAlone: true)
    } else {
      for item in oneOrMore(service.value, tree.string(service.key)) ?? tree.noItems {
        if tree.kind(item) == .mapping {
          readServiceMap(item, &terms, &multicast, isAlone: false)
        } else if tree.isScalar(item), !tree.isNull(item) {
          read(item, into: &terms, isMapping: false) { text throws(ServiceTermText.Fault) in
            try ServiceTermText.terms(text)
          }
        } else {
          error(item, "a service is `tcp/443` or a mapping, not \(found(item))", help: "write `tcp/443`")
        }
      }
    }
    // Kept whatever is wrong in it: the name is declared.
    draft.services.append(
      ServiceDraft(
        name: name, key: service.key, terms: terms.terms,
        multicast: AddressSet(multicast.groups), replies: multicast.replies))
  }

  private mutating func read(
    _ node: NodeID, into terms: inout ServiceTermsDraft, isMapping: Bool = true,
    _ parse: (String) throws(ServiceTermText.Fault) -> [ServiceTerm]
  ) {
    do {
      for term in try parse(tree.string(node)) { merge(term, into: &terms, node) }
    } catch {
      self.error(node, error.message, help: isMapping ? error.inMapping ?? error.help : error.help)
    }
  }

  /// What is written twice is said, and means the same.
  private mutating func merge(_ term: ServiceTerm, into terms: inout ServiceTermsDraft, _ node: NodeID) {
    if terms.add(term) {
      note(node, "\(quoted(node)) repeats what the service has already", help: "remove what is written twice")
    }
  }

  // MARK: The mapping form

  private mutating func readServiceMap(
    _ node: NodeID, _ terms: inout ServiceTermsDraft, _ multicast: inout MulticastDraft, isAlone: Bool
  ) {
    var protocolNode: NodeID?
    var ports: NodeID?
    var types: NodeID?
    var groups: NodeID?
    var replies: NodeID?
    for entry in tree.entries(node) {
      switch MappingSchema.service.keyword(entry) {
      case .protocol: protocolNode = entry.value
      case .ports: ports = entry.value
      case .types: types = entry.value
      case .multicast: groups = entry.value
      case .replies: replies = entry.value
      default: unknownKey(entry, in: .service, of: node)
      }
    }
    if let protocolNode, tree.kind(protocolNode) == .sequence {
      return error(
        protocolNode, "a mapping has one protocol, not a list",
        help: "write a mapping for each: `[{protocol: tcp, ports: 53}, {protocol: udp, ports: 53}]`")
    }
    guard let protocolNode, tree.isScalar(protocolNode), !tree.isNull(protocolNode) else {
      return error(
        protocolNode ?? node, "the service has no `protocol`", help: "write `{protocol: udp, ports: [53]}`")
    }
    let name = tree.string(protocolNode)
    let protocols: [IPProtocol]
    do {
      protocols = name == "icmp" ? [.icmp, .icmpv6] : [try ServiceTermText.protocolNamed(name)]
    } catch {
      return self.error(protocolNode, error.message, help: error.inMapping ?? error.help)
    }
    readMatches(protocolNode, name, protocols, ports: ports, types: types, &terms)
    if let groups { readMulticast(groups, name, protocols, &multicast, isAlone: isAlone) }
    if let replies { readReplies(replies, name, hasGroups: groups != nil, &multicast) }
  }

  private mutating func readMatches(
    _ node: NodeID, _ name: String, _ protocols: [IPProtocol], ports: NodeID?, types: NodeID?,
    _ terms: inout ServiceTermsDraft
  ) {
    let hasPorts = protocols.contains { $0.hasPorts }
    let hasTypes = protocols.contains { ServiceTermText.icmpFamily($0) != nil }
    if let ports, !hasPorts {
      return error(ports, "the protocol `\(name)` has no ports", help: "remove `ports`")
    }
    if let types, !hasTypes {
      return error(types, "the protocol `\(name)` has no message types", help: "remove `types`")
    }
    guard hasPorts || hasTypes else {
      for ipProtocol in protocols { merge(ServiceTerm(ipProtocol, .any), into: &terms, node) }
      return
    }
    guard let values = ports ?? types else {
      let fault = hasPorts ? ServiceTermText.missingPorts(name) : ServiceTermText.missingTypes(name)
      return error(
        node, fault.message,
        help: hasPorts
          ? "write `ports: [443]`; `ports: 1-65535` is every port" : "write `types: [echo-request]`")
    }
    for item in oneOrMore(values, hasPorts ? "ports" : "types") ?? tree.noItems {
      guard tree.isScalar(item), !tree.isNull(item) else {
        error(
          item, "a port or a message type is expected, not \(found(item))",
          help: "write one value, or a list of them")
        continue
      }
      if let fault = severalValues(item) {
        error(item, fault.message, help: fault.help)
        continue
      }
      read(item, into: &terms) { text throws(ServiceTermText.Fault) in
        try ServiceTermText.terms("\(name)/\(text)")
      }
    }
  }

  /// What is wrong with several ports or types in one text; `nil`: it is one.
  private func severalValues(_ item: NodeID) -> (message: String, help: String)? {
    let text = tree.string(item)
    guard let separator = ",;+| ".first(where: text.contains) else { return nil }
    let words = separator == " " ? "a space" : separator == "," ? "a comma" : "`\(separator)`"
    let plain = text.filter { $0 != " " }
    let list = text.split { ",;+| ".contains($0) }.joined(separator: ", ")
    return (
      "\(quoted(item)) is one text, and \(words) separates nothing in it",
      (try? ServiceTermText.ports(plain)) != nil && plain.contains("-")
        ? "write `\(plain)`" : "write a list: `[\(SafeText.escaped(list))]`"
    )
  }

  private mutating func readMulticast(
    _ node: NodeID, _ name: String, _ protocols: [IPProtocol], _ multicast: inout MulticastDraft,
    isAlone: Bool
  ) {
    guard isAlone else {
      return error(
        node, "multicast groups in a list of terms",
        help: "give the multicast part a service of its own, and list both in the flow")
    }
    guard !protocols.contains(.tcp), !protocols.contains(.sctp) else {
      return error(
        node, "`\(name)` has no multicast", help: "remove `multicast`, or write the right protocol")
    }
    guard !protocols.contains(where: { ServiceTermText.icmpFamily($0) != nil }) else {
      return error(
        node,
        "a ping of a group is never answered: members answer from their own addresses, "
          + "where connection tracking knows of no request, and drops what answers none",
        help: "remove `multicast`: a flow lets hosts be pinged one by one")
    }
    let families = protocols.flatMap { ServiceTerm($0, .any).families }
    for item in oneOrMore(node, "multicast") ?? tree.noItems {
      guard let prefix = prefix(item) else { continue }
      guard Prefix.multicast.contains(where: { prefix.isInside($0) }) else {
        error(
          item, "\(quoted(item)) is not a multicast address", help: "write one of 224.0.0.0/4 or ff00::/8")
        continue
      }
      guard families.contains(prefix.family) else {
        error(
          item, "\(quoted(item)) is no address that `\(name)` is sent to",
          help: "remove it: the protocol is of the other family")
        continue
      }
      multicast.groups.append(prefix)
    }
  }

  /// Ports at which a requester awaits answers; only a request to a group has answers that connection
  /// tracking does not know.
  private mutating func readReplies(
    _ node: NodeID, _ name: String, hasGroups: Bool, _ multicast: inout MulticastDraft
  ) {
    guard hasGroups, name == "udp" else {
      return error(
        node, "`replies` without udp and `multicast`",
        help: "remove it: answers to what is sent to one host need no opening")
    }
    var terms = ServiceTermsDraft()
    for item in oneOrMore(node, "replies") ?? tree.noItems {
      guard tree.isScalar(item), !tree.isNull(item) else {
        error(item, "a port is expected, not \(found(item))", help: "write one value, or a list of them")
        continue
      }
      read(item, into: &terms) { text throws(ServiceTermText.Fault) in
        try ServiceTermText.terms("\(name)/\(text)")
      }
    }
    if case .ports(let ports) = terms.terms.first?.match { multicast.replies = ports }
  }
}
