internal import ArgumentParser
internal import Artifacts
internal import Diagnostics
internal import Inventory
internal import InventoryFiles
internal import Operations
internal import Rollout

struct DiffCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what a change opens and closes.",
    discussion: """
      Without arguments the inventory is compared with what this machine runs, which is the host that has \
      its addresses; with two, one source with another, each an inventory, a directory that a compile wrote, \
      REV:DIR, an inventory at a git revision, or a file with a host's ruleset in the JSON of nft. It tells \
      which connections open and close, exactly; --objects tells also which objects of the rulesets change.

        sekisho diff --local --host web-1     this machine, as host web-1
        sekisho diff --lab                    every host of the lab
        sekisho diff --host "db, worker"      hosts reached by ssh
        sekisho diff old/ new/                two inventories or compiled directories
        sekisho diff was.json inventory --host web-1
                                              what nft -j list ruleset printed there
        sekisho diff was.json is.json         two of those
        sekisho diff --base main              what a branch changes
        sekisho diff --base main --steps      and in which steps hosts change so
                                              that nothing is cut that stays
        sekisho diff --base main --markdown   for a pull request
        sekisho diff --base main --format github
                                              what it brings that is probably
                                              not meant, beside the lines
        sekisho diff old/ new/ --format svg > change.svg
                                              a picture: green opens, red closes
        sekisho diff --host db --out PLAN     saves what is shown, for apply PLAN

      Exit codes: 0 nothing differs, 1 error (also when a host could not be asked), 2 differences (with --format \
      github or sarif they are 0), 4 a guard of the (new) inventory does not hold.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Show every object of the change, not the flows alone.")
  var objects = false

  @Flag(help: "Show also the steps in which hosts change: what opens first, then what closes.")
  var steps = false

  @Option(
    help: ArgumentHelp(
      "Compare the inventory with itself where this branch left a git revision.", valueName: "rev"))
  var base: String?

  @Option(help: ArgumentHelp("Save what is shown, for apply PLAN.", valueName: "plan"))
  var out: String?

  @Flag(help: "Write Markdown, for a pull request.")
  var markdown = false

  @Option(
    help:
      "text; github or sarif, for a service of code review; dot, mermaid or svg, a picture of what changes.")
  var format = Format.text

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, github, sarif, dot, mermaid, svg

    /// How a service of code review is told; `nil`: none is.
    var review: ReviewFormat? { self == .text ? nil : ReviewFormat(rawValue: rawValue) }
  }

  @Argument(help: "Two sources to compare.")
  var sources: [String] = []

  func validate() throws {
    guard [0, 2].contains(sources.count) else { throw ValidationError("give two sources, or none") }
    let isBetween = !sources.isEmpty || base != nil
    if base != nil, !sources.isEmpty { throw ValidationError("give --base, or two sources") }
    if isBetween, targets.local || targets.lab || targets.from != nil {
      throw ValidationError("two sources are compared with each other, not with hosts")
    }
    if out != nil, isBetween {
      throw ValidationError("--out saves what changes on hosts; two sources have none")
    }
    if steps, !isBetween || targets.host != nil {
      throw ValidationError("--steps is for two whole inventories; give them, or --base")
    }
    if markdown, !isBetween { throw ValidationError("--markdown is for two sources; give them, or --base") }
    if format.review != nil, !isBetween || targets.host != nil {
      throw ValidationError("--format \(format.rawValue) is for two whole inventories; give them, or --base")
    }
    if format != .text {
      if markdown || output.json { throw ValidationError("give one of --format, --json and --markdown") }
    }
    if markdown, output.json { throw ValidationError("give --json or --markdown") }
  }

  var markdownTitle: String? { markdown ? "Connections" : nil }

  func answer(_ console: Console) async throws -> Answer {
    if let review = format.review {
      do {
        if let (old, new) = try await compared(), case .inventory(let before) = old.content,
          case .inventory(let after) = new.content
        {
          return try reviewed(from: before, to: after, review)
        }
      } catch let mistakes as InventoryMistakes {
        return try reviewed(mistakes, review)
      }
      throw Refusal(
        .usage, "--format \(format.rawValue) is about two inventories, and one of these is something else")
    }
    var answer = try await change(console)
    if format != .text {
      let picture = DiffPicture(answer.parts, title: "What opens and closes: \(compared)")
      let bytes =
        switch format {
        case .mermaid: Array(picture.mermaid.utf8)
        case .svg: try await Graphviz.svg(picture.dot)
        default: Array(picture.dot.utf8)
        }
      answer.parts =
        [.verbatim(bytes)] + answer.parts.filter { if case .chapter = $0 { false } else { true } }
    }
    return answer
  }

  /// What is compared, in a few words.
  private var compared: String {
    if let base { return "\(inventory.inventory) since \(base)" }
    if !sources.isEmpty { return sources.joined(separator: " → ") }
    return targets.host ?? "this machine"
  }

  private func change(_ console: Console) async throws -> Answer {
    var remarks: [String] = []
    var answer = Answer()
    let found: FoundDifference
    var guards: BrokenGuards?
    var hostSources: Sources?
    var rollout: Rollout?
    if let (old, new) = try await compared() {
      if case .ruleset(let before) = old.content, case .ruleset(let after) = new.content {
        return try ListedChange(from: before, to: after, showsObjects: objects).answer
      }
      let comparison = try SourceComparison(from: old, to: new, host: targets.host, showsSteps: steps)
      (found, remarks, rollout) = (comparison.found, comparison.remarks, comparison.rollout)
      if let base {
        let commit = old.name.prefix { $0 != ":" }.prefix(12)
        remarks.append("compared with \(commit), the merge base of \(base) and HEAD")
      }
      // Those of a compiled directory were judged by the compile.
      if case .inventory(let loaded) = new.content { guards = BrokenGuards(loaded) }
    } else {
      let running = try await asked(console)
      (found, remarks) = (running.found, running.targets.remarks)
      hostSources = running.targets.sources
      if let out {
        let failures = found.hosts.filter(\.isFailure)
        if failures.isEmpty {
          let saved = try await SavedPlan(
            of: running, options: targets.request,
            inventory: targets.from == nil ? inventory.inventory : nil)
          try IndexFile.write(saved.index, to: out)
          let source =
            targets.from.map { " --from \($0)" }
            ?? (inventory.inventory == "inventory" ? "" : " -i \(inventory.inventory)")
          answer.parts.append(.remark("saved \(out); sekisho apply \(out)\(source) applies exactly this"))
        } else {
          answer.parts.append(.failure("not every host could be asked; no plan was saved"))
        }
      }
    }
    let report = DiffReport(
      found: found, showsObjects: objects, sources: hostSources, rollout: rollout)
    answer.parts = remarks.map { .remark($0) } + report.parts + answer.parts
    if let refusal = guards?.refusal { answer.parts += refusal.parts + [.failure(refusal.text)] }
    answer.data = .document(report.json(guards))
    if found.hosts.contains(where: \.isFailure) {
      answer.exitCode = .failed
    } else if guards?.broken.isEmpty == false {
      answer.exitCode = .broken
    } else if found.hosts.contains(where: { !$0.isSame }) || found.meaning?.isEmpty == false {
      answer.exitCode = .differs
    }
    return answer
  }

  /// The two sources that were asked for; `nil`: the inventory is compared with what runs.
  private func compared() async throws -> (old: DiffSource, new: DiffSource)? {
    if let base {
      let commit = try await Inventory.mergeBase(of: base)
      return (
        try await DiffSource("\(commit):\(inventory.inventory)"), try await DiffSource(inventory.inventory)
      )
    }
    if sources.isEmpty { return nil }
    return (try await DiffSource(sources[0]), try await DiffSource(sources[1]))
  }

  private func asked(_ console: Console) async throws -> RunningHosts {
    let targets = try TargetFinder(
      options: targets.request, inventory: inventory.inventory, defaultsToThisMachine: true
    ).find()
    return await RunningHosts(asking: targets, watch: WaitingLine(console))
  }
}
