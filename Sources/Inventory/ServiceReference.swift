internal import Addressing
import Diagnostics
internal import Policy

/// The names of services where flows, guards, tripwires and settings use them.
extension PolicyBuilder {
  /// The services of a flow or a guard: one name, or a list.
  mutating func services(_ node: NodeID, _ what: String = "service") -> [ServiceID]? {
    guard let items = loader.oneOrMore(node, what) else { return nil }
    var result: [ServiceID] = []
    var isGood = true
    for item in items {
      guard let service = service(item, isListed: true) else {
        isGood = false
        continue
      }
      if result.contains(service) {
        loader.warning(item, "the service \(loader.quoted(item)) is listed twice", help: "remove one")
      } else {
        result.append(service)
      }
    }
    return isGood ? result.sorted() : nil
  }

  /// - Parameter isListed: whether a list may stand there.
  mutating func service(_ node: NodeID, isListed: Bool = false) -> ServiceID? {
    if loader.tree.isScalar(node), !loader.tree.isNull(node), !isDeclared(loader.tree.bytes(node)) {
      if loader.log.countsUnkeptError() { return nil }
      let text = loader.tree.string(node)
      if let help = help(for: text, isListed: isListed) {
        let what =
          ServiceTermText.meant(text) != nil || Self.isPorts(text)
          ? "\(loader.quoted(node)) is a protocol or a port, not the name of a service"
          : "no service is called \(loader.quoted(node))"
        loader.error(node, what, help: help)
        return nil
      }
      if text.contains("/") {
        loader.error(
          node, "\(loader.quoted(node)) is a protocol and a port, not the name of a service",
          help: "declare it in `services`, and write its name here")
        return nil
      }
    }
    guard let name = loader.checkedName(node) else { return nil }
    if let id = serviceIDs[name] { return id }
    if loader.log.countsUnkeptError() { return nil }
    loader.error(
      node, "no service is called \(quoted(name))",
      help: nearest(loader.symbols.name(name), in: { $0.services.map(\.name) }) ?? "declare it in `services`")
    return nil
  }

  private func isDeclared(_ name: ArraySlice<UInt8>) -> Bool {
    loader.symbols.find(name).flatMap { serviceIDs[$0] } != nil
  }

  // MARK: What is no name

  /// Advice for protocols, ports, every service, and several in one text.
  private mutating func help(for text: String, isListed: Bool) -> String? {
    if OddSpace.first(in: text) != nil { return nil }
    let word = text.lowercased()
    if ServiceTermText.meansAnything.contains(word) {
      let name = freeService("every-port")
      return "no word means every service: name those that are needed; if it is every port, declare "
        + "`\(name): [tcp/1-65535, udp/1-65535]` in `services`, and write `\(name)`"
    }
    if Self.isPorts(text) {
      for ipProtocol in ["tcp", "udp"] {
        if let known = known(["\(ipProtocol)/\(text)"]) {
          return "write `\(known)`, which is \(ipProtocol)/\(text)"
        }
      }
      let name = freeService("tcp-\(text)")
      return "declare it in `services`, `\(name): tcp/\(text)` or with `udp/`, and write `\(name)`"
    }
    if word == "icmp" || ServiceTermText.needsPorts(word) {
      let term = word == "icmp" ? "icmp/echo-request" : "\(word)/443"
      let name = known([term]) ?? freeService(word == "icmp" ? "ping" : "\(word)-443")
      let every = word == "icmp" ? "" : "; every port is `\(word)/1-65535`"
      return isDeclared(Array(name.utf8)[...])
        ? "name what of it is meant, such as `\(name)`\(every)"
        : "declare in `services` what of it is meant, such as `\(name): \(term)`, and write `\(name)`\(every)"
    }
    if let terms = ServiceTermText.meant(text) { return help(forTerms: terms, isListed: isListed) }
    guard let parts = CommaText.values(text) else { return nil }
    guard isListed else {
      return "one service stands here: write one name; what it is may be a list, "
        + "`services: {admin: [tcp/22, tcp/8443]}`"
    }
    var declarations: [String] = []
    var names: [String] = []
    for part in parts {
      if isDeclared(Array(part.utf8)[...]) || NameRule.fault(Array(part.utf8)[...], isPlain: false) == nil {
        names.append(part)
      } else if let terms = ServiceTermText.meant(part), maySuggest() {
        let name = known(terms) ?? freeService(Self.name(of: terms))
        if !isDeclared(Array(name.utf8)[...]) { declarations.append("`\(name): \(Self.value(terms))`") }
        names.append(name)
      } else {
        return nil
      }
    }
    let list = "`[\(names.map(CommaText.item).joined(separator: ", "))]`"
    return declarations.isEmpty
      ? "write a list: \(list)" : "declare \(conjoined(declarations)) in `services`, and write \(list)"
  }

  private mutating func help(forTerms terms: [String], isListed: Bool) -> String {
    if let known = known(terms) { return "write `\(known)`, which is that" }
    let each = terms.map { known([$0]) }
    if isListed, !each.contains(nil) {
      return "write the services of these: `[\(each.compactMap(\.self).joined(separator: ", "))]`"
    }
    let name = freeService(Self.name(of: terms))
    return "declare it in `services`, `\(name): \(Self.value(terms))`, and write `\(name)`"
  }

  private static func value(_ terms: [String]) -> String {
    terms.count == 1 ? terms[0] : "[\(terms.joined(separator: ", "))]"
  }

  private static func name(of terms: [String]) -> String {
    let name = terms.joined(separator: "-").replacing("/", with: "-")
    return terms.count > 3 || name.utf8.count > NameRule.maximumLength - 4 ? "ports" : name
  }

  private static func isPorts(_ text: String) -> Bool { (try? ServiceTermText.ports(text)) != nil }

  /// The first service that is just these terms.
  private mutating func known(_ texts: [String]) -> String? {
    guard maySuggest() else { return nil }
    var draft = ServiceTermsDraft()
    for text in texts { for term in (try? ServiceTermText.terms(text)) ?? [] { _ = draft.add(term) } }
    let terms = draft.terms
    return services.first { $0.terms == terms && $0.multicast.isEmpty && $0.replies == nil }?.name
  }

  /// A name for a service that no other has.
  private func freeService(_ base: String) -> String {
    free(base) { isDeclared($0) }
  }

  /// A name that is not taken: the base, or the base with a number.
  func free(_ base: String, isTaken: (ArraySlice<UInt8>) -> Bool) -> String {
    if !isTaken(Array(base.utf8)[...]) { return base }
    var number = 2
    while isTaken(Array("\(base)-\(number)".utf8)[...]) { number += 1 }
    return "\(base)-\(number)"
  }
}
