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
    let clock = ContinuousClock()
    var t = clock.now
    func lap(_ s: String) { console.message("\(s) \(clock.now - t)"); t = clock.now }
    let loaded = try LoadedPolicy(inventory.inventory, console)
    lap("load")
    let policies = HostPolicies(loaded.policy)
    lap("policies \(policies.distinct.count)")
    let compiler = RulesetCompiler(loaded.policy, policies)
    lap("sets")
    let tables = policies.distinct.map { compiler.compile($0) }
    lap("compile")
    var n = 0
    for t in tables { n += try t.fileText().count }
    lap("text \(n)")
  }
}
