import Addressing
import Nftables
import PolicyFixtures

/// A random ruleset over a few addresses and ports: several tables and base chains, jumps that only go
/// down, verdict maps, sets of every shape.
struct RandomRuleset {
  let tables: [Table]

  static let ports: [UInt16] = [0, 21, 22, 80, 443, 1000, 1023, 1024, 65535]
  static let types: [UInt8] = [0, 3, 8, 128, 133, 255]
  static let protocols: [IPProtocol] = [.tcp, .udp, .sctp, .icmp, .icmpv6, .esp, IPProtocol(rawValue: 99)]

  static func address(_ family: AddressFamily, _ last: UInt8) -> Address {
    Address(family, (family == .ipv4 ? 0x0a00_0000 : 0x2001_0db8 << 96) | UInt128(last))
  }

  /// - Parameter isPlain: only what a connection decides: no source ports, limits, names of links.
  init(_ random: inout SeededGenerator, hook: Hook, isPlain: Bool) {
    var tables: [Table] = []
    for number in 0..<Int.random(in: 1...2, using: &random) {
      let family: Family = [.inet, .inet, .inet, .ipv4, .ipv6].randomElement(using: &random) ?? .inet
      var builder = TableMaker(family: family, isPlain: isPlain, hook)
      tables.append(builder.table(number, hook, &random))
    }
    self.tables = tables
  }
}

private struct TableMaker {
  let family: Family
  let isPlain: Bool
  private let linkName: Operand
  private var sets: [NamedSet] = []
  private let chains: [ChainName] = ["c0", "c1", "c2", "c3"]

  init(family: Family, isPlain: Bool, _ hook: Hook) {
    linkName = hook == .input ? .iifname : .oifname
    self.family = family
    self.isPlain = isPlain
  }

  mutating func table(_ number: Int, _ hook: Hook, _ random: inout SeededGenerator) -> Table {
    var result: [Chain] = []
    for (level, name) in chains.enumerated() {
      result.append(Chain(name: name, rules: rules(below: level, &random)))
    }
    for base in 0..<Int.random(in: 1...2, using: &random) {
      result.append(
        Chain(
          name: ChainName(checked: "base\(base)"),
          base: BaseChain(
            hook: hook, priority: ChainPriority(rawValue: Int32(base)),
            policy: random.oneIn(2) ? .drop : .accept),
          rules: rules(below: chains.count, &random)))
    }
    return Table(family: family, name: TableName(checked: "t\(number)"), chains: result, sets: sets)
  }

  private mutating func rules(below level: Int, _ random: inout SeededGenerator) -> [Rule] {
    var result: [Rule] = []
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let statements = statements(below: level, &random)
      // Two protocols in one rule, for instance, cannot be.
      if let rule = try? Rule(statements, in: family) { result.append(rule) }
    }
    return result
  }

  private mutating func statements(below level: Int, _ random: inout SeededGenerator) -> [Statement] {
    var statements: [Statement] = []
    var version = families.randomElement(using: &random) ?? .ipv4
    if random.oneIn(6) { version = families[0] }
    for _ in 0..<Int.random(in: 0...2, using: &random) { statements.append(match(version, &random)) }
    if random.oneIn(5) { statements.append(.counter) }
    if random.oneIn(4) {
      statements.append(.vmap(.thDport, map([.inetService], keys(&random), level, &random)))
    } else if random.oneIn(6) {
      let key = Operand.concatenation([.l4Proto, .thDport])
      var keys: [[UInt8]] = []
      for port in self.keys(&random) {
        for ipProtocol: UInt8 in [6, 17] where random.oneIn(2) {
          keys.append([ipProtocol, 0, 0, 0] + port + [0, 0])
        }
      }
      statements.append(.vmap(key, map([.inetProto, .inetService], keys, level, &random)))
    } else if random.oneIn(10) {
      statements.append(.reject(.adminProhibited))
    } else {
      statements.append(.verdict(verdict(level, &random)))
    }
    return statements
  }

  private var families: [AddressFamily] {
    switch family {
    case .ipv4: [.ipv4]
    case .ipv6: [.ipv6]
    default: [.ipv4, .ipv6]
    }
  }

  private func verdict(_ level: Int, _ random: inout SeededGenerator) -> Verdict {
    let target = level == 0 ? nil : chains[..<level].randomElement(using: &random)
    switch (Int.random(in: 0..<8, using: &random), target) {
    case (0...1, _): return .accept
    case (2...3, _): return .drop
    case (4, _): return .return
    case (5...6, let chain?): return .jump(chain)
    case (7, let chain?): return .goto(chain)
    default: return random.oneIn(2) ? .continue : .accept
    }
  }

  // MARK: Matches

  private mutating func match(_ version: AddressFamily, _ random: inout SeededGenerator) -> Statement {
    let sign: ComparisonOperator = random.oneIn(4) ? .notEqual : .equal
    let order = [ComparisonOperator.less, .lessOrEqual, .greater, .greaterOrEqual].randomElement(
      using: &random)
    let port = RandomRuleset.ports.randomElement(using: &random) ?? 1
    if !isPlain, random.oneIn(4) {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: return .match(.thSport, sign, .port(port))
      case 1: return .limit(Limit(rate: 5, burst: 5))
      case 2: return .match(linkName, sign, .value(Array("eth0".utf8) + Array(repeating: 0, count: 12)))
      default: return .match(.meta(.mark), sign, .host32(7))
      }
    }
    switch Int.random(in: 0..<13, using: &random) {
    case 0, 1: return .match(version == .ipv4 ? .ipSaddr : .ip6Saddr, sign, addresses(version, &random))
    case 2, 3: return .match(version == .ipv4 ? .ipDaddr : .ip6Daddr, sign, addresses(version, &random))
    case 4: return .match(.thDport, sign, .port(port))
    case 5: return .match(.tcpDport, order ?? .less, .port(port))
    case 6:
      let other = RandomRuleset.ports.randomElement(using: &random) ?? 1
      return .match(.udpDport, sign, .ports(min(port, other)...max(port, other)))
    case 7: return .match(.l4Proto, sign, .protocols([.tcp, .udp, IPProtocol(rawValue: 99)]))
    case 8:
      let type = RandomRuleset.types.randomElement(using: &random) ?? 8
      return .match(version == .ipv4 ? .icmpType : .icmpv6Type, sign, .byte(type))
    case 9:
      return .match(.ctState, sign, .states(random.oneIn(2) ? [.established, .related] : [.new]))
    case 10: return .match(.iif, sign, .loopback)
    case 11: return .match(version == .ipv4 ? .fibSaddrType : .fibDaddrType, sign, .local)
    default: return .match(.tcpFlags([.syn, .ack]), sign, .tcpFlags(.syn))
    }
  }

  private mutating func addresses(_ version: AddressFamily, _ random: inout SeededGenerator) -> Comparand {
    let bytes = (0..<4).map { _ in
      RandomRuleset.address(version, UInt8.random(in: 0...15, using: &random)).networkBytes
    }
    let sorted = Set(bytes).sorted { $0.lexicographicallyPrecedes($1) }
    let type: DataType = version == .ipv4 ? .ipv4Address : .ipv6Address
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .value(bytes[0])
    case 1:
      return .prefix(
        Prefix(
          containing: RandomRuleset.address(version, UInt8.random(in: 0...15, using: &random)),
          length: version.bitWidth - Int.random(in: 0...5, using: &random)))
    case 2: return .range(sorted[0], sorted[sorted.count - 1])
    case 3: return .inline(type, sorted)
    default:
      let name = SetName(checked: "s\(sets.count)")
      let isInterval = random.oneIn(2) && sorted.count >= 2
      sets.append(
        NamedSet(
          name: name, key: [type], flags: isInterval ? .interval : [],
          elements: isInterval
            ? SetElements(keyLength: version.byteCount, keys: sorted[0], lastKeys: sorted[1])
            : SetElements(keyLength: version.byteCount, keys: sorted.flatMap { $0 })))
      return .named(name)
    }
  }

  private func keys(_ random: inout SeededGenerator) -> [[UInt8]] {
    RandomRuleset.ports.filter { _ in random.oneIn(3) }.map { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
  }

  private mutating func map(
    _ key: [DataType], _ keys: [[UInt8]], _ level: Int, _ random: inout SeededGenerator
  ) -> SetName {
    let name = SetName(checked: "m\(sets.count)")
    let length = key.count == 1 ? 2 : 8
    let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
    var verdicts: [Verdict] = []
    for _ in sorted { verdicts.append(verdict(level, &random)) }
    sets.append(
      NamedSet(
        name: name, key: key, data: [.verdict],
        elements: SetElements(keyLength: length, keys: sorted.flatMap { $0 }, payload: .verdicts(verdicts))))
    return name
  }
}
