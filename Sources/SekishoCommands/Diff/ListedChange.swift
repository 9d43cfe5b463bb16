internal import ArgumentParser
internal import ConnectionDiff
internal import Diagnostics
internal import Operations
internal import Policy

/// What changes between two rulesets that nft(8) printed, of a host of which nothing else is known.
struct ListedChange {
  let answer: Answer

  /// - Throws: `ValidationError` where objects are asked for: those of others are not compared.
  init(from old: RulesetListing, to new: RulesetListing, showsObjects: Bool) throws {
    if showsObjects {
      throw ValidationError(
        "--objects is for what Sekisho compiled; two listings are compared by what passes")
    }
    let change = try ListingChange(from: old.tables, to: new.tables, at: Timestamp.current())
    let told = change.changes.filter { !$0.isEmpty }
    var answer = Answer()
    answer.parts = (old.remarks + new.remarks).map { .remark($0) }
    answer.parts += told.map { .chapter(Self.chapter($0)) }
    if !change.notProven.isEmpty {
      answer.parts.append(
        .chapter(
          .sentence(
            "\("not proven", .changes)\(told.isEmpty ? "" : ", beside that,") that both let the same connections pass: it depends on more than the connection, or is not compared, and table \(listed(change.notProven)) is not known to be the same"
          )))
    }
    if told.isEmpty, change.notProven.isEmpty {
      answer.parts.append(.summary("both let the same connections pass"))
    } else {
      answer.exitCode = .differs
    }
    answer.data = .document(
      File(directions: change.changes.map { File.Change($0) }, notProven: change.notProven))
    self.answer = answer
  }

  private static func chapter(_ change: AllowedChange) -> Chapter {
    let title: Words =
      switch change.direction {
      case .ingress: "New connections in\(by(change.input, " by "))\(by(change.output, " going on by "))"
      case .egress: "New connections out\(by(change.output, " by "))"
      case .forward: "New connections through\(by(change.input, " from "))\(by(change.output, " to "))"
      }
    let nowhere = Sources(files: [])
    var entries =
      change.opened.map { $0.entry(.opens, nowhere) } + change.closed.map { $0.entry(.closes, nowhere) }
    for (lines, words) in [
      (change.mayOpen, "and perhaps opens, depending on more than the connection:"),
      (change.mayClose, "and perhaps closes, depending on more than the connection:"),
    ] where !lines.isEmpty {
      entries.append(Entry(nil, Words(words)))
      entries += lines.map { $0.entry(.changes, nowhere) }
    }
    for (lines, words) in [
      (change.led, "and from then on:"), (change.ledNoMore, "and no more:"),
    ] where !lines.isEmpty {
      entries.append(Entry(nil, Words(words)))
      entries += lines.map(\.entry)
    }
    if change.opensAnswers {
      entries.append(Entry(nil, Words("what belongs to connections that are there passes where it did not")))
    }
    if change.closesAnswers {
      entries.append(
        Entry(nil, Words("what belongs to connections that are there passes no more where it did")))
    }
    return Chapter(.connections, title, entries)
  }

  /// Links, where not all of them are meant.
  private static func by(_ links: AllowedChange.Links, _ preposition: String) -> String {
    guard case .some(let names, let others) = links else { return "" }
    return preposition + listed(names + (others ? [names.isEmpty ? "other links" : "others"] : []))
  }

  private struct File: Encodable {
    /// Links by name; left out where all are meant.
    struct Links: Encodable {
      let named: [String]
      /// Whether links are meant as well that no rule calls by name.
      let others: Bool

      init?(_ links: AllowedChange.Links) {
        guard case .some(let names, let others) = links else { return nil }
        (named, self.others) = (names, others)
      }
    }

    struct Change: Encodable {
      let direction: String
      let input: Links?
      let output: Links?
      let opened: [LineJSON]
      let closed: [LineJSON]
      let mayOpen: [LineJSON]
      let mayClose: [LineJSON]
      let led: [TranslationJSON]
      let ledNoMore: [TranslationJSON]
      /// Whether what belongs to connections that are there passes from then on, or no more.
      let opensAnswers: Bool
      let closesAnswers: Bool

      init(_ change: AllowedChange) {
        let nowhere = Sources(files: [])
        func lines(_ lines: [ConnectionLine]) -> [LineJSON] { lines.map { LineJSON($0, nowhere) } }
        direction = change.direction.rawValue
        (input, output) = (Links(change.input), Links(change.output))
        opened = lines(change.opened)
        closed = lines(change.closed)
        mayOpen = lines(change.mayOpen)
        mayClose = lines(change.mayClose)
        (opensAnswers, closesAnswers) = (change.opensAnswers, change.closesAnswers)
        led = change.led.map { TranslationJSON($0) }
        ledNoMore = change.ledNoMore.map { TranslationJSON($0) }
      }
    }

    let directions: [Change]
    /// Titles of tables whose rules differ, and of which it is not proven that they let pass the same but for what is told.
    let notProven: [String]
  }
}
