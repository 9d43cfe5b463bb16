import Nftables
import Testing

/// Nothing that comes from outside may crash: not JSON, not the steps of a rule that the kernel reports.
@Suite struct DamageTests {
  @Test func `damaged JSON is read or refused`() throws {
    let whole = try SekishoRules.table().fileJSON()
    var random = Numbers(seed: 7)
    var read = 0
    for _ in 0..<1000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes[index] = [0x30, 0x39, 0x22, 0x2c, 0x5b, 0x7b, 0x2d].randomElement(using: &random) ?? 0
        default: bytes.removeSubrange(index..<min(index + 40, bytes.count))
        }
      }
      guard let tables = try? Table.tables(fromJSON: bytes) else { continue }
      read += 1
      for table in tables {
        _ = try? table.listing()
        _ = try? table.fileText()
        guard let json = try? table.fileJSON() else { continue }
        #expect(try Table.tables(fromJSON: json) == [table])
      }
    }
    #expect(read > 30)
  }

  @Test func `steps in any order are told exactly or stay opaque`() throws {
    var random = Numbers(seed: 11)
    let steps = try Set(SekishoRules.all.flatMap { try Rule($0.statements, in: .inet).expressions })
      .sorted { $0.debugText < $1.debugText }
    for _ in 0..<2000 {
      let picked = (0..<Int.random(in: 1...8, using: &random)).compactMap { _ in
        steps.randomElement(using: &random)
      }
      let rule = Rule(picked)
      for family in [Family.inet, .ipv4, .ipv6, .bridge, .arp, .netdev] {
        let statements = rule.statements(in: family)
        #expect(try Rule(statements, in: family).expressions == picked)
        _ = try? rule.text(in: family)
      }
    }
  }
}

/// The same numbers on every run.
struct Numbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var mixed = state
    mixed ^= mixed >> 33
    mixed = mixed &* 0xff51_afd7_ed55_8ccd
    return mixed ^ mixed >> 33
  }
}
