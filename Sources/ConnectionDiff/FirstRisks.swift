package import ConnectionSpace
internal import Nftables
package import Policy
internal import RulesetShape

extension Risk {
  /// What is risky in what hosts let pass that had no table, as if flows opened it: everything passed there, so that none of it
  /// opens, and whoever applies a first ruleset is to look at it twice all the same.
  ///
  /// - Throws: ``NotProven`` when the rulesets are too large to be exact about.
  package static func ofFirst(
    _ hosts: [HostRulesets], compiledFrom policy: Policy, at now: Timestamp
  ) throws(NotProven) -> [Risk] {
    let opening = hosts.map { host in
      HostRulesets(
        name: host.name, addresses: host.addresses, carried: host.carried, stray: host.stray,
        old: host.new.map { $0.map { $0.isSekishos ? $0.keepingFlow(nil) : $0 } }, new: host.new,
        staying: host.staying, elsewhere: host.elsewhere, routes: host.routes, flows: host.flows)
    }
    return try ConnectionDiff(of: opening, compiledFrom: policy, at: now).risks
      .filter { $0.kind != .lockout && $0.kind != .observed }
  }
}
