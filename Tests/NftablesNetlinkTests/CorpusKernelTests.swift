import Netlink
import Nftables
import NftablesNetlink
import Testing

@Suite(
  .enabled(if: Corpus.isPresent, "\(Corpus.absent)"),
  .enabled(if: KernelTrait.isPossible, "this user may not make network namespaces"))
struct CorpusKernelTests {
  /// Opaque expressions that need what the table of the corpus had beside the rule.
  private static let needOthers: Set<String> = ["lookup", "objref"]

  @Test(.namespace) func `rules of the corpus, loaded by us, come back as the same bytes`() throws {
    let connection = try NftablesConnection()
    var raw = RawDump(try KernelSocket())
    var compared = 0
    for entry in Corpus.rules {
      let catalog = try SetCatalog(decoding: entry.setMessages)
      let messages = try entry.rules.map { try RuleMessage(decoding: $0, sets: catalog) }
      let opaque = Set(messages.flatMap(\.rule.opaqueNames))
      // An ingress chain needs a device of its own.
      guard opaque.isDisjoint(with: Self.needOthers), !entry.chain_decl.contains("ingress"),
        let first = messages.first
      else { continue }
      var operations: [Nftables.Operation] = [
        .addTable(comment: nil),
        .addChain(first.chain, try BaseChain(declaration: entry.chain_decl), comment: nil),
      ]
      operations += Self.targets(messages.map(\.rule), catalog.named).filter { $0 != first.chain }.map {
        .addChain($0, nil, comment: nil)
      }
      let used = Set(messages.flatMap { $0.rule.namedSets })
      operations += catalog.named.filter { used.contains($0.name) }.map { .addSet($0.dynamic) }
      operations += messages.map { .addRule(first.chain, $0.rule, .last) }
      do {
        try connection.commit(
          Change(family: first.family, table: first.table, operations: operations), expecting: nil)
      } catch {
        Issue.record("\(entry.id) \(entry.rule): \(error)")
        continue
      }
      let rules = try raw.rules(first.family, first.table).filter { $0.chain == first.chain.text }
      #expect(
        rules.map(\.expressions) == entry.rules.map { RawDump.expressions($0) }, "\(entry.id) \(entry.rule)")
      let again = try #require(try connection.table(first.family, first.table))
      #expect(again.table.chain(first.chain)?.rules == messages.map(\.rule), "\(entry.id) \(entry.rule)")
      try connection.commit(
        Change(family: first.family, table: first.table, operations: [.deleteTable]), expecting: nil)
      compared += 1
    }
    print("measured: \(compared) rules of the corpus came back as the same bytes")
    #expect(compared >= 1290)
  }

  private static func targets(_ rules: [Rule], _ sets: [NamedSet]) -> [ChainName] {
    var payloads = sets.map(\.elements.payload)
    var targets: Set<ChainName> = []
    for expression in rules.flatMap(\.expressions) {
      if case .verdict(let verdict) = expression, let chain = verdict.chain { targets.insert(chain) }
      if case .lookup(.inline(let set), _, _, _) = expression { payloads.append(set.elements.payload) }
    }
    for case .verdicts(let verdicts) in payloads { targets.formUnion(verdicts.compactMap(\.chain)) }
    return targets.sorted()
  }
}

extension Rule {
  var namedSets: [SetName] {
    expressions.compactMap {
      switch $0 {
      case .lookup(.named(let set), _, _, _): set
      case .dynamicSet(let update): update.set
      default: nil
      }
    }
  }
}

extension NamedSet {
  /// nft declared some sets of the corpus without a size and gave them one later, when a rule came to
  /// fill them; made at once with that size the kernel would not let a rule fill them.
  var dynamic: NamedSet {
    size == 65535
      ? NamedSet(
        name: name, key: key, data: data, flags: flags.union(.dynamic), size: size, timeout: timeout,
        comment: comment, elements: elements) : self
  }
}

extension BaseChain {
  /// Reads "type filter hook input priority 0".
  init(declaration: String) throws {
    let words = declaration.split(separator: " ")
    let hooks = ["prerouting", "input", "forward", "output", "postrouting"]
    let hook = try #require(hooks.firstIndex(of: String(words[3])))
    self.init(
      type: String(words[1]), hook: Hook(rawValue: UInt32(hook)),
      priority: ChainPriority(rawValue: Int32(words[5].prefix { $0 != ";" }) ?? 0), policy: .accept)
  }
}
