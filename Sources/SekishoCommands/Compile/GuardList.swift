internal import Diagnostics
internal import Evidence
internal import Operations
internal import Policy
internal import Reachability

/// Every guard of an inventory: what it says, why, and whether it holds.
struct GuardList {
  let verdicts: [GuardVerdict]
  private let places: [SourceLocation]
  private let sources: Sources
  private let broken: BrokenGuards
  /// For each guard.
  private let tripwires: [[Tripwire]]

  init(_ loaded: LoadedPolicy, _ broken: BrokenGuards, at now: Timestamp) {
    let policy = loaded.policy
    let names = PeerNames(policy)
    let found = Dictionary(uniqueKeysWithValues: broken.broken.map { ($0.index, $0) })
    let proofs = policy.guards.isEmpty ? nil : GuardChecker(policy, at: now)
    verdicts = policy.guards.enumerated().map { index, rule in
      GuardVerdict(
        name: rule.name, statement: rule.statement.word, says: rule.statement.sentence(policy, names),
        why: rule.why, broken: found[index].map(broken.reason), remedy: found[index].map(broken.help),
        shown: found[index].map { policy.way($0.breach) } ?? proofs.map { $0.proof(of: index).text(policy) },
        place: loaded.sources.shownLine(rule.location))
    }
    places = policy.guards.map(\.location)
    sources = loaded.sources
    self.broken = broken
    tripwires = policy.guards.map { $0.statement.tripwires(policy) }
  }

  var chapter: Chapter {
    let count = verdicts.count { !$0.holds }
    let title: Words =
      if verdicts.isEmpty {
        "no guards: nothing is promised of the policy as a whole"
      } else if count == 0 {
        "\(counted(verdicts.count, "guard holds", "guards hold"), .strong)"
      } else {
        "\("\(count) of \(counted(verdicts.count, "guard"))", .strong) \(count == 1 ? "does" : "do") not hold"
      }
    return Chapter(.facts, title, zip(verdicts, tripwires).map(entry))
  }

  private func entry(_ verdict: GuardVerdict, _ tripwires: [Tripwire]) -> Entry {
    let mark = verdict.holds ? Mark(sign: "holds ", role: .opens) : Mark(sign: "broken", role: .closes)
    var below: [Entry] = []
    if let why = verdict.why { below.append("why: \(why)") }
    if let broken = verdict.broken { below.append("how: \(broken)") }
    if let shown = verdict.shown { below.append(Entry(nil, Words("shown by: \(shown)", .faint))) }
    for tripwire in tripwires {
      below.append(
        "but for whoever trips \(tripwire.name) (\(sources.shownLine(tripwire.location))): he is refused for \(roughly(seconds: tripwire.cut))"
      )
    }
    return Entry(mark, "\(verdict.name, .strong): \(verdict.says)", note: verdict.place, below: below)
  }

  /// A line each, those that do not hold with the way and the remedy.
  var lines: [any Encodable] {
    let found = Dictionary(uniqueKeysWithValues: broken.entries.map { ($0.guard, $0) })
    return verdicts.indices.map { index in
      let (verdict, place) = (verdicts[index], places[index])
      guard var entry = found[verdict.name] else {
        return HoldingGuard(verdict, tripwires[index], sources.shownPath(place.file), place)
      }
      entry.verdict = verdict
      return entry
    }
  }

  private struct HoldingGuard: Encodable {
    let file: String
    let line: Int
    let column: Int
    let `guard`: String
    let statement: String
    let says: String
    let why: String?
    let holds: Bool
    let shown: String?
    /// By which somebody may be refused for a time who is to be let in; `nil`: by none.
    let tripwires: [String]?

    init(_ verdict: GuardVerdict, _ tripwires: [Tripwire], _ file: String, _ place: SourceLocation) {
      (self.file, line, column) = (file, place.line, place.column)
      (`guard`, statement, says) = (verdict.name, verdict.statement, verdict.says)
      (why, holds, shown) = (verdict.why, verdict.holds, verdict.shown)
      self.tripwires = tripwires.isEmpty ? nil : tripwires.map(\.name)
    }
  }
}
