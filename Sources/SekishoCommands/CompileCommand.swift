internal import ArgumentParser
internal import Nftables
internal import Policy
internal import RulesetCompiler

struct CompileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Write the rulesets of all hosts.")

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let loaded = try LoadedPolicy(inventory.inventory, console)
    let policies = HostPolicies(loaded.policy)
    let compiler = RulesetCompiler(loaded.policy, policies)
    for (index, host) in loaded.policy.hosts.enumerated() {
      let table = compiler.compile(policies.distinct[policies.assignment[index]])
      try console.line("# \(host.name) \(policies.assignment[index])")
      try console.write(try table.fileText())
    }
  }
}
