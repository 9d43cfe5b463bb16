internal import ArgumentParser
internal import InventoryText
internal import Operations

struct InitCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write an inventory to begin with.",
    usage: "sekisho init [<dir>] [<options>]",
    discussion: """
      Nothing is asked. The inventory has this machine with its addresses, and flows for what nearly every machine needs: \
      names, time, packages, and ssh from where you are logged in. It only observes: nothing is denied until you write \
      so. Every line of it says what it is for; change what is not so.

        sekisho init
        sekisho check
        sekisho lab up                     it and its peers, as namespaces
        sudo sekisho apply --local --host NAME

      Exit codes: 0 done, 1 error, or the directory is not empty.
      """)

  @Argument(help: ArgumentHelp("Directory to write to.", valueName: "dir"))
  var directory = "inventory"

  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let first: FirstInventory
    do {
      first = try BeginningInventory.write(to: directory)
    } catch let taken as BeginningInventory.Taken {
      throw Refusal(
        .failed, "\(taken.path) holds something already (\(taken.file)), and is left as it is",
        remedy: "name another directory: sekisho init DIR")
    } catch is BeginningInventory.Unreachable {
      throw Refusal(
        .failed, "this machine has no address by which others could reach it",
        remedy: "write its hosts by hand; docs/inventory.md says how")
    }
    // What is written here is sound, and whoever changes that finds out.
    _ = try LoadedPolicy(directory)
    let names = (first.files.map(\.name) + [FirstInventory.schemaFile]).map { "\(directory)/\($0)" }
    var answer = Answer(
      data: .document(Begun(host: first.host, files: names)))
    answer.parts = [.chapter(Chapter(.facts, "", names.map { Entry(nil, Words($0)) }))]
    let option = directory == "inventory" ? "" : " -i \(directory)"
    answer.parts += [
      .summary("\(directory): an inventory of \(first.host), which only observes"),
      .remark("look at it, add your other hosts to 30-hosts.yaml, then:  sekisho check\(option)"),
      .remark("what it would do here:  sudo sekisho diff --local --host \(first.host)\(option)"),
      .remark("to try it beside this machine:  sekisho lab up\(option)"),
    ]
    return answer
  }
}

/// What was written, for programs.
private struct Begun: Encodable {
  let host: String
  let files: [String]
}
