internal import Nftables
internal import RulesetShape

extension Rule {
  /// A rule that belongs to no flow.
  init(_ statements: [Statement], note: RuleNote) { self.init(statements, comment: note.rawValue) }

  /// A rule of the table Sekisho compiles. Statements that cannot be turned into expressions are a
  /// mistake of the compiler, never of its input.
  init(_ statements: [Statement], comment: String? = nil) {
    do {
      try self.init(statements, in: .inet, comment: comment)
    } catch {
      preconditionFailure("the compiler wrote a rule that nftables cannot express: \(error)")
    }
  }
}
