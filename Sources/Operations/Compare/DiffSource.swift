package import Addressing
package import Artifacts
internal import Glibc
package import Nftables
package import Policy
package import Rollout
internal import RulesetCompiler

/// One side of a comparison: an inventory, now or at a revision, what a compile wrote, or a host's ruleset.
package struct DiffSource {
  /// What it holds.
  package enum Content {
    case inventory(LoadedPolicy)
    case compiled
    /// All tables of one host, whoever made them.
    case ruleset(RulesetListing)
  }

  /// As the user called it.
  package let name: String
  package let content: Content

  /// - Throws: ``Refusal``, or what the files throw.
  package init(_ name: String) async throws {
    self.name = name
    // A directory whose manifest is damaged is no inventory: it must not be read as one.
    if exists("\(name)/manifest.json") {
      content = .compiled
    } else if let listing = try RulesetFile.listing(ifPresent: name) {
      content = .ruleset(listing)
    } else if !exists(name), let colon = name.firstIndex(of: ":"), colon != name.startIndex {
      let path = String(name[name.index(after: colon)...])
      content = .inventory(
        try await LoadedPolicy(path.isEmpty ? "." : path, at: String(name[..<colon])))
    } else {
      content = .inventory(try LoadedPolicy(name))
    }
  }

  /// Whether it is what nft printed.
  var isListing: Bool { if case .ruleset = content { true } else { false } }

  /// - Parameters:
  ///   - host: whose a ruleset is that is alone.
  ///   - other: what these are compared with.
  package func rulesets(of host: String?, beside other: Rulesets? = nil) throws -> Rulesets {
    switch content {
    case .inventory(let loaded): return Rulesets(compiling: loaded.policy, beside: other)
    case .compiled: return try Rulesets(reading: name)
    case .ruleset(let listing):
      guard let host else {
        throw Misuse("\(name) is the ruleset of one host; say which: --host NAME")
      }
      return Rulesets(of: host, listing)
    }
  }
}

/// Rulesets of all hosts of an inventory or of a compiled directory.
package struct Rulesets {
  /// The distinct ones; one table each of what was compiled.
  package let distinct: [[Table]]
  /// Host by host: which of them.
  package let assignment: [String: Int]
  /// As far as the source knows them.
  package let addresses: [String: [Address]]
  /// The virtual addresses that hosts may carry, as far as the source knows them.
  package let carried: [String: [Address]]
  /// Hosts that the source knows and has no ruleset of.
  package let notCompiled: Set<String>
  /// What there is to say of the source.
  package let remarks: [String]
  /// What has compiled them.
  private let compiler: RulesetCompiler?
  /// What they were compiled of, in the order of ``distinct``.
  private let policies: HostPolicies?

  /// - Parameter other: what they are compared with.
  package init(compiling policy: Policy, beside other: Rulesets? = nil) {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies, sharing: other?.compiler)
    self.compiler = compiler
    self.policies = policies
    distinct = policies.distinct.map { [compiler.compile($0)] }
    assignment = Dictionary(
      uniqueKeysWithValues: zip(policy.hosts, policies.assignment).map { ($0.name, $1) })
    addresses = Dictionary(uniqueKeysWithValues: policy.hosts.map { ($0.name, $0.addresses) })
    carried = Dictionary(uniqueKeysWithValues: zip(policy.hosts.map(\.name), policy.carried))
    notCompiled = []
    remarks = []
  }

  package init(of host: String, _ listing: RulesetListing) {
    self.init(
      [listing.tables], [host: 0], addresses: [:], carried: [:], notCompiled: [], remarks: listing.remarks)
  }

  package init(reading path: String) throws {
    let manifest = try OutputDirectory(path).manifest()
    var distinct: [[Table]] = []
    var assignment: [String: Int] = [:]
    var known: [String: Int] = [:]
    for (host, entry) in manifest.hosts.sorted(by: { $0.key < $1.key }) {
      let place = known[entry.digest] ?? distinct.count
      if place == distinct.count {
        known[entry.digest] = place
        distinct.append([try OneTable.read(try OutputDirectory(path).json(of: host, manifest), host)])
      }
      assignment[host] = place
    }
    self.init(
      distinct, assignment,
      addresses: manifest.hosts.mapValues { $0.addresses.compactMap { try? Address(parsing: $0) } },
      carried: manifest.hosts.mapValues { $0.virtual.compactMap { try? Address(parsing: $0) } },
      notCompiled: Set(manifest.notCompiled), remarks: manifest.remarkOnParts(path).map { [$0] } ?? [])
  }

  private init(
    _ distinct: [[Table]], _ assignment: [String: Int], addresses: [String: [Address]],
    carried: [String: [Address]], notCompiled: Set<String>, remarks: [String] = [],
    policies: HostPolicies? = nil
  ) {
    self.policies = policies
    self.distinct = distinct
    self.assignment = assignment
    self.addresses = addresses
    self.carried = carried
    self.notCompiled = notCompiled
    self.remarks = remarks
    compiler = nil
  }

  /// The same, with the other's tables where those of a host are equal: what is one in memory is compared by a glance.
  package func sharing(_ other: Rulesets) -> Rulesets {
    var distinct = distinct
    var compared: [Int: Set<Int>] = [:]
    for (host, own) in assignment {
      guard let place = other.assignment[host], compared[own, default: []].insert(place).inserted else {
        continue
      }
      if distinct[own] == other.distinct[place] { distinct[own] = other.distinct[place] }
    }
    return Rulesets(
      distinct, assignment, addresses: addresses, carried: carried, notCompiled: notCompiled,
      remarks: remarks, policies: policies)
  }

  /// The same as hosts are led from one policy to another.
  ///
  /// - Parameter policy: what they were compiled of.
  /// - Returns: `nil` where they were not compiled here.
  package func fleet(of policy: Policy) -> CompiledFleet? {
    policies.map { CompiledFleet(policy, $0, tables: distinct.compactMap(\.first)) }
  }

  /// All tables of a host; `nil` where the source has none of it.
  package func tables(of host: String) -> [Table]? { assignment[host].map { distinct[$0] } }

  /// The same of one host alone.
  package func only(_ host: String) -> Rulesets {
    Rulesets(
      distinct, assignment.filter { $0.key == host }, addresses: addresses.filter { $0.key == host },
      carried: carried.filter { $0.key == host }, notCompiled: notCompiled.intersection([host]),
      remarks: remarks)
  }
}

extension Manifest {
  /// That rulesets lie side by side which no single inventory gave; `nil`: one did.
  package func remarkOnParts(_ path: String) -> String? {
    let inventories = inventories
    guard inventories.count > 1 else { return nil }
    return
      "\(path) was compiled in parts: its rulesets are of \(inventories.count) inventories, which manifest.json "
      + "names host by host; sekisho compile without --host and --shard makes them one"
  }
}

func exists(_ path: String) -> Bool {
  var status = stat()
  return unsafe lstat(path, &status) == 0
}
