package import Nftables

extension Rule {
  /// A rule of a table that Sekisho compiles. Statements that cannot be turned into expressions are a mistake of the
  /// compiler, never of its input.
  package init(compiling statements: [Statement], comment: String? = nil) {
    do {
      try self.init(statements, in: .inet, comment: comment)
    } catch {
      preconditionFailure("the compiler wrote a rule that nftables cannot express: \(error)")
    }
  }
}
