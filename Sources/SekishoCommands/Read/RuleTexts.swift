internal import ConnectionDiff
internal import Nftables
internal import RulesetSpace

/// Rules by their places, in nft's words.
struct RuleTexts {
  private let tables: [String: Table]

  init(_ tables: [Table]) {
    self.tables = Dictionary(tables.map { ($0.title, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func text(_ place: RulePlace) -> String {
    guard let table = tables[place.table], let chain = table.chain(place.chain),
      chain.rules.indices.contains(place.index)
    else { return "" }
    let sets = Dictionary(table.sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let style = TextStyle(.listing, isStateless: true)
    return (try? chain.rules[place.index].text(in: table.family, sets: sets, style: style)) ?? ""
  }
}

extension ConnectionTrace.Decision {
  /// What it does, in a word or two.
  var words: String {
    let does =
      switch (verdict, target) {
      case ("unknown", _): "what a rule does is not known"
      case (_, let target?): "leads to \(target.words)"
      case ("disguise", nil): "translates the source"
      case ("hand", nil): "hands it to a socket of this host"
      default: verdict
      }
    return isSure || verdict == "unknown" ? does : "\(does), perhaps"
  }
}
