package import Policy

/// Finds what a policy allows and probably does not mean.
package enum Lint {
  /// Everything there is to find, in order of place.
  ///
  /// - Parameter now: the moment at which flows with an end are judged.
  package static func findings(in policy: Policy, at now: Timestamp) -> [Finding] {
    sorted(remarks(policy, now).map { $0.finding(policy) })
  }

  /// What a change brings: the findings about `new` without what could be found in `old`, wherever it stood.
  ///
  /// Where a finding speaks of several hosts, only those are left of which it could not be said before.
  package static func brought(from old: Policy, to new: Policy, at now: Timestamp) -> [Finding] {
    let known = Set(remarks(old, now).flatMap { $0.finding(old).identities })
    return sorted(remarks(new, now).compactMap { $0.without(known, new)?.finding(new) })
  }

  /// Of a flow that has ended nothing is said but that it has.
  private static func remarks(_ policy: Policy, _ now: Timestamp) -> [Remark] {
    coveredFlows(policy, now) + flowsOfAnyToAny(policy, now) + exposingFlows(policy, now)
      + flowsWithoutRoute(policy, now) + endedFlows(policy, now)
      + flowsWithoutOwner(policy, now) + wideNames(policy) + networksOfHosts(policy)
      + hostsWithoutManagement(policy, now) + hostsWithoutFamily(policy, now)
      + tripwiresThatCutManagement(policy, now) + directionsLeftAlone(policy)
      + unusedNames(policy)
  }

  private static func sorted(_ findings: [Finding]) -> [Finding] {
    findings.sorted { a, b in
      a.diagnostic == b.diagnostic ? a.kind.rawValue < b.kind.rawValue : a.diagnostic < b.diagnostic
    }
  }
}
