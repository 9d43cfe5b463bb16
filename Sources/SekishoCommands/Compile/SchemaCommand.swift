internal import ArgumentParser
internal import Inventory
internal import Operations

struct SchemaCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Write the language of inventories as a JSON Schema, for editors.",
    usage: "sekisho schema [<options>]",
    discussion: """
      Editors with yaml-language-server complete keys by it, show what each is for, and mark what cannot stand where it \
      stands. It is made of what the program reads by, and is of that version. An editor sees one file: what hangs \
      together with others, `sekisho check` finds.

        sekisho schema > inventory/.sekisho-schema.json

      `init` writes that file, and in each other one the line by which an editor finds it (of a file in a directory \
      below, with ../ ahead of the name):

        # yaml-language-server: $schema=.sekisho-schema.json

      The loader skips it, as every hidden file. Write it anew after an upgrade.

      Exit codes: 0 done, 1 error.
      """)

  @OptionGroup var output: OutputOptions

  func answer(_ console: Console) async throws -> Answer {
    let bytes = Array(InventorySchema.text(version: versionText).utf8)
    return Answer(parts: [.verbatim(bytes)], data: .json(bytes))
  }
}
