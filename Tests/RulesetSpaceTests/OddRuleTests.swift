import Addressing
import ConnectionSpace
import Nftables
import PolicyFixtures
import RulesetSpace
import Testing

/// Rules that nobody would write, but a file may hold: expressions in any order, of any length.
@Suite struct OddRuleTests {
  @Test(arguments: 0..<40)
  func `however odd a rule is, what certainly becomes of a packet lies between the bounds`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed) &+ 77)
    let packets = (0..<60).map { _ in draw(&random) }
    let rules = (0..<3).map { _ in rule(packets, &random) }
    let chain = Chain(
      name: "in", base: BaseChain(hook: .input, policy: random.oneIn(2) ? .drop : .accept), rules: rules)
    let table = Table(family: .inet, name: "odd", chains: [chain], sets: [])
    let space = try RulesetSpace([table], .ingress, Circumstances(time: 0), in: Universe())
    #expect(try space.lower.isSubset(of: space.upper))
    let evaluator = Evaluator(table)
    for (point, packet) in packets {
      let result = evaluator.evaluate(packet, at: .input)
      guard result.isCertain else { continue }
      let isInside =
        result.verdict == .accept ? space.upper.contains(point) : !space.lower.contains(point)
      #expect(isInside, "\(point) \(rules)")
    }
  }

  /// What a limit or a set that rules fill says is not known, and need not be where both ways lead to the same rule.
  @Test(arguments: [false, true]) func `rules that only count and return are no doubt, and others are`(
    isDeciding: Bool
  ) throws {
    let unknown: [Statement] = [
      .match(.concatenation([.ipSaddr, .thDport]), .notEqual, .named("seen")),
      .limit(Limit(rate: 5, burst: 5)),
    ]
    let counting = try [
      Rule(unknown + [.counter, .return], in: .inet),
      Rule([.update("seen", .ipSaddr, [.counter]), .return], in: .inet),
      Rule([.counter], in: .inet),
    ]
    let last = try Rule([.match(.l4Proto, .ipProtocol(.tcp)), .drop], in: .inet)
    let table = Table(
      family: .inet, name: "t",
      chains: [
        Chain(
          name: "in", base: BaseChain(hook: .input, policy: .drop),
          rules: try [Rule([.jump("counts")], in: .inet), Rule([.counter, .accept], in: .inet)]),
        Chain(name: "counts", rules: counting + (isDeciding ? [last] : [])),
      ], sets: [])
    #expect(table.chains[1].deciding.count == (isDeciding ? 4 : 0))
    let source = RandomRuleset.address(.ipv4, 1)
    let packet = Packet(
      from: source, to: RandomRuleset.address(.ipv4, 2), .tcp,
      transport: Packet.transportHeader(.tcp, source: 40_000, destination: 22), inputInterface: 2)
    let result = Evaluator(table).evaluate(packet, at: .input)
    #expect(result.isCertain != isDeciding)
    let space = try RulesetSpace([table], .ingress, Circumstances(time: 0), in: Universe())
    #expect((space.lower == space.upper) != isDeciding)
    if !isDeciding { #expect(result.verdict == .accept && result.decidedBy?.index == 1) }
  }

  private func rule(_ packets: [(Point, Packet)], _ random: inout SeededGenerator) -> Rule {
    var expressions: [Expression] = []
    var held: [UInt8] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let packet = packets.randomElement(using: &random)?.1 ?? packets[0].1
      let (load, bytes) = load(packet, &random)
      expressions.append(load)
      held = bytes
      if random.oneIn(4) {
        let masks: [UInt8] = [0, 0xff, 0xff, 0xf0, 0x0f]
        let mask = held.map { _ in masks[Int.random(in: 0..<5, using: &random)] }
        let xor = held.map { _ -> UInt8 in random.oneIn(6) ? UInt8.random(in: 0...255, using: &random) : 0 }
        expressions.append(.bitwise(from: .r1, into: .r1, mask: mask, xor: xor))
        held = zip(held, zip(mask, xor)).map { $0 & $1.0 ^ $1.1 }
      }
      if random.oneIn(8) {
        let size: UInt32 = [2, 4].randomElement(using: &random) ?? 2
        expressions.append(
          .byteorder(from: .r1, into: .r1, toNetwork: true, length: UInt32(held.count), size: size))
      }
      expressions.append(condition(held, &random))
    }
    expressions.append(.verdict([.accept, .drop, .return].randomElement(using: &random) ?? .drop))
    return Rule(expressions)
  }

  /// A load, and the bytes that it finds in a packet.
  private func load(_ packet: Packet, _ random: inout SeededGenerator) -> (Expression, [UInt8]) {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return (.meta(.l4Proto, into: .r1), [packet.ipProtocol.rawValue])
    case 1: return (.meta(.nfProto, into: .r1), [packet.family == .ipv4 ? 2 : 10])
    case 2: return (.conntrack(.state, direction: nil, into: .r1), [8, 0, 0, 0])
    case 3: return (.immediate(.r1, [1, 2, 3, 4]), [1, 2, 3, 4])
    case 4: return (.payload(base: .network, offset: 0, length: 4_000_000_000, into: .r1), [1])
    default:
      let base: PayloadBase = random.oneIn(2) ? .network : .transport
      let header = base == .network ? packet.network : packet.transport
      let place = [0, 2, 8, 9, 12, 16, 24].randomElement(using: &random) ?? 0
      let length = [1, 2, 4, 8, 16, 20].randomElement(using: &random) ?? 4
      let bytes = (place..<place + length).map { $0 < header.count ? header[$0] : 0 }
      return (.payload(base: base, offset: UInt32(place), length: UInt32(length), into: .r1), bytes)
    }
  }

  private func condition(_ held: [UInt8], _ random: inout SeededGenerator) -> Expression {
    var value = held
    if random.oneIn(3) { value = Array(value.prefix(max(1, value.count / 2))) }
    if random.oneIn(10) { value += [0, 0, 0] }
    if random.oneIn(3) { value[value.count - 1] &+= 1 }
    let upper = value.map { _ in UInt8(0xff) }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .range(negated: random.oneIn(2), .r1, from: value, to: upper)
    case 1:
      let set = InlineSet(
        key: [.integer], elements: SetElements(keyLength: value.count, keys: value))
      return .lookup(.inline(set), .r1, negated: random.oneIn(2), into: nil)
    case 2:
      let set = InlineSet(
        key: [.integer], flags: .interval,
        elements: SetElements(keyLength: value.count, keys: value, lastKeys: upper))
      return .lookup(.inline(set), .r1, negated: random.oneIn(2), into: nil)
    default:
      let sign = ComparisonOperator(rawValue: UInt32.random(in: 0...5, using: &random)) ?? .equal
      return .compare(sign, .r1, value)
    }
  }

  private func draw(_ random: inout SeededGenerator) -> (Point, Packet) {
    let family: AddressFamily = random.oneIn(2) ? .ipv4 : .ipv6
    let source = RandomRuleset.address(family, UInt8.random(in: 0...3, using: &random))
    let destination = RandomRuleset.address(family, UInt8.random(in: 0...3, using: &random))
    let ipProtocol = [IPProtocol.tcp, .udp, .icmp, .esp].randomElement(using: &random) ?? .tcp
    let port = RandomRuleset.ports.randomElement(using: &random) ?? 1
    var kind = port
    var header = Packet.transportHeader(ipProtocol, source: 40_000, destination: port)
    if ipProtocol == .icmp {
      header = [8, 0, 1, 2, 3, 4, 5, 6]
      kind = 8
    } else if ipProtocol == .esp {
      header = [1, 2, 3, 4, 5, 6, 7, 8]
      kind = 0
    }
    return (
      Point(.ingress, from: source, to: destination, ipProtocol, kind: kind),
      Packet(from: source, to: destination, ipProtocol, transport: header, inputInterface: 2)
    )
  }
}
