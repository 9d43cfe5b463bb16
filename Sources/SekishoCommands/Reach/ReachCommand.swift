internal import Addressing
internal import ArgumentParser
internal import Diagnostics
internal import Operations
internal import Policy
internal import Reachability

struct ReachCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "reach",
    abstract: "Show how far an intruder gets.",
    usage: """
      sekisho reach [<options>] <from>
      sekisho reach [<options>] --to <selector>
      sekisho reach [<options>] --rank
      """,
    discussion: """
      An intruder on a host opens the connections that flows let that host open, goes on from where he \
      arrives, and so on. FROM is a host, a selector such as "api & !api-3, worker", a network, or addresses: he is on \
      any one of them, and where a part of the addresses is treated otherwise the answer says so. What a host only observes does not stop him; what goes on in networks is not known, \
      so that no path leads through one.

        sekisho reach web-1                    the hosts he gets to, and how
        sekisho reach internet --hops 2        from outside, two connections deep
        sekisho reach 198.51.100.0/24          from any of these addresses
        sekisho reach web --to db              the ways there, hop by hop
        sekisho reach --to vault               from where he gets there
        sekisho reach edge --to vault --cut    the fewest flows between them
        sekisho reach --rank                   the worst hosts to lose

      With --local, --lab or --host the hosts that are named are asked whom they refuse (quarantine), and no way leads \
      between those any more:

        sekisho reach web-3 --host all

      The exit code is 0 whatever is found, and 1 where a host did not say whom it refuses; guards are for what must \
      not be.
      """)

  @OptionGroup var inventory: InventoryOptions
  @OptionGroup var targets: TargetOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("How many connections deep (default: 3; from one to another, any).", valueName: "n"))
  var hops: Int?

  @Option(help: ArgumentHelp("Show the ways to these.", valueName: "selector"), completion: Completions.peer)
  var to: String?

  @Flag(help: "With --to: the fewest flows that separate the two.")
  var cut = false

  @Flag(help: "Rank hosts by how far he gets from them, and flows by what their removal takes from him.")
  var rank = false

  @Flag(help: "He is root on each host on his way: only the other ends stop him.")
  var root = false

  @Argument(help: "Where he is.", completion: Completions.peer)
  var from: String?

  func validate() throws {
    guard (1...64).contains(hops ?? 3) else { throw ValidationError("--hops is a number from 1 to 64") }
    if rank, from != nil || to != nil {
      throw ValidationError("--rank looks at every host; leave FROM and --to out")
    }
    if !rank, from == nil, to == nil {
      throw ValidationError(
        "say where the intruder is (FROM), or where he wants to be (--to); or --rank for every host")
    }
    if targets.from != nil { throw ValidationError("--from knows no flows; give the inventory") }
    if cut, to == nil || from == nil { throw ValidationError("--cut needs --to: FROM --to SELECTOR --cut") }
  }

  private var asksHosts: Bool { targets.local || targets.lab || targets.host != nil }
  var worksAlone: Bool { !asksHosts }

  func answer(_ console: Console) async throws -> Answer {
    let loaded = try LoadedPolicy(inventory.inventory)
    let policy = loaded.policy
    let ends = try [(from, "FROM"), (to, "--to")].map { text, option in
      try text.map { try Whereabouts($0, option, in: policy) }
    }
    var quarantine: AskedQuarantine?
    if asksHosts {
      let found = try TargetFinder(
        options: targets.request, inventory: inventory.inventory, requiresGuards: false
      ).find()
      quarantine = await AskedQuarantine(found, policy, console)
    }
    let graph = ReachGraph(
      policy, at: .current(), barriers: root ? .enforcedByOthers : .enforced,
      marking: ends.compactMap { $0?.hosts }, asked: ends.flatMap { $0?.networks ?? [] },
      quarantine: quarantine?.refused ?? [])
    let answer = try answer(ends, graph, loaded.sources)
    return quarantine?.added(to: answer) ?? answer
  }

  private func answer(_ ends: [Whereabouts?], _ graph: ReachGraph, _ sources: Sources) throws -> Answer {
    let report = ReachReport(graph: graph, sources: sources, tellsAll: output.verbose)
    guard let start = ends[0] else {
      return ends[1].map { report.approach($0, hops: hops ?? 3) } ?? report.rank(hops: hops ?? 3)
    }
    guard let end = ends[1] else { return report.reach(start, hops: hops ?? 3) }
    if !cut { return report.paths(start, end, within: hops) }
    guard !start.area(graph).intersects(end.area(graph)) else {
      throw ValidationError("'\(start.text)' and '\(end.text)' have hosts in common, which nothing separates")
    }
    return report.cut(start, end)
  }
}
