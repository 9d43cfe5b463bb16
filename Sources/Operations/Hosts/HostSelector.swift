package import Artifacts
internal import Diagnostics
package import Policy

/// A host as selectors know it.
package struct SelectableHost {
  package let name: String
  /// All groups that hold it, whether it names them or they it; in order.
  package let groups: [String]
  package let zone: String?
}

/// What `--host` selects: a list of terms, each of names of hosts, groups and zones joined by `&`, with
/// `!` in front of what is taken away, as in `api & !api-3, worker`.
package struct HostSelector {
  package let text: String
  /// What it was given as, for messages.
  package let option: String

  package init(text: String, option: String = "--host") {
    self.text = text
    self.option = option
  }

  /// The selected hosts of a policy in order of name.
  ///
  /// - Throws: as ``select(_:missing:)``.
  package func select(_ policy: Policy) throws -> [HostID] {
    try select(policy.selectableHosts).map { HostID($0) }
  }

  /// The indices of the selected hosts, ascending.
  ///
  /// - Parameter missing: why a name that is none of theirs is missing, where there is more to say than that.
  /// - Throws: ``Misuse`` for an unknown name or a selection of nothing: it is never "all".
  package func select(_ hosts: [SelectableHost], missing: (String) -> String? = { _ in nil }) throws -> [Int]
  {
    let words = text.split { ",&! ".contains($0) }.map { String($0) }
    var members: [String: Set<Int>] = [:]
    if words.contains("all") { members["all"] = Set(hosts.indices) }
    // Of ten thousand hosts nobody needs to know all groups.
    for (index, host) in hosts.enumerated() {
      for name in words where name == host.name || name == host.zone || host.groups.contains(name) {
        members[name, default: []].insert(index)
      }
    }
    var selected: Set<Int> = []
    for term in text.split(separator: ",", omittingEmptySubsequences: false) {
      var part: Set<Int>?
      // A part that is missing, as of a variable that is empty, must not widen what is selected.
      for word in term.split(separator: "&", omittingEmptySubsequences: false).map(Self.trimmed) {
        let isExcluded = word.hasPrefix("!")
        let name = Self.trimmed(isExcluded ? word.dropFirst() : word[...])
        if name.isEmpty {
          throw Misuse(
            "\(option): a name is missing in '\(text)'; write names, as in api & !api-3, worker")
        }
        guard let named = members[name] else {
          if let missing = missing(name) { throw Misuse("\(option): \(missing)") }
          let names = Set(hosts.flatMap { [$0.name] + $0.groups + ($0.zone.map { [$0] } ?? []) })
          throw Misuse(
            "\(option): no host, group or zone is called '\(name)'\(Self.meant(by: name, among: names))")
        }
        if isExcluded {
          guard let before = part else {
            throw Misuse("\(option): '\(term)' excludes before it selects; write all & !\(name)")
          }
          part = before.subtracting(named)
        } else {
          part = part.map { $0.intersection(named) } ?? named
        }
      }
      selected.formUnion(part ?? [])
    }
    if selected.isEmpty { throw Misuse("\(option): '\(text)' selects no host") }
    return selected.sorted()
  }

  /// `; is 'web' meant?`, or nothing. Machines often call themselves by a name in full, or in capitals.
  package static func meant(by name: String, among names: some Collection<String>) -> String {
    let label = String(name.lowercased().prefix { $0 != "." })
    let meant = names.contains(label) ? label : Suggestion.nearest(to: name, among: names.sorted())
    return meant.map { "; is '\($0)' meant?" } ?? ""
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

extension Policy {
  /// All hosts, in their order.
  package var selectableHosts: [SelectableHost] {
    var groups = hosts.map { Set($0.groups) }
    for group in self.groups {
      for id in group.hosts { groups[id.index].insert(group.name) }
    }
    return zip(hosts, groups).map { SelectableHost(name: $0.name, groups: $1.sorted(), zone: $0.zone) }
  }
}

extension Manifest {
  /// All hosts with a ruleset, in order of name.
  package var selectableHosts: [SelectableHost] { selectableInNoOrder.sorted { $0.name < $1.name } }

  /// The same for whoever needs few of them.
  var selectableInNoOrder: [SelectableHost] {
    hosts.map { SelectableHost(name: $0, groups: $1.groups, zone: $1.zone) }
  }
}
