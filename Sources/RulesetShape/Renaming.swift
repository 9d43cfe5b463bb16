package import Nftables

/// Other names for parts of a table, wherever they stand in it.
package struct Renaming {
  private let newChain: (ChainName) -> ChainName
  private let newSet: (SetName) -> SetName

  package init(chain: @escaping (ChainName) -> ChainName, set: @escaping (SetName) -> SetName) {
    newChain = chain
    newSet = set
  }

  package func chain(_ name: ChainName) -> ChainName { newChain(name) }

  /// A whole chain, and what it leads to.
  package func chain(_ chain: Chain) -> Chain {
    Chain(
      name: newChain(chain.name), base: chain.base, comment: chain.comment, rules: chain.rules.map(rule))
  }

  package func set(_ set: NamedSet) -> NamedSet {
    NamedSet(
      name: newSet(set.name), key: set.key, data: set.data, flags: set.flags, size: set.size,
      timeout: set.timeout, comment: set.comment, countsElements: set.countsElements,
      elements: elements(set.elements))
  }

  package func rule(_ rule: Rule) -> Rule { Rule(rule.expressions.map(expression), comment: rule.comment) }

  private func expression(_ expression: Expression) -> Expression {
    switch expression {
    case .verdict(let verdict): .verdict(self.verdict(verdict))
    case .lookup(.named(let name), let from, let negated, let into):
      .lookup(.named(newSet(name)), from, negated: negated, into: into)
    case .lookup(.inline(let inline), let from, let negated, let into):
      .lookup(
        .inline(
          InlineSet(
            key: inline.key, data: inline.data, flags: inline.flags, elements: elements(inline.elements))),
        from, negated: negated, into: into)
    case .dynamicSet(let update):
      .dynamicSet(
        DynamicSet(
          update.operation, set: newSet(update.set), key: update.key, data: update.data,
          timeout: update.timeout, expressions: update.expressions))
    default: expression
    }
  }

  private func verdict(_ verdict: Verdict) -> Verdict {
    switch verdict {
    case .jump(let name): .jump(newChain(name))
    case .goto(let name): .goto(newChain(name))
    default: verdict
    }
  }

  private func elements(_ elements: SetElements) -> SetElements {
    guard case .verdicts(let verdicts) = elements.payload else { return elements }
    return SetElements(
      keyLength: elements.keyLength, keys: elements.keys, lastKeys: elements.lastKeys,
      payload: .verdicts(verdicts.map(verdict)), attributes: elements.attributes)
  }
}
