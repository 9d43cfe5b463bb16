internal import Nftables
internal import Policy
internal import RulesetShape

/// The forward chain of a host of containers.
///
///     jump quarantine
///     iifname @bridges accept
///     ct status dnat goto forward/to-containers
///     oifname @bridges goto forward/to-containers
///     accept
///
/// What is published is judged by the maps of ingress, by the port that the client asked for: translation has led it
/// away from the input hook, and its source is still the client's (masquerading comes later). Whatever is not about
/// containers passes: forwarding belongs to whoever set them up.
struct ContainerChains {
  let skeleton: Skeleton
  let containers: Containers
  let host: HostPolicy
  /// Of the two sides whose maps judge.
  let ingress: (openings: [Opening], dispatch: Dispatch)
  /// `nil`: what the host asks for is left alone, and so is what its containers ask for.
  let egress: Dispatch?

  private static let bridges = Comparand.named(SetMeaning.bridges.name)

  /// The packets of one way through the host, and of the way back.
  static func isFromContainers(_ operand: Operand) -> Statement { .match(operand, bridges) }
  static func isFromOutside(_ operand: Operand) -> Statement { .match(operand, .notEqual, bridges) }

  func add(_ expiries: [Rule], to builder: inout TableBuilder) {
    var toContainers = [skeleton.unlessNew]
    if ingress.openings.contains(where: \.letsInDisguised) { toContainers.append(skeleton.disguised) }
    if host.mayNameItself { toContainers.append(skeleton.ownAddress) }
    toContainers.append(skeleton.beginning)
    if !ingress.dispatch.byOriginalPort.isEmpty {
      builder.add(
        Chain(
          name: skeleton.side.translatedChain, rules: ingress.dispatch.byOriginalPort + [skeleton.end]))
      toContainers.append(skeleton.translated)
    }
    toContainers.append(skeleton.end)
    builder.add(Chain(name: ChainMeaning.toContainers.name, rules: toContainers))
    if let egress = judgingEgress {
      builder.add(
        Chain(
          name: ChainMeaning.fromContainers.name,
          rules: [skeleton.unlessNew, skeleton.beginning] + egress.byType + egress.byOriginalPort
            + [skeleton.end]))
    }
    builder.add(
      Chain(
        name: ChainMeaning.base(.forward).name, base: BaseChain(hook: .forward, policy: .accept),
        rules: skeleton.cut + expiries + [skeleton.established, QuarantineChain.jump] + ways))
    builder.add(containers.bridgeNames)
  }

  private var judgingEgress: Dispatch? { containers.judgesEgress ? egress : nil }

  private var ways: [Rule] {
    func rule(_ statements: [Statement], _ verdict: Statement, note: RuleNote? = nil) -> Rule {
      note.map { Rule(statements + [verdict], note: $0) } ?? Rule(statements + [verdict])
    }
    let inside = Self.isFromContainers(.iifname)
    let toContainers = Statement.goto(ChainMeaning.toContainers.name)
    let leaving =
      judgingEgress != nil
      ? [
        rule([inside, Self.isFromContainers(.oifname)], .accept, note: .fromContainers),
        rule([inside], .goto(ChainMeaning.fromContainers.name)),
      ] : [rule([inside], .accept, note: .fromContainers)]
    return leaving + [
      rule([.match(.ctStatus, .status(.dnat))], toContainers),
      rule([Self.isFromContainers(.oifname)], toContainers),
      // Not left to the policy of the chain, which is another one's where these rules are on trial.
      Rule([.accept]),
    ]
  }
}

extension ContainerChains {
  /// The rules that end, on their way through the host, what flows had let in to containers or out from them.
  static func ends(
    of openings: [Opening], _ host: HostPolicy, _ containers: Containers, _ side: SidePolicy,
    _ builder: inout TableBuilder
  ) -> [Rule] {
    // What is asked for outside has the mode of this side too, not that of what the host itself asks for.
    func expiries(_ direction: Direction) -> [Expiry] {
      Expiry.all(
        of: openings, dhcp: host.dhcp, seenBy: SidePolicy(direction, mode: side.mode, deny: side.deny),
        modes: Modes(side.mode), peers: builder.sets)
    }
    let (arriving, leaving) = (expiries(.ingress), expiries(.egress))
    var rules: [Rule] = []
    for expiry in arriving.filter({ !$0.isReply }) + leaving.filter(\.isReply) {
      let outside: Operand = expiry.isReply ? .oifname : .iifname
      rules += builder.rules(
        for: expiry, side, among: [isFromOutside(outside), .match(.ctStatus, .status(.dnat))])
    }
    guard containers.judgesEgress else { return rules }
    for expiry in leaving.filter({ !$0.isReply }) + arriving.filter(\.isReply) {
      let (inside, outside): (Operand, Operand) =
        expiry.isReply ? (.oifname, .iifname) : (.iifname, .oifname)
      rules += builder.rules(for: expiry, side, among: [isFromContainers(inside), isFromOutside(outside)])
    }
    return rules
  }
}

extension Containers {
  /// The set of the bridges' names, as ranges of texts.
  fileprivate var bridgeNames: NamedSet {
    let width = 16
    var ranges = bridges.map { name -> (first: [UInt8], last: [UInt8]) in
      let isBeginning = name.hasSuffix("*")
      let bytes = Array((isBeginning ? name.dropLast() : name[...]).utf8)
      let rest = width - bytes.count
      return (
        bytes + Array(repeating: 0, count: rest),
        bytes + Array(repeating: isBeginning ? 0xff : 0, count: rest)
      )
    }
    ranges.sort { $0.first.lexicographicallyPrecedes($1.first) }
    return NamedSet(
      name: SetMeaning.bridges.name, key: [.interfaceName], flags: .interval,
      elements: SetElements(
        keyLength: width, keys: ranges.flatMap(\.first), lastKeys: ranges.flatMap(\.last)))
  }
}
