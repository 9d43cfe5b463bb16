import Nftables
import NftablesNetlink
import Testing

@Suite(.enabled(if: Corpus.isPresent, "\(Corpus.absent)")) struct CorpusDecodeTests {
  @Test func `every rule of the corpus decodes, and what is not modelled is opaque`() throws {
    var modelled = 0
    var opaque: [String: Int] = [:]
    for entry in Corpus.rules {
      let sets = try SetCatalog(decoding: entry.setMessages)
      for bytes in entry.rules {
        let message = try RuleMessage(decoding: bytes, sets: sets)
        #expect(message.table.text == entry.table)
        #expect(message.chain.text == entry.chain)
        #expect(message.rule.expressions.isEmpty == false)
        if message.rule.opaqueNames.isEmpty { modelled += 1 }
        for name in Set(message.rule.opaqueNames) { opaque[name, default: 0] += 1 }
      }
    }
    #expect(Corpus.rules.count == 1298)
    print("corpus: \(modelled) of \(Corpus.rules.count) rules modelled; opaque:")
    for (name, count) in opaque.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
    #expect(modelled >= 1000)
  }

  @Test func `a prefix of a message never crashes and never passes for the whole`() throws {
    for entry in Corpus.rules.prefix(200) {
      for bytes in entry.rules + entry.setMessages {
        for length in 0..<bytes.count {
          let part = Array(bytes[..<length])
          #expect(throws: MessageError.self) { try RuleMessage(decoding: part) }
          #expect(throws: MessageError.self) { try SetCatalog(decoding: [part]) }
        }
      }
    }
  }

  @Test func `random damage never crashes the decoder`() throws {
    var random = SplitMix(seed: 20_261_123)
    for entry in Corpus.rules {
      for _ in 0..<20 {
        var rules = entry.rules
        var sets = entry.setMessages
        for index in rules.indices { damage(&rules[index], &random) }
        for index in sets.indices where Bool.random(using: &random) { damage(&sets[index], &random) }
        let catalog = (try? SetCatalog(decoding: sets)) ?? SetCatalog()
        for bytes in rules { _ = try? RuleMessage(decoding: bytes, sets: catalog) }
      }
    }
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      // Lengths of attributes are where a reader can be led astray: aim at small values too.
      let index = Int.random(in: 0..<bytes.count, using: &random)
      bytes[index] =
        Bool.random(using: &random)
        ? UInt8.random(in: 0...8, using: &random) : .random(in: 0...255, using: &random)
    }
  }
}

/// The same numbers on every run.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
