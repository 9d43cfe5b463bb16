import ConnectionDiff
import Diagnostics
import Inventory
import Nftables
import Policy
import RulesetCompiler
import Testing

extension Policy {
  /// What its hosts are compiled to, in their order.
  var compiledTables: [Table] {
    let policies = HostPolicies(self)
    let compiler = RulesetCompiler(self, policies)
    return hosts.indices.map { compiler.compile(policies[HostID($0)]) }
  }

  /// The policy of an inventory of one file, which must be sound.
  static func loaded(_ text: String) throws -> Policy {
    let loaded = Inventory.load([SourceFile(path: "i.yaml", bytes: Array(text.utf8))])
    return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
  }
}

extension [HostRulesets] {
  /// The hosts of a policy, which have the rulesets of another.
  init(from old: Policy, to new: Policy) {
    let tables = [old, new].map(\.compiledTables)
    self = new.hosts.enumerated().map { index, host in
      HostRulesets(
        name: host.name, addresses: host.addresses, carried: new.carried[index], old: [tables[0][index]],
        new: [tables[1][index]], routes: new.areas(of: host), flows: [])
    }
  }
}
