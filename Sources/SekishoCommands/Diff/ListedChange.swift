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
    let now = Timestamp.current()
    let changes = try Direction.allCases.map { direction in
      try AllowedChange(from: old.tables, to: new.tables, direction, at: now)
    }
    let told = changes.filter { !$0.isEmpty }
    var answer = Answer()
    answer.parts = (old.remarks + new.remarks).map { .remark($0) }
    answer.parts += told.map { .chapter(Self.chapter($0)) }
    if told.isEmpty {
      answer.parts.append(.summary("both let the same connections pass"))
    } else {
      answer.exitCode = .differs
    }
    answer.data = .document(File(directions: changes.map { File.Change($0) }))
    self.answer = answer
  }

  private static func chapter(_ change: AllowedChange) -> Chapter {
    let title: Words =
      switch change.direction {
      case .ingress: "New connections in"
      case .egress: "New connections out"
      case .forward: "New connections through"
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
    return Chapter(.connections, title, entries)
  }

  private struct File: Encodable {
    struct Change: Encodable {
      let direction: String
      let opened: [LineJSON]
      let closed: [LineJSON]
      let mayOpen: [LineJSON]
      let mayClose: [LineJSON]
      let led: [TranslationJSON]
      let ledNoMore: [TranslationJSON]

      init(_ change: AllowedChange) {
        let nowhere = Sources(files: [])
        func lines(_ lines: [ConnectionLine]) -> [LineJSON] { lines.map { LineJSON($0, nowhere) } }
        direction = change.direction.rawValue
        opened = lines(change.opened)
        closed = lines(change.closed)
        mayOpen = lines(change.mayOpen)
        mayClose = lines(change.mayClose)
        led = change.led.map { TranslationJSON($0) }
        ledNoMore = change.ledNoMore.map { TranslationJSON($0) }
      }
    }

    let directions: [Change]
  }
}
