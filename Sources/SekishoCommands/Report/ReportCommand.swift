internal import ArgumentParser
internal import Evidence
internal import Inventory
internal import InventoryFiles
internal import Machine
internal import Operations
internal import Policy
internal import SystemPackage

struct ReportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a document of evidence for an auditor.",
    usage: "sekisho report [<options>]",
    discussion: """
      What the inventory allows and why, as a picture and as a list, zones, guards and whether they hold, who gets to \
      the crown jewels, clauses of standards with what there is to show, and what is not covered. With hosts also what they \
      say: drift, use of flows, what was denied, quarantine and openings, history. Of sekisho probe the last outcome in \
      build/probes. With --base what opened and closed \
      since. HTML is one file that needs no network: it can be searched, printed, and read without its script. --out is for \
      its owner alone (0600): it tells the ways through a network.

        sekisho report --out report.html                  of the inventory
        sekisho report --host all --out report.html       and of what hosts say
        sekisho report --base v2026.3 --out report.html   and of what changed
        sekisho report --format md > report.md

      Every figure is that of the verb which answers the same question: list, check --guards, reach, usage, denied, \
      history, diff --base. What is not asked for is named in the last chapter.

      Exit codes: 0 written, 1 an error, or a host could not be asked (which the report says), 4 a guard does not hold \
      (which it says, too).
      """)

  @OptionGroup var hosts: TrialHosts

  @Option(help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
  var out: String?

  @Option(help: "html, md, csv or json.")
  var format: Format?

  @Option(help: ArgumentHelp("Also what changed since this branch or revision.", valueName: "rev"))
  var base: String?

  @Option(help: "What the report is called.")
  var title: String?

  @OptionGroup var output: OutputOptions

  enum Format: String, ExpressibleByArgument, CaseIterable { case html, md, csv, json }

  func validate() throws {
    if output.json, format.map({ $0 != .json }) ?? false {
      throw ValidationError("--json and --format exclude each other")
    }
    if output.json, out != nil {
      throw ValidationError("--json and --out exclude each other; give --format json --out")
    }
    try hosts.requireInventory()
  }

  func answer(_ console: Console) async throws -> Answer {
    let path = hosts.inventory.inventory
    let now = Timestamp.current()
    let loaded = try LoadedPolicy(path)
    let policy = loaded.policy
    let broken = BrokenGuards(loaded, loaded.brokenGuards(at: now))
    let inventory = try InventoryChapters(policy, at: now, GuardList(loaded, broken, at: now).verdicts)
    let picture = ReportPicture(policy, at: now)
    var answer = Answer()
    var gaps: [(what: String, why: String)] = []
    var asked: AskedHosts?
    if let targets = try targets() {
      let hosts = await AskedHosts(targets, console)
      asked = hosts
      answer.parts += hosts.failures
      if !hosts.failures.isEmpty { answer.exitCode = .failed }
      gaps += hosts.gaps
    } else {
      gaps.append(
        (
          "drift, pending changes, use of flows, sessions, denied connections, quarantine, openings, tripwires, history",
          "no host was asked: --host SELECTOR, --lab or --local"
        ))
    }
    let enforcement = Enforcement(
      meant: inventory.unenforced, told: asked.map { inventory.called($0.notAsMeant) })
    var chapters = [
      inventory.summary, inventory.picture(picture), inventory.flows(asked?.uses),
      inventory.matrix(enforcement),
      inventory.guards, inventory.jewels, inventory.reach,
    ]
    chapters += asked?.chapters(inventory.called) ?? []
    if let probe = KeptProbe.newest(ofLab: hosts.targets.lab) {
      chapters.append(probe.chapter(loaded.digest))
      gaps += probe.gaps
    } else {
      gaps.append(
        ("whether packets agree with the policy", "no outcome of sekisho probe is kept in build/probes"))
    }
    if let base {
      chapters.append(try await change(since: base))
    } else {
      gaps.append(("what changed", "no revision was named to compare with: --base REV"))
    }
    let approvers = asked?.approvers
    if approvers == nil {
      gaps.append(
        (
          "who approved",
          "no host that was asked has asked for signatures; reviews are in the repository and its service, and a host's history says who applied and confirmed"
        ))
    }
    chapters += [Clauses.chapter(enforcement), inventory.notCovered(gaps)]
    let report = Report(
      title: title ?? "Evidence: \(path)", identity: await identity(loaded, now, approvers),
      chapters: chapters,
      picture: picture)
    try write(report, &answer)
    if !broken.broken.isEmpty {
      answer.parts.append(
        .failure(
          "\(broken.broken.count) of \(counted(policy.guards.count, "guard")) do not hold; the report says how"
        ))
      answer.exitCode = answer.exitCode ?? .broken
    }
    return answer
  }

  /// The hosts that are named; a report is of guards that do not hold, too.
  private func targets() throws -> Targets? {
    let options = hosts.targets
    guard options.local || options.lab || options.host != nil else { return nil }
    return try TargetFinder(
      options: options.request, inventory: hosts.inventory.inventory, requiresGuards: false
    ).find()
  }

  private func identity(
    _ loaded: LoadedPolicy, _ now: Timestamp, _ approvers: String?
  ) async -> [Report.Fact] {
    let path = hosts.inventory.inventory
    let commit = await Inventory.commit(of: path)
    return [
      Report.Fact("Inventory", path),
      Report.Fact("SHA-256 of its files", loaded.digest),
      Report.Fact(
        "Revision of git",
        commit.map { $0.isChanged ? "\($0.name), with changes that are not committed" : $0.name } ?? "none"),
      Report.Fact("Written (UTC)", "\(now)"),
      Report.Fact("By", "sekisho \(versionText)"),
      Report.Fact("Approved by", approvers ?? "not known: no host has asked for signatures"),
      Report.Fact("Signed by", "nobody: this document is not signed"),
    ]
  }

  /// As `diff --base` tells it.
  private func change(since base: String) async throws -> ReportChapter {
    let path = hosts.inventory.inventory
    let commit = try await Inventory.mergeBase(of: base)
    let comparison = try SourceComparison(
      from: try await DiffSource("\(commit):\(path)"), to: try await DiffSource(path), host: nil)
    let parts = DiffReport(found: comparison.found, showsObjects: false, sources: nil).parts
    var chapter = ReportChapter(
      "change", "What changed since \(base)",
      lead: [
        "Compared with \(commit), the merge base of \(base) and HEAD: what opened (+) and what closed (-)."
      ])
    for part in parts {
      switch part {
      case .chapter(let told): chapter.tables.append(ReportTable(told))
      case .summary(let text): chapter.lead.append("\(text.prefix(1).uppercased())\(text.dropFirst()).")
      case .remark, .detail, .diagnostics, .failure, .verbatim: break
      }
    }
    return chapter
  }

  private func write(_ report: Report, _ answer: inout Answer) throws {
    let format = output.json ? .json : self.format ?? .html
    let bytes =
      switch format {
      case .html: Array(ReportPage(report).html.utf8)
      case .md: Array(ReportText.markdown(report).utf8)
      case .csv: Array(ReportText.csv(report).utf8)
      case .json: try JSONOutput.bytes(.document(report))
      }
    answer.data = .document(report)
    if let out {
      // For its owner alone: who reads it knows the ways through the network.
      try Files.replace(out, with: bytes)
      answer.parts.append(
        .summary("\(out): \(counted(report.chapters.count, "chapter")), \(counted(bytes.count, "byte"))"))
    } else {
      answer.parts.insert(.verbatim(bytes), at: 0)
    }
  }
}

extension ReportTable {
  /// What a verb tells in a chapter, entry by entry.
  init(_ chapter: Chapter) {
    func rows(_ entry: Entry, _ depth: Int) -> [Row] {
      let words = entry.words.spans.map(\.text).joined()
      let ends = entry.ends.map { "\($0.from) → \($0.to)  " } ?? ""
      let lead = String(repeating: "– ", count: depth)
      let sign = entry.mark.map { "\($0.sign) " } ?? ""
      return [Row([lead + sign + ends + words, entry.note])]
        + entry.below.flatMap { rows($0, depth + 1) }
    }
    let title = chapter.title.spans.map(\.text).joined()
    let all = chapter.entries.flatMap { rows($0, 0) }
    // What a verb says of nothing.
    let isEmpty = all.map(\.cells) == [["none", ""]]
    self.init(title.isEmpty ? "Told" : title, ["what", "note"], isEmpty ? [] : all)
  }
}
