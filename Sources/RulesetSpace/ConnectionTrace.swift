internal import Addressing
public import ConnectionSpace
public import Nftables

/// The way of the first packet of one connection through a host's rulesets, base chain by base chain.
public struct ConnectionTrace: Sendable {
  /// What becomes of something.
  public enum Fate: String, Sendable {
    case passes
    case stopped
    /// It depends on more than the connection.
    case mayPass
  }

  /// A rule that decides, or may.
  public struct Decision: Hashable, Sendable {
    public let rule: RulePlace
    /// `accept`, `drop`, `queue`, or `unknown`; of rules that translate `lead` (to ``target``), `disguise` (it has another
    /// source from there on) or `hand` (to a socket of the host, if one listens).
    public let verdict: String
    /// Where the rule leads; `nil`: nowhere else.
    public let target: TranslatedConnections.Target?
    /// Whether it decides whatever else the packet is.
    public let isSure: Bool
  }

  /// A base chain on the way.
  public struct Step: Hashable, Sendable {
    /// nft's word.
    public let hook: String
    public let table: String
    public let chain: ChainName
    /// In the order in which they are met; none where the chain's policy decides alone.
    public let decisions: [Decision]
    /// What the end of the chain does with what gets there; `nil`: nothing does.
    public let policy: ChainPolicy?
    /// Whether the packet is another one by then than the client sent.
    public let isTranslated: Bool
  }

  public let fate: Fate
  public let steps: [Step]
  public let translations: [TranslatedConnections]
  /// What beside the rules stops it, or may.
  package let obstacles: Set<KernelFacts.Obstacle>

  /// - Parameters:
  ///   - point: as the client asks for it; its passage says what it is to the host, as for ``RulesetSpace``.
  ///   - tables: all of the host.
  ///   - circumstances: what rules may ask for beside the connection.
  /// - Throws: ``ConnectionSpace/NotProven`` when the rulesets are too intricate.
  public init(of point: Point, _ tables: [Table], _ circumstances: Circumstances) throws(NotProven) {
    let universe = Universe()
    let chains = BaseChains(tables, beside: [])
    let (family, ipProtocol) = (point.source.family, point.ipProtocol)
    let space = try universe.space(of: [Rectangle(point)])
    var list = TranslationList()
    var passing = Match(sure: universe.empty, possible: universe.empty)
    var steps: [Step] = []
    var obstacles: Set<KernelFacts.Obstacle> = []
    for (protocols, types, state) in RulesetSpace.classes(circumstances.state, family) {
      guard protocols.contains(ipProtocol) else { continue }
      let whole = try Domain(universe, point.passage, family, [ipProtocol], types: types)
      guard whole.all.contains(point) else { continue }
      var here = circumstances
      here.state = state
      let walk = HookWalk(chains, whole.restricted(to: space), here, isTraced: true)
      let result = try walk.result(point.passage)
      passing = result.passing
      obstacles = result.obstacles
      steps = result.visits.map { Step($0, family) }
      for translated in result.translated {
        try list.add(translated, result.passing, [ipProtocol], family)
      }
    }
    fate = !passing.sure.isEmpty ? .passes : passing.possible.isEmpty ? .stopped : .mayPass
    self.steps = steps
    self.obstacles = obstacles
    translations = list.sorted()
  }
}

extension ConnectionTrace.Step {
  fileprivate init(_ visit: HookWalk.Visit, _ family: AddressFamily) {
    let names = ["prerouting", "input", "forward", "output", "postrouting"]
    let number = Int(visit.hook.rawValue)
    self.init(
      hook: number < names.count ? names[number] : "hook \(number)", table: visit.table, chain: visit.chain,
      decisions: visit.decisions.map { ConnectionTrace.Decision($0, family) },
      policy: visit.reachesPolicy ? visit.policy ?? .accept : nil,
      isTranslated: visit.alteration.isTranslated != false)
  }
}

extension ConnectionTrace.Decision {
  fileprivate init(_ decision: ChainRun.Decision, _ family: AddressFamily) {
    let word: String
    var target: TranslatedConnections.Target?
    switch decision.effect {
    case .verdict(.accept): word = "accept"
    case .verdict(.drop): word = "drop"
    case .verdict(.queue): word = "queue"
    case .verdict: word = "unknown"
    case .leads(let alteration): (word, target) = ("lead", alteration.target(family))
    case .disguises: word = "disguise"
    case .hands: word = "hand"
    }
    self.init(rule: decision.rule, verdict: word, target: target, isSure: decision.isSure)
  }
}

extension Rectangle {
  /// One connection.
  fileprivate init(_ point: Point) {
    let kinds: Kinds =
      point.ipProtocol.hasPorts
      ? .ports(PortSet([point.kind...point.kind]))
      : point.ipProtocol.hasTypes
        ? .types(IntervalSet([UInt8(truncatingIfNeeded: point.kind)...UInt8(truncatingIfNeeded: point.kind)]))
        : .any
    self.init(
      point.passage, point.ipProtocol, from: AddressSet([point.source]), to: AddressSet([point.destination]),
      kinds)
  }
}
