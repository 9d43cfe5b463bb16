import Nftables

/// Where two tables differ first.
struct TableDifference: CustomStringConvertible {
  let description: String

  init(_ found: Table?, from wanted: Table) {
    guard let found else {
      description = "there is none"
      return
    }
    if found.sets.map(\.name) != wanted.sets.map(\.name) {
      description = "sets \(found.sets.map(\.name)), not \(wanted.sets.map(\.name))"
    } else if found.chains.map(\.name) != wanted.chains.map(\.name) {
      description = "chains \(found.chains.map(\.name)), not \(wanted.chains.map(\.name))"
    } else if let pair = zip(found.sets, wanted.sets).first(where: { $0 != $1 }) {
      description = "\(pair.0), not \(pair.1)"
    } else if let pair = zip(found.chains, wanted.chains).first(where: { $0 != $1 }) {
      let rules = zip(pair.0.rules, pair.1.rules).first { $0 != $1 }
      description = rules.map { "\($0), not \($1)" } ?? "\(pair.0), not \(pair.1)"
    } else {
      description = "\(found), not \(wanted)"
    }
  }
}
