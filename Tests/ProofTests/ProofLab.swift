import AgentProtocol
import Diagnostics
import Fleet
import Inventory
import Lab
import LabHarness
import Nftables
import Policy
import RulesetCompiler
import Testing

/// A policy in a lab, with what it takes to put its rulesets in place the way the product does.
struct ProofLab: Sendable {
  let policy: Policy
  let lab: Lab

  /// The table that the policy of a host compiles to.
  func table(_ host: HostID) -> Table {
    let policies = HostPolicies(policy)
    return RulesetCompiler(policy, policies).compile(policies[host])
  }

  /// How the agent of a host is started: in its namespace, by the program that is shipped.
  func transport(_ host: String) throws -> AgentTransport {
    AgentTransport(command: try lab.execPrefix(host) + [try productProgram(), "agent"])
  }

  /// Asks the agent of a host.
  func ask<Answer: Sendable>(
    _ host: String, _ question: @escaping @Sendable (any Agent) async throws -> Answer
  ) async throws -> Answer {
    try await AgentSession.run(try transport(host), needing: [], version: "test") { agent, _ in
      try await question(agent)
    }
  }

  /// Puts the tables of all hosts, or of some, in place.
  @discardableResult
  func apply(_ names: [String]? = nil) async throws -> [Applied] {
    let policies = HostPolicies(policy)
    let compiler = RulesetCompiler(policy, policies)
    let wanted = policy.hosts.indices.filter { names?.contains(policy.hosts[$0].name) ?? true }
      .map { (policy.hosts[$0].name, compiler.compile(policies[HostID($0)])) }
    let answers = await concurrently(wanted, limit: 4) { name, table in
      try await apply(table, on: name)
    }
    return try answers.map { try $0.get() }
  }

  /// Puts a table in place.
  @discardableResult
  func apply(_ table: Table, on host: String) async throws -> Applied {
    try await ask(host) { try await $0.ask(Apply(table, seen: nil, isLearning: false)) }
  }

  /// Sekisho's table as the kernel of a host has it, in nft's words.
  func listing(_ host: String) async throws -> String {
    try await lab.run(host, ["nft", "list", "table", "inet", "sekisho"]).output
  }

  /// Sekisho's table as nft reads it from the kernel of a host.
  func installed(_ host: String) async throws -> Table {
    // Times as numbers: nft would print them in the time zone of this machine.
    let json = try await lab.run(host, ["nft", "-T", "-j", "list", "table", "inet", "sekisho"])
    return try #require(try Table.tables(fromJSON: Array(json.output.utf8)).first)
  }

  /// A policy with other flows or hosts, in the same lab.
  func changed(to inventory: String) throws -> ProofLab {
    ProofLab(policy: try loaded(inventory), lab: lab)
  }
}

/// Brings a policy up as a lab that is gone when the body is done; nothing is applied yet.
func withProofLab<Result>(
  _ policy: Policy, _ rights: Rights, _ body: (ProofLab) async throws -> Result
) async throws -> Result {
  try await withLab(policy, rights) { try await body(ProofLab(policy: policy, lab: $0)) }
}

/// Brings an inventory up as a lab and applies it to every host.
func withEnforcedLab<Result>(
  _ inventory: String, _ rights: Rights, _ body: (ProofLab) async throws -> Result
) async throws -> Result {
  try await withProofLab(try loaded(inventory), rights) { proof in
    try await proof.apply()
    return try await body(proof)
  }
}

/// The policy of an inventory that is one text.
func loaded(_ inventory: String) throws -> Policy {
  let result = read(inventory)
  return try #require(result.policy, "\(result.report.text(result.sources))")
}

/// The policy of an inventory that is one text; `nil` when it has mistakes.
func policy(ofText inventory: String) -> Policy? { read(inventory).policy }

private func read(_ inventory: String) -> Inventory.Loaded {
  Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(inventory.utf8))])
}

/// The program that is shipped, as it was built with the tests.
func productProgram() throws -> String { try supportProgram().replacing("/lab-support", with: "/sekisho") }

extension Finished {
  /// The words of a program that must have succeeded.
  func succeeded(at location: Testing.SourceLocation = #_sourceLocation) throws -> String {
    try #require(status == 0, "\(output)", sourceLocation: location)
    return output
  }
}
