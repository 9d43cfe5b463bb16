internal import Addressing
internal import AgentProtocol
internal import ConnectionDiff
internal import ConnectionSpace
internal import Diagnostics
internal import Lint
internal import Nftables
internal import Policy
internal import Reachability
package import Rollout
internal import RulesetDiff
internal import RulesetShape

/// Two sources against each other.
package struct SourceComparison {
  package let found: FoundDifference
  /// What there is to say of the sources.
  package let remarks: [String]
  /// The steps from one inventory to the other; `nil`: nobody asks for them.
  package let rollout: Rollout?

  /// - Parameters:
  ///   - host: the only one that is looked at; `nil`: all.
  ///   - showsSteps: whether steps are asked for, which two inventories have.
  /// - Throws: ``NoSteps`` where there are none, beside what the sources throw.
  package init(from old: DiffSource, to new: DiffSource, host: String?, showsSteps: Bool = false) throws {
    let before = try old.rulesets(of: host)
    var rulesets = (before, try new.rulesets(of: host, beside: before))
    remarks = rulesets.0.remarks + rulesets.1.remarks
    let known = Set(rulesets.0.assignment.keys).union(rulesets.1.assignment.keys)
    if let host {
      rulesets = (rulesets.0.only(host), rulesets.1.only(host))
      for (source, path) in [(rulesets.0, old.name), (rulesets.1, new.name)]
      where source.assignment.isEmpty && source.notCompiled.isEmpty {
        throw Misuse("\(path) holds no host '\(host)'")
      }
    }
    rulesets.1 = rulesets.1.sharing(rulesets.0)
    rollout = showsSteps ? try Self.rollout(old, rulesets.0, new, rulesets.1) : nil
    // An apply changes one table: what else is in the listing of a host stays as it is.
    let listings = [old, new].compactMap { source -> RulesetListing? in
      if case .ruleset(let listing) = source.content { listing } else { nil }
    }
    let others = listings.count == 1 ? listings[0].tables.filter { !$0.isSekishos } : []
    var outcomes: [Pair: HostDifference.Outcome] = [:]
    let names = Set(rulesets.0.assignment.keys).union(rulesets.1.assignment.keys).sorted()
    let hosts = names.map { host in
      // A host that was left out of a compile is neither new nor gone.
      for (source, path) in [(rulesets.0, old.name), (rulesets.1, new.name)]
      where source.notCompiled.contains(host) {
        return HostDifference(host: host, outcome: .failed(NotCompiled(directory: path)))
      }
      // Hosts with equal rulesets on both sides differ alike.
      let pair = Pair(old: rulesets.0.assignment[host], new: rulesets.1.assignment[host])
      let outcome =
        outcomes[pair]
        ?? .between(
          rulesets.0.tables(of: host), rulesets.1.tables(of: host), beside: others.judging,
          isListed: (old.isListing, new.isListing))
      outcomes[pair] = outcome
      return HostDifference(host: host, outcome: outcome)
    }
    for host in hosts where !host.isSame && !host.isFailure {
      guard (rulesets.0.addresses[host.host] ?? rulesets.1.addresses[host.host] ?? []).isEmpty else {
        continue
      }
      throw Misuse(
        "no addresses of \(host.host) are known, so that nobody can say what a change means; compare with an inventory"
      )
    }
    let policies = [old, new].map { source -> Policy? in
      if case .inventory(let loaded) = source.content { loaded.policy } else { nil }
    }
    let facts = listings.prefix(1).compactMap { _ -> HostFacts? in
      guard let host else { return nil }
      let addresses = [rulesets.0, rulesets.1].compactMap { $0.addresses[host] }.first ?? []
      let facts = HostFacts(
        HostIdentity(host: host, addresses: addresses, owners: [:]),
        tables: (rulesets.1.tables(of: host) ?? []).filter(\.isSekishos) + others,
        names: policies.compactMap { $0 }.first)
      return facts.isEmpty ? nil : facts
    }
    found = FoundDifference(hosts, facts: facts) { () throws(NotProven) in
      if host == nil, case .inventory(let before) = old.content, case .inventory(let after) = new.content {
        let now = Timestamp.current()
        let diff = try ConnectionDiff(from: before.policy, to: after.policy, at: now)
        let brought = Lint.brought(from: before.policy, to: after.policy, at: now)
        let reach =
          if let passage = diff.passage {
            try ReachChange(from: before.policy, to: after.policy, passage)
          } else {
            ReachChange(from: before.policy, to: after.policy, at: now)
          }
        return ChangeMeaning(
          diff: diff, old: before.sources, new: after.sources, reach: reach, findings: brought)
      }
      let other: LoadedPolicy? = if case .inventory(let loaded) = old.content { loaded } else { nil }
      let loaded: LoadedPolicy? = if case .inventory(let loaded) = new.content { loaded } else { nil }
      let changed = hosts.flatMap {
        $0.rulesets(rulesets.0, rulesets.1, loaded?.policy, other?.policy, staying: others.judging)
      }
      let diff = try ConnectionDiff(of: changed, compiledFrom: loaded?.policy, at: .current())
      let sources = loaded?.sources ?? Sources(files: [])
      let unasked = host == nil ? 0 : known.count - 1
      var report = ChangeMeaning(
        diff: diff, old: sources, new: sources, takenForGranted: unasked)
      if unasked == 0, changed.count == hosts.count, let passage = diff.passage {
        report.reach = try ReachChange(of: changed, passage, crowns: loaded?.policy.crownNames ?? [])
      }
      return report
    }
  }

  private static func rollout(
    _ old: DiffSource, _ before: Rulesets, _ new: DiffSource, _ after: Rulesets
  ) throws -> Rollout {
    guard case .inventory(let one) = old.content, case .inventory(let other) = new.content,
      let before = before.fleet(of: one.policy), let after = after.fleet(of: other.policy)
    else { throw Misuse("--steps is about two inventories, and one of these is something else") }
    return try Rollout(from: before, to: after, at: .current())
  }
}

/// A directory was compiled without a host.
private struct NotCompiled: Error, CustomStringConvertible {
  let directory: String
  var description: String { "\(directory) holds no ruleset of it: it was compiled in part" }
}

/// The numbers of a host's rulesets on both sides.
private struct Pair: Hashable {
  let old: Int?
  let new: Int?
}

extension HostDifference.Outcome {
  /// What differs between the rulesets that two sources have of a host.
  ///
  /// - Parameter isListed: which of them are what nft printed, which does not say all that a kernel has.
  static func between(
    _ old: [Table]?, _ new: [Table]?, beside others: [Table],
    isListed: (old: Bool, new: Bool) = (false, false)
  ) -> Self {
    guard let new else { return .removed }
    var present = old.flatMap(\.compiled)
    var wanted =
      new.compiled ?? Table(family: .inet, name: .sekisho, chains: [], sets: [])
    if isListed.old, let present { wanted = wanted.told(as: present) }
    if isListed.new { present = present?.told(as: wanted) }
    let installed = present.map { InstalledTable(listing: $0) }
    let change = TableDiff.change(from: installed, to: wanted)
    return .compared(
      TableComparison(
        generation: 0, isInstalled: installed != nil,
        change: ChangeDescription(change, from: installed, to: wanted),
        foreignChains: others.flatMap(\.foreignChains)))
  }
}

extension HostDifference {
  /// The host's rulesets on both sides; as two hosts, where it has other addresses than before.
  ///
  /// - Parameter staying: tables of others, which are the same on both sides.
  fileprivate func rulesets(
    _ old: Rulesets, _ new: Rulesets, _ policy: Policy?, _ oldPolicy: Policy?, staying: [Table]
  ) -> [HostRulesets] {
    let flows: Set<FlowRules>
    switch outcome {
    case .compared(let comparison): flows = comparison.change.flowRules
    case .removed: flows = []
    case .failed: return []
    }
    // Over a route of either side everything crosses the host.
    let routes = [policy, oldPolicy].compactMap { $0?.areas(ofHost: host) }
    let carried = Set([old, new].flatMap { $0.carried[host] ?? [] }).sorted()
    func rulesets(
      _ addresses: [Address], _ before: [Table]?, _ after: [Table]?, elsewhere: [Table] = []
    ) -> HostRulesets {
      HostRulesets(
        name: host, addresses: addresses, carried: carried, old: before, new: after, staying: staying,
        elsewhere: elsewhere, routes: routes.isEmpty ? nil : routes.flatMap { $0 }, flows: flows)
    }
    func changing(_ tables: [Table]?) -> [Table]? { staying.isEmpty ? tables : tables?.filter(\.isSekishos) }
    let (before, after) = (changing(old.tables(of: host)), changing(new.tables(of: host)))
    let (was, will) = (old.addresses[host], new.addresses[host])
    if let was, let will, was != will, let before, let after {
      return [
        rulesets(was, before, nil, elsewhere: after), rulesets(will, nil, after, elsewhere: before),
      ]
    }
    return [rulesets(will ?? was ?? [], before, after)]
  }
}

extension Table {
  /// Its base chains, as those of another's table.
  fileprivate var foreignChains: [ForeignChain] {
    chains.compactMap { chain in
      chain.base.map {
        ForeignChain(
          table: title, chain: chain.name.text, type: $0.type, hook: $0.hook.rawValue,
          priority: $0.priority.rawValue)
      }
    }
  }
}

extension [Table] {
  /// The one that is Sekisho's.
  fileprivate var compiled: Table? { first(where: \.isSekishos) }
}

extension InstalledTable {
  /// A table that is in no kernel, as if it had just been loaded.
  fileprivate init(listing table: Table) {
    var handle: UInt64 = 0
    var rules: [ChainName: [RuleState]] = [:]
    for chain in table.chains {
      rules[chain.name] = chain.rules.map { _ in
        handle += 1
        return RuleState(handle: handle, counter: nil)
      }
    }
    self.init(table: table, rules: rules, generation: 0)
  }
}
