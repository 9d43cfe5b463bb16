import Addressing
import ConnectionSpace
import Nftables
import PolicyFixtures
import RulesetSpace
import Testing

/// The space of random rulesets against the evaluator, packet by packet.
@Suite struct RandomRulesetTests {
  private static let own: [Address] = AddressFamily.allCases.flatMap { family in
    [RandomRuleset.address(family, 1), RandomRuleset.address(family, 9)]
  }

  @Test(arguments: 0..<100)
  func `no packet passes that is above the upper bound, and all that are below the lower one do`(seed: Int)
    throws
  {
    try compare(seed: seed, isPlain: false)
  }

  @Test(arguments: 0..<100)
  func `a ruleset that looks at nothing but connections has an exact space`(seed: Int) throws {
    try compare(seed: seed &+ 10_000, isPlain: true)
  }

  private func compare(seed: Int, isPlain: Bool) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let passage: Passage = random.oneIn(2) ? .ingress : .egress
    let hook: Hook = passage == .ingress ? .input : .output
    let ruleset = RandomRuleset(&random, hook: hook, isPlain: isPlain)
    let circumstances = Circumstances(ownAddresses: AddressSet(Self.own), time: 0)
    let space = try RulesetSpace(ruleset.tables, passage, circumstances, in: Universe())
    #expect(try space.lower.isSubset(of: space.upper))
    let ported = { (space: ConnectionSpace) in space.restricted { $0.ipProtocol.hasPorts } }
    if isPlain { #expect(ported(space.lower) == ported(space.upper)) }
    let evaluators = ruleset.tables.map { (family: $0.family, evaluator: Evaluator($0)) }
    for _ in 0..<400 {
      let (point, packet) = draw(passage, &random)
      let passes = evaluators.allSatisfy { family, evaluator in
        let applies =
          family == .inet || family == (packet.family == .ipv4 ? Family.ipv4 : Family.ipv6)
        return !applies || evaluator.evaluate(packet, at: hook).verdict == .accept
      }
      let isUpper = space.upper.contains(point)
      let isLower = space.lower.contains(point)
      #expect(passes ? isUpper : !isLower, "\(point)")
    }
  }

  private func draw(_ passage: Passage, _ random: inout SeededGenerator) -> (Point, Packet) {
    let family: AddressFamily = random.oneIn(2) ? .ipv4 : .ipv6
    let source = RandomRuleset.address(family, UInt8.random(in: 0...17, using: &random))
    let destination = RandomRuleset.address(family, UInt8.random(in: 0...17, using: &random))
    let ipProtocol = RandomRuleset.protocols.randomElement(using: &random) ?? .tcp
    var port = RandomRuleset.ports.randomElement(using: &random) ?? 1
    if random.oneIn(4) { port &+= 1 }
    let kind: UInt16
    var header: [UInt8]
    if ipProtocol.hasPorts {
      kind = port
      header = Packet.transportHeader(
        ipProtocol, source: RandomRuleset.ports.randomElement(using: &random) ?? 1, destination: port)
    } else if ipProtocol == .icmp || ipProtocol == .icmpv6 {
      let type = RandomRuleset.types.randomElement(using: &random) ?? 8
      kind = UInt16(type)
      header = [type, 0, 0, UInt8.random(in: 0...255, using: &random), 0, 0, 0, 0]
    } else {
      kind = 0
      header = (0..<(random.oneIn(2) ? 8 : 0)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    if !header.isEmpty, !ipProtocol.hasPorts, random.oneIn(2) { header[2] = 0 }
    var packet = Packet(
      from: source, to: destination, ipProtocol, transport: header,
      hopLimit: [1, 64, 255].randomElement(using: &random) ?? 64,
      inputInterface: passage == .ingress ? 2 : nil, outputInterface: passage == .ingress ? nil : 2)
    packet.localAddresses = Self.own
    let isUntracked =
      family == .ipv6 && ipProtocol == .icmpv6 && ((130...136).contains(kind) || kind == 143)
    packet.state = isUntracked ? .untracked : begins(packet, kind) ? .new : .invalid
    return (Point(passage, from: source, to: destination, ipProtocol, kind: kind), packet)
  }

  /// Whether connection tracking takes a message for the beginning of something.
  private func begins(_ packet: Packet, _ kind: UInt16) -> Bool {
    switch (packet.family, packet.ipProtocol) {
    case (.ipv4, .icmp): [8, 13, 15, 17].contains(kind)
    case (.ipv6, .icmpv6): [128, 139].contains(kind)
    default: true
    }
  }
}
