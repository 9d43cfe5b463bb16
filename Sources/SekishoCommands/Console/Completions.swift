internal import ArgumentParser
internal import Operations
internal import Policy

/// What a shell proposes behind a Tab: names of the inventory at hand. One that has mistakes, or is not there, proposes nothing.
enum Completions {
  /// Hosts, groups and zones, and the words that select several; behind `&`, `,` or `!` the next name.
  static let selector = names { policy in
    ["all"] + policy.hosts.map(\.name) + policy.groups.map(\.name) + policy.hostGroups.map(\.name)
      + policy.zones.map(\.name)
  }

  static let host = names { $0.hosts.map(\.name) }

  /// Whoever may be an end of a flow.
  static let peer = names { policy in
    policy.hosts.map(\.name) + policy.groups.map(\.name) + policy.hostGroups.map(\.name)
      + policy.zones.map(\.name) + policy.networks.map(\.name) + policy.virtuals.map(\.name)
  }

  static let service = names { $0.services.map(\.name) }
  static let flow = names { $0.flows.map(\.name) }

  private static func names(_ of: @Sendable @escaping (Policy) -> [String]) -> CompletionKind {
    .custom { words, _, typed in
      guard let policy = try? LoadedPolicy(inventory(words)).policy else { return [] }
      // A shell hands on what is typed with its quotes.
      let written = typed.drop { $0 == "\"" || $0 == "'" }
      let before = written.lastIndex { "&,! ".contains($0) }.map { written[...$0] } ?? ""
      return Set(of(policy)).sorted().map { before + $0 }
    }
  }

  /// Where the inventory of a command line is.
  private static func inventory(_ words: [String]) -> String {
    for (word, next) in zip(words, words.dropFirst()) where word == "-i" || word == "--inventory" {
      return next
    }
    let option = "--inventory="
    return words.last { $0.hasPrefix(option) }.map { String($0.dropFirst(option.count)) } ?? "inventory"
  }
}
