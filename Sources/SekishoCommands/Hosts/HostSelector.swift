internal import Addressing
internal import ArgumentParser
internal import Policy

/// What `--host` selects: a list of terms, each of names of hosts, groups and zones joined by `&`, with
/// `!` in front of what is taken away, as in `api & !api-3, worker`.
struct HostSelector {
  let text: String
  /// What it was given as, for messages.
  var option = "--host"

  /// The selected hosts in order of name.
  ///
  /// - Throws: ``ValidationError`` for an unknown name or a selection of nothing: it is never "all".
  func select(_ policy: Policy) throws -> [HostID] {
    var members: [String: Set<Int>] = ["all": Set(policy.hosts.indices)]
    for (index, host) in policy.hosts.enumerated() {
      for name in [host.name] + host.groups + (host.zone.map { [$0] } ?? []) {
        members[name, default: []].insert(index)
      }
    }
    for group in policy.groups where !group.hosts.isEmpty {
      members[group.name] = Set(group.hosts.map(\.index))
    }
    var selected: Set<Int> = []
    for term in text.split(separator: ",", omittingEmptySubsequences: false) {
      var hosts: Set<Int>?
      // A part that is missing, as of a variable that is empty, must not widen what is selected.
      for part in term.split(separator: "&", omittingEmptySubsequences: false).map(Self.trimmed) {
        let isExcluded = part.hasPrefix("!")
        let name = Self.trimmed(isExcluded ? part.dropFirst() : part[...])
        if name.isEmpty {
          throw ValidationError(
            "\(option): a name is missing in '\(text)'; write names, as in api & !api-3, worker")
        }
        guard let named = members[name] else {
          throw ValidationError("\(option): no host, group or zone is called '\(name)'")
        }
        if isExcluded {
          guard let before = hosts else {
            throw ValidationError("\(option): '\(term)' excludes before it selects; write all & !\(name)")
          }
          hosts = before.subtracting(named)
        } else {
          hosts = hosts.map { $0.intersection(named) } ?? named
        }
      }
      selected.formUnion(hosts ?? [])
    }
    if selected.isEmpty { throw ValidationError("\(option): '\(text)' selects no host") }
    return selected.sorted().map { HostID($0) }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
