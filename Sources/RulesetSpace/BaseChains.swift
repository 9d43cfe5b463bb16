internal import Addressing
internal import ConnectionSpace
internal import Nftables
internal import RulesetShape

/// The base chains of a host, in the order in which the kernel calls them.
struct BaseChains {
  /// A base chain of a table.
  struct Called {
    let table: Table
    let name: ChainName
    let base: BaseChain
    /// Whether it translates addresses of new connections.
    let isTranslating: Bool
    /// Whether what it drops counts.
    let isJudging: Bool
  }

  private let chains: [Called]
  /// Whether any chain translates.
  let isTranslating: Bool
  private let unknown: (always: Bool, arriving: Bool)
  /// Whether one of which nothing is known may make another packet of it.
  let mayRewrite: Bool
  /// Whether a table may drop questions for neighbours, without which nothing leaves by a link, or answers.
  private let mayDropARP: Bool

  /// - Parameter others: tables whose translation is followed and whose drops are not looked at.
  init(_ tables: [Table], beside others: [Table]) {
    var chains: [Called] = []
    let all = tables.map { ($0.withNobodyCut, true) } + others.map { ($0.withNobodyCut, false) }
    for (table, isJudging) in all where table.isCalled && [.inet, .ipv4, .ipv6].contains(table.family) {
      for chain in table.chains {
        guard let base = chain.base, !isIdle(chain, base) else { continue }
        chains.append(
          Called(
            table: table, name: chain.name, base: base, isTranslating: base.type == "nat",
            isJudging: isJudging))
      }
    }
    isTranslating = chains.contains(where: \.isTranslating)
    // Of one priority the one is called first that was registered last (net/netfilter/core.c), which no dump tells: what they
    // drop is dropped in any order.
    self.chains = chains.enumerated().sorted { a, b in
      let (mine, theirs) = (a.element.order, b.element.order)
      return mine == theirs ? a.offset < b.offset : mine < theirs
    }.map(\.element)
    mayDropARP = tables.contains { $0.family == .arp && $0.isCalled && $0.mayDrop }
    unknown = (
      always: tables.contains { table in
        table.others.contains { $0.kind.contains("chain") && $0.kind != "anonymous chain" }
          || [.netdev, .bridge].contains(table.family) && table.isCalled && table.mayDrop
      },
      arriving: tables.contains { table in
        table.isCalled
          && table.chains.contains { chain in
            chain.base.map { $0.hook == .ingress && !isIdle(chain, $0) } ?? false
          }
      }
    )
    mayRewrite = tables.contains { Self.mayRewrite($0) }
  }

  /// Whether a chain of bridges or devices writes into packets, or sends them elsewhere.
  private static func mayRewrite(_ table: Table) -> Bool {
    let isOfLinks = [.netdev, .bridge].contains(table.family)
    return table.isCalled
      && table.chains.contains { chain in
        (isOfLinks || chain.base?.hook == .ingress)
          && chain.rules.contains { rule in
            rule.expressions.contains { expression in
              switch expression.meaning {
              case .rewrites, .unknown, .translates: true
              default: false
              }
            }
          }
      }
  }

  /// Whether there are chains on the way of which nothing is known.
  func hasUnknown(_ passage: Passage, isToItself: Bool) -> Bool {
    unknown.always || unknown.arriving && (passage != .egress || isToItself)
  }

  /// Whether neighbours may not be found. IPv6 does not ask for them by ARP, and nobody does on the loopback.
  func mayMissNeighbours(_ family: AddressFamily, isToItself: Bool) -> Bool {
    mayDropARP && family == .ipv4 && !isToItself
  }

  /// What is called at one priority.
  struct Place {
    /// Those that translate, one behind the other; in one list those of which it is not known which one is asked first.
    var translating: [[Called]] = []
    /// The others, each of which may be called ahead of translation as well as behind it.
    var others: [Called] = []
  }

  /// One behind the other.
  func places(of hook: Hook, _ family: AddressFamily) -> [Place] {
    let own: Family = family == .ipv4 ? .ipv4 : .ipv6
    var result: [Place] = []
    var last: (priority: Int32, order: Int32)?
    for chain in chains
    where chain.base.hook == hook && (chain.table.family == .inet || chain.table.family == own) {
      if chain.order.0 != last?.priority { result.append(Place()) }
      let place = result.count - 1
      if !chain.isTranslating {
        result[place].others.append(chain)
      } else if result[place].translating.isEmpty || chain.order.1 != last?.order {
        result[place].translating.append([chain])
      } else {
        let list = result[place].translating.count - 1
        result[place].translating[list].append(chain)
      }
      last = (chain.order.0, chain.isTranslating ? chain.order.1 : last?.order ?? 0)
    }
    return result
  }
}

/// Whether a chain changes nothing: it has no rules, and lets pass what comes to its end.
private func isIdle(_ chain: Chain, _ base: BaseChain) -> Bool {
  chain.rules.isEmpty && base.policy != .drop && base.type != "nat"
}

extension BaseChains.Called {
  /// Chains that translate are called at the priority of translation, whatever theirs is, which tells the order
  /// among them (net/netfilter/nf_nat_core.c; NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC).
  fileprivate var order: (Int32, Int32) {
    guard isTranslating else { return (base.priority.rawValue, 0) }
    return ([.prerouting, .output].contains(base.hook) ? -100 : 100, base.priority.rawValue)
  }
}

extension Table {
  fileprivate var isCalled: Bool { !flags.contains(.dormant) }

  /// Whether a base chain may decide something.
  fileprivate var mayDrop: Bool {
    chains.contains { chain in chain.base.map { !isIdle(chain, $0) } ?? false }
  }
}
