internal import Addressing
internal import Artifacts
internal import Policy
package import Signing

extension LoadedPolicy {
  /// Writes what hosts pull.
  ///
  /// - Parameters:
  ///   - path: of the inventory.
  ///   - directory: where to.
  /// - Throws: ``Artifacts/OutputFailure``.
  package func bundle(
    from path: String, to directory: String, _ terms: IndexTerms
  ) async throws -> (index: ChangeIndex, rulesets: Int) {
    let policies = HostPolicies(policy)
    let write = try BundleWrite(directory)
    let rendering = await RulesetRendering(policy, policies, withFlows: false)
    let digests = try await rendering.render(Array(policies.distinct.indices), to: write)
    let hosts = policy.hosts.indices.compactMap { position -> ChangeIndex.Host? in
      let host = policy.hosts[position]
      return digests[policies.assignment[position]].map {
        ChangeIndex.Host(name: host.name, ruleset: $0, addresses: host.addresses.map(\.description))
      }
    }
    let index = await terms.index(self, path: path, hosts: hosts)
    try write.finish(index)
    return (index, digests.count)
  }
}
