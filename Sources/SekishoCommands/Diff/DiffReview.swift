internal import ArgumentParser
internal import Diagnostics
internal import Lint
internal import Operations
internal import Policy

extension DiffCommand {
  /// What the change brings, beside the lines of the new inventory that it is about: findings, and guards that do not hold.
  ///
  func reviewed(
    from before: LoadedPolicy, to after: LoadedPolicy, _ format: ReviewFormat
  ) throws -> Answer {
    let brought = Lint.brought(from: before.policy, to: after.policy, at: .current())
    let guards = BrokenGuards(after).entries
    let found =
      LintReport(findings: brought, sources: after.sources).review
      + guards.map { ReviewFinding(kind: "guard", diagnostic: $0.diagnostic) }
    var answer = Answer(parts: [
      .verbatim(try format.bytes(found)), .summary("\(counted(found.count, "finding")) of what changes"),
    ])
    if !guards.isEmpty { answer.exitCode = .broken }
    return answer
  }

  /// Mistakes of an inventory, in the form that was asked for.
  func reviewed(_ mistakes: InventoryMistakes, _ format: ReviewFormat) throws -> Answer {
    let found = mistakes.report.json(mistakes.sources).map {
      ReviewFinding(kind: "mistake", diagnostic: $0)
    }
    var answer = Answer(parts: [
      .verbatim(try format.bytes(found)), .summary(counted(found.count, "mistake")),
    ])
    answer.exitCode = .failed
    return answer
  }
}
