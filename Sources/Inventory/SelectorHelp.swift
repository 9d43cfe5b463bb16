internal import Addressing
import Diagnostics
internal import Policy

/// Advice where something other than names stands in a selector: everybody, addresses, ranges, a union in one text.
extension PolicyBuilder {
  mutating func help(_ word: ArraySlice<UInt8>, of node: NodeID) -> String? {
    let text = String(decoding: word, as: UTF8.self)
    if let space = OddSpace.first(in: text) { return OddSpace.help(space) }
    if text == Self.everybody { return Self.declaration(of: text) }
    if Self.meansAnybody.contains(text.lowercased()) { return anybody }
    if let range = Self.range(text) { return help(for: [range]) }
    if word.contains(UInt8(ascii: "[")) {
      return "a range stands only in `hosts`: give the hosts a group, and name that"
    }
    if word.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "|") || $0 == 0x20 }) {
      return union(loader.tree.string(node))
        ?? "write a union as a list, `[api, worker]`, and an intersection as `api & tokyo`"
    }
    return nil
  }

  /// The network that most inventories call so.
  static let everybody = "internet"

  /// What other languages say for every address. Here nothing does: `all` would be every managed host, which is
  /// neither what was meant nor a little of it.
  private static let meansAnybody: Set<String> = [
    "*", "any", "anyone", "anybody", "anywhere", "everyone", "everybody", "everywhere", "everything", "world",
    "0.0.0.0/0", "::/0",
  ]

  private var anybody: String {
    let outside =
      isNamed(Array(Self.everybody.utf8)[...])
      ? "what is outside is `\(Self.everybody)`"
      : "for what is outside \(Self.declaration(of: Self.everybody)), and name that"
    return "nothing selects every address: \(outside); of the hosts name those that are meant"
  }

  static func declaration(of network: String) -> String {
    "declare a network, `\(network): {prefixes: [0.0.0.0/0, \"::/0\"], except: [managed, private]}`"
  }

  // MARK: Addresses

  /// The addresses of a text: a prefix, also one with bits behind its length or with a mask, an address or a range.
  private static func range(_ text: String) -> AddressRange? {
    do {
      return try AddressRange(parsing: text)
    } catch AddressTextError.hostBits(let prefix) {
      return AddressRange(prefix)
    } catch AddressTextError.inverted {
      return try? AddressRange(parsing: text.split(separator: "-").reversed().joined(separator: "-"))
    } catch {
      return Prefix(withMask: text).map { AddressRange($0) }
    }
  }

  /// Who has these addresses by name, or how they get one.
  private mutating func help(for ranges: [AddressRange]) -> String {
    if ranges.allSatisfy({ Self.isEverything($0) }) { return anybody }
    if let known = owner(of: ranges) { return "write \(known.shown)" }
    let name = freeName("site")
    return "a selector holds names: declare a network, `\(Self.network(name, ranges))`, and write `\(name)`"
  }

  private static func isEverything(_ range: AddressRange) -> Bool {
    AddressRange(Prefix(containing: range.first, length: 0)) == range
  }

  private static func network(_ name: String, _ ranges: [AddressRange]) -> String {
    "\(name): {prefixes: [\(ranges.map { CommaText.item("\($0)") }.joined(separator: ", "))]}"
  }

  /// What is just these addresses, and how a message calls it.
  private mutating func owner(of ranges: [AddressRange]) -> (name: Symbol, shown: String)? {
    guard maySuggest() else { return nil }
    let draft = loader.draft
    if ranges.count == 1, ranges[0].first == ranges[0].last {
      for index in draft.addresses.indices where draft.addresses[index].address == ranges[0].first {
        if let host = draft.hosts.first(where: { $0.addresses.contains(index) }) {
          return (host.name, "\(quoted(host.name)), the host that has this address")
        }
        if let virtual = draft.virtuals.first(where: { $0.addresses.contains(index) }) {
          return (virtual.name, "\(quoted(virtual.name)), the virtual address that this is")
        }
      }
    }
    let wanted = AddressSet(ranges)
    let network = draft.networks.first { $0.exceptions.isEmpty && AddressSet($0.prefixes) == wanted }
    return network.map {
      ($0.name, "\(quoted($0.name)), the network of \(ranges.count > 1 ? "these prefixes" : "this prefix")")
    }
  }

  /// A name that is not taken among hosts, groups, zones, networks and virtual addresses.
  func freeName(_ base: String) -> String { free(base) { isNamed($0) } }

  // MARK: Unions

  /// The list that a text with commas was meant to be; `nil` where its parts are nothing that could stand in one.
  private mutating func union(_ text: String) -> String? {
    let parts = text.split(whereSeparator: { $0 == "," || $0 == "|" }).map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    guard parts.count > 1 else { return nil }
    var names: [String] = []
    var unnamed: [AddressRange] = []
    var hasAnybody = false
    let site = freeName("site")
    for part in parts {
      var name = part
      if Self.meansAnybody.contains(part.lowercased()) || part == Self.everybody {
        hasAnybody = true
        name = Self.everybody
      } else if let range = Self.range(part) {
        if let known = owner(of: [range]) {
          name = loader.symbols.name(known.name)
        } else {
          unnamed.append(range)
          name = site
        }
      } else if !Self.isTerm(part) {
        return nil
      }
      if !names.contains(name) { names.append(name) }
    }
    if !hasAnybody, names == [site], !unnamed.isEmpty { return help(for: unnamed) }
    if hasAnybody, names.count == 1 { return anybody }
    let list = "`[\(names.map(CommaText.item).joined(separator: ", "))]`"
    var declarations: [String] = []
    if hasAnybody, !isNamed(Array(Self.everybody.utf8)[...]) {
      declarations.append(Self.declaration(of: Self.everybody))
    }
    if !unnamed.isEmpty { declarations.append("declare a network, `\(Self.network(site, unnamed))`") }
    if declarations.isEmpty { return "write a list: \(list)" }
    return "\(declarations.joined(separator: "; ")), and write a list: \(list)"
  }

  private static func isTerm(_ text: String) -> Bool {
    !text.isEmpty
      && text.split(separator: "&", omittingEmptySubsequences: false).allSatisfy { factor in
        let words = factor.split(separator: " ")
        let name = words.first.map { $0.hasPrefix("!") ? $0.dropFirst() : $0 } ?? ""
        return words.count == 1 && NameRule.fault(Array(name.utf8)[...], isPlain: false) == nil
      }
  }
}
