import Addressing
import ConnectionDiff
import ConnectionSpace
import Nftables
import Policy
import RulesetShape
import RulesetSpace
import Testing

/// Rulesets of thousands of rules that have little in common: a rule a customer.
@Suite struct RuleACustomerTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  /// Each lets one address in by one port.
  private static func table(rules: Int, ports: Int) -> Table {
    let rules = (0..<rules).map { number in
      let source = (UInt32(10) << 24 | UInt32(number) &* 7919 & 0xff_ffff).bigEndian
      return Rule(compiling: [
        .match(.ipSaddr, .value(withUnsafeBytes(of: source) { Array($0) })),
        .match(.tcpDport, .port(UInt16(1024 + number % ports))), .accept,
      ])
    }
    return Table(
      family: .inet, name: "filter",
      chains: [Chain(name: "input", base: BaseChain(hook: .input, policy: .drop), rules: rules)], sets: [])
  }

  @Test(arguments: [(4, 2), (640, 80), (2000, 400)])
  func `what they let in is told in a few lines, and adds up`(rules: Int, ports: Int) throws {
    let table = Self.table(rules: rules, ports: ports)
    let allowed = try AllowedConnections([table], .ingress, own: nil, names: nil, at: Self.now)
    #expect(allowed.possible.isEmpty && allowed.givenUp.isEmpty)
    let universe = Universe()
    let space = try RulesetSpace([table], .ingress, in: universe).lower.moved(from: .ingress, to: .whole)
    var told = universe.empty
    for line in allowed.lines {
      let exceptions = try universe.space(of: line.exceptions)
      told = try told.union(universe.space(of: line.rectangles).subtracting(exceptions))
      let parts = line.isInPart ? line.rectangles : line.exceptions
      #expect(Set(line.toldParts.flatMap(\.rectangles)).isSubset(of: parts))
      #expect(line.toldParts.count + line.untoldParts == parts.count && line.toldParts.count <= 12)
    }
    #expect(told == space)
    #expect(allowed.lines.count <= 12)
    #expect(allowed.lines.contains(where: \.isInPart) == (rules > 4))
  }

  @Test func `what is wide but for a few is told with what it is not`() throws {
    let drops = (0..<100).map { number in
      Rule(compiling: [
        .match(.ipSaddr, .value([10, 0, 0, UInt8(number)])), .match(.tcpDport, .port(UInt16(1024 + number))),
        .drop,
      ])
    }
    let table = Table(
      family: .inet, name: "filter",
      chains: [
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop),
          rules: drops + [Rule(compiling: [.match(.l4Proto, .value([6])), .accept])])
      ], sets: [])
    let allowed = try AllowedConnections([table], .ingress, own: nil, names: nil, at: Self.now)
    #expect(!allowed.lines.isEmpty && allowed.lines.allSatisfy { !$0.isInPart })
    #expect(allowed.lines.contains { $0.exceptions.count == 100 })
  }
}
