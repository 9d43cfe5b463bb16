internal import ArgumentParser
internal import Operations
internal import Policy
internal import Signing

struct BundleCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Write what hosts pull: rulesets, and an index to sign.",
    usage: "sekisho bundle --out <dir> [<options>]",
    discussion: """
      Writes index.json, which says of each host which ruleset it gets, and each distinct ruleset once, as \
      rulesets/DIGEST.json. Any server of files carries the directory; hosts pull from it.

        sekisho bundle --out bundle
        sekisho sign bundle --key ~/.ssh/id_ed25519
        sekisho verify bundle --signers allowed_signers
        rsync -r bundle/ www:/srv/sekisho/

      The index has a revision, and a host takes none that is not greater than the one it has confirmed, so that nobody \
      gives it an older policy again. It is the time of making, in seconds since 1970, unless one is given: time grows \
      without anybody who counts. Give numbers of your own from the first index on, or never. With the index go its last \
      moment (--not-after), the digest of the inventory, the commit that holds it as it is, and the guards, which hold.

      Exit codes: 0 done, 1 error, 4 a guard of the inventory does not hold, and nothing was written.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Directory to write to.", valueName: "dir"),
    completion: .directory)
  var out: String

  @Option(
    help: ArgumentHelp(
      "For how long hosts take it, as in 12h or 7d (default: 7d).", valueName: "duration"))
  var notAfter: TimeLimit?

  @Option(help: ArgumentHelp("A number greater than that of the index before.", valueName: "number"))
  var revision: Int64?

  func validate() throws {
    if let revision, !ChangeIndex.possibleRevisions.contains(revision) {
      throw ValidationError("--revision is a number from 1 to \(ChangeIndex.possibleRevisions.upperBound)")
    }
    if let notAfter, notAfter.duration < .seconds(60) {
      throw ValidationError("--not-after is a minute at least: hosts have to see it")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(inventory.inventory)
    var answer = Answer(parts: [.diagnostics(loaded.report, loaded.sources)])
    if var refusal = BrokenGuards(loaded).refusal {
      refusal.parts = answer.parts + refusal.parts
      throw refusal
    }
    let terms = IndexTerms(
      revision: revision, seconds: notAfter?.duration.components.seconds ?? ChangeIndex.usualTime)
    let (index, rulesets) = try await loaded.bundle(from: inventory.inventory, to: out, terms)
    answer.parts += [
      .summary(
        "\(out): revision \(index.revision) of \(counted(index.hosts.count, "host")), "
          + "\(counted(rulesets, "distinct ruleset")), good until \(Timestamp(seconds: index.notAfter))"),
      .remark("hosts that ask for signatures take it once it is signed: sekisho sign \(out) --key FILE"),
    ]
    answer.data = .document(IndexJSON(index))
    return answer
  }
}

/// What an index says of itself, for programs.
struct IndexJSON: Encodable {
  struct Guard: Encodable {
    let name: String
    let statement: String
    let why: String?
  }

  let revision: Int64
  /// Seconds since 1970, UTC.
  let made: Int64
  let notAfter: Int64
  let inventory: String?
  let git: String?
  let guards: [Guard]
  let hosts: Int
  let rulesets: Int

  init(_ index: ChangeIndex) {
    revision = index.revision
    made = index.made
    notAfter = index.notAfter
    inventory = index.inventory
    git = index.git
    guards = index.guards.map { Guard(name: $0.name, statement: $0.statement, why: $0.why) }
    hosts = index.hosts.count
    rulesets = Set(index.hosts.map(\.ruleset)).count
  }
}
