internal import ArgumentParser

/// How the answer is written; every command has these.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Write JSON to standard output.")
  var json = false

  @Flag(help: "Do not colour the output; NO_COLOR does the same.")
  var noColor = false

  @Flag(name: .shortAndLong, help: "Write errors only.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say what is being done.")
  var verbose = false

  var console: Console { Console(noColour: noColor, quiet: quiet, verbose: verbose) }
}

/// Where the inventory is.
struct InventoryOptions: ParsableArguments {
  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp("Directory or file of the inventory.", valueName: "dir"), completion: .file())
  var inventory = "inventory"
}
