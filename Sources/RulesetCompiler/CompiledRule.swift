internal import Nftables
internal import RulesetShape

extension Rule {
  /// A rule that belongs to no flow.
  init(_ statements: [Statement], note: RuleNote) { self.init(statements, comment: note.rawValue) }

  init(_ statements: [Statement], comment: String? = nil) {
    self.init(compiling: statements, comment: comment)
  }
}
