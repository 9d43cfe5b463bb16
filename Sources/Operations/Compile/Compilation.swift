internal import Addressing
package import Artifacts
internal import Policy

/// Hosts of an inventory, and the write of their rulesets.
///
/// A class, so that whoever ends with it need not wait until all that it knows is taken apart.
package final class Compilation {
  private let loaded: LoadedPolicy
  private let policies: HostPolicies
  private let hosts: [HostID]
  /// Indices of their distinct policies, ascending.
  private let distinct: [Int]
  private var rendering: RulesetRendering?

  /// - Parameters:
  ///   - selected: the hosts; `nil`: all.
  ///   - shard: which part of these; `nil`: the whole.
  /// - Throws: ``Misuse``.
  package init(of loaded: LoadedPolicy, selected: HostSelector?, shard: Shard?) throws {
    self.loaded = loaded
    let policy = loaded.policy
    policies = HostPolicies(policy)
    var hosts = try selected?.select(policy) ?? policy.hosts.indices.map { HostID($0) }
    if let shard { hosts = hosts.filter { [policies] in shard.holds(policies.assignment[$0.index]) } }
    self.hosts = hosts
    distinct = Set(hosts.map { [policies] in policies.assignment[$0.index] }).sorted()
  }

  /// Writes the files of the hosts; others of the inventory keep what they have in the directory.
  ///
  /// - Throws: ``Artifacts/OutputFailure``; the directory then is as it was.
  package func write(to directory: String) async throws -> CompiledFiles {
    let policy = loaded.policy
    let inventory = loaded.digest
    let write = try OutputWrite(directory)
    let rendering = await RulesetRendering(policy, policies)
    self.rendering = rendering
    let digests = try await rendering.render(distinct, to: write)
    let selectable = policy.selectableHosts
    let carried = policy.carried
    var entries: [String: Manifest.Entry] = [:]
    for id in hosts {
      guard let digest = digests[policies.assignment[id.index]] else { continue }
      let host = policy[id]
      entries[host.name] = Manifest.Entry(
        digest: digest, modes: host.modes, ssh: host.ssh ?? host.name, transport: host.transport,
        addresses: host.addresses.map(\.description), virtual: carried[id.index].map(\.description),
        groups: selectable[id.index].groups, zone: host.zone,
        inventory: inventory)
    }
    let others = Set(policy.hosts.map(\.name)).subtracting(hosts.map { policy[$0].name })
    let report = try write.finish(hosts: entries, keeping: others)
    return CompiledFiles(
      inventory: inventory, hosts: hosts.count, rulesets: distinct.count, report: report)
  }
}

/// What a compile wrote.
package struct CompiledFiles: Sendable {
  /// Digest of the inventory.
  package let inventory: String
  /// Hosts that were compiled.
  package let hosts: Int
  /// Distinct rulesets of these.
  package let rulesets: Int
  package let report: OutputReport
}

/// Part `number` of `count`, as in `1/4`: of the distinct rulesets, so that none is compiled by two parts.
package struct Shard: Hashable, Sendable {
  package let number: Int
  package let count: Int

  /// `nil` for what is no part of a whole.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], number >= 1, number <= count else {
      return nil
    }
    self.number = number
    self.count = count
  }

  func holds(_ ruleset: Int) -> Bool { ruleset % count == number - 1 }
}
