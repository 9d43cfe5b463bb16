extension Rule {
  /// The rule in the words of nft(8).
  ///
  /// What has no exact words stays ``Statement/opaque(_:)``. Turned into expressions again, the
  /// statements give the very expressions of the rule.
  ///
  /// - Parameters:
  ///   - family: that of the table.
  ///   - sets: the table's sets by name, as in ``init(_:in:sets:comment:)``.
  public func statements(in family: Family, sets: [SetName: NamedSet] = [:]) -> [Statement] {
    exactStatements(in: family, sets: sets).statements
  }

  /// The statements, and whether nft 1.0.6 would make something else of them.
  private func exactStatements(
    in family: Family, sets: [SetName: NamedSet]
  ) -> (statements: [Statement], isJoinedByNft: Bool) {
    var isJoined = false
    func isExact(_ statements: [Statement]) -> Bool {
      var linearizer = Linearizer(family: family, sets: sets)
      for statement in statements {
        do throws(StatementError) { try linearizer.append(statement) } catch { return false }
      }
      isJoined = linearizer.isJoinedByNft
      return linearizer.expressions == expressions
    }
    let full = Delinearizer(family: family, sets: sets).statements(of: expressions)
    var pass = ImpliedMatches(family: family)
    let short = pass.removed(from: full)
    if isExact(short) { return (short, isJoined) }
    // One match after the other: some are implied here, others only look so.
    var kept = full
    var index = pass.removable.count
    while index > 0 {
      index -= 1
      var candidate = kept
      candidate.remove(at: pass.removable[index])
      if isExact(candidate) { kept = candidate }
    }
    return isExact(kept) ? (kept, isJoined) : ([.opaque(expressions)], false)
  }

  /// The statements for a file that nft(8) reads: it must make the very expressions of them.
  ///
  /// - Throws: ``TextError``.
  func loadableStatements(
    in family: Family, sets: [SetName: NamedSet]
  ) throws(TextError) -> [Statement] {
    let (statements, isJoinedByNft) = exactStatements(in: family, sets: sets)
    if isJoinedByNft {
      throw .unsupported("comparisons that nft would make others of")
    }
    return statements
  }

  /// The rule in the words of `nft list`, which hides more than ``statements(in:sets:)``: for
  /// instance which of two matches of the protocol (`ip protocol`, `meta l4proto`) there was.
  public func listedStatements(in family: Family, sets: [SetName: NamedSet] = [:]) -> [Statement] {
    var pass = ImpliedMatches(family: family)
    return pass.removed(
      from: Delinearizer(family: family, sets: sets, listing: true).statements(of: expressions))
  }
}

/// Finds statements in expressions; every implied match is still there as a statement.
struct Delinearizer {
  let family: Family
  let sets: [SetName: NamedSet]
  /// Also forms that would not be loaded by the same expressions.
  let listing: Bool

  init(family: Family, sets: [SetName: NamedSet], listing: Bool = false) {
    self.family = family
    self.sets = sets
    self.listing = listing
  }

  func statements(of expressions: [Expression]) -> [Statement] {
    var context = ProtocolContext(family: family)
    var out: [Statement] = []
    var opaque: [Expression] = []
    var index = 0
    while index < expressions.count {
      var reader = StatementReader(expressions[index...], context: context, delinearizer: self)
      if let statements = reader.next() {
        if !opaque.isEmpty { out.append(.opaque(opaque)) }
        opaque = []
        out += statements
        context = reader.context
        index = reader.index
      } else {
        opaque.append(expressions[index])
        index += 1
      }
    }
    if !opaque.isEmpty { out.append(.opaque(opaque)) }
    return out
  }
}
