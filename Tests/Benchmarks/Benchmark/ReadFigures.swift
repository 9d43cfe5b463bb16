import Foundation
import Nftables
import RulesetShape

/// Rulesets of others: a rule a customer.
struct ReadFigures {
  let sekisho: String
  let place: String

  private static let rules = 20_000

  func show() throws {
    section("Rulesets of others")
    let file = "\(place)/customers.json"
    let established = Rule(compiling: [.match(.ctState, .states(.established)), .accept])
    let rules = (0..<Self.rules).map { number in
      let source = (UInt32(10) << 24 | UInt32(number) &* 7919 & 0xff_ffff).bigEndian
      return Rule(compiling: [
        .match(.ipSaddr, .value(withUnsafeBytes(of: source) { Array($0) })),
        .match(.tcpDport, .port(UInt16(1024 + number % 4000))), .accept,
      ])
    }
    let table = Table(
      family: .inet, name: "filter",
      chains: [
        Chain(
          name: "input", base: BaseChain(hook: .input, policy: .drop), rules: [established] + rules)
      ], sets: [])
    try Data(try table.fileJSON()).write(to: URL(fileURLWithPath: file))
    let usage = require([sekisho, "read", file, "--allows"], output: "\(place)/customers.txt")
    Figure("read --allows of 20,000 rules", usage.seconds, "s", .atMost(10)).show()
    Figure("peak memory", Double(usage.peak) / 1000, "MB", .atMost(512)).show()
  }
}
