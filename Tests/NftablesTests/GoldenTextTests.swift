import Nftables
import Testing

@Suite(
  .enabled(
    if: GoldenRule.file != nil,
    "the conformance data is not here; SEKISHO_CONFORMANCE may say where it is"))
struct GoldenTextTests {
  @Test func `steps print as libnftnl prints them`() throws {
    var printed = 0
    for golden in GoldenRule.all {
      let (rules, _) = try golden.decoded()
      let lines = rules.flatMap(\.debugLines)
      if rules.contains(where: \.hasOpaqueSteps) { continue }
      // The debug text is of what nft sends: the kernel adds the log level that was not given, and
      // forgets a direction where it means nothing.
      let sent = golden.nft_debug.replacing(
        "load protocol => reg 1 , dir original", with: "load protocol => reg 1")
      #expect(comparable(lines.joined(separator: " ")) == comparable(sent), "\(golden.id)")
      printed += 1
    }
    #expect(printed >= 1000)
  }

  @Test func `a rule prints as nft lists it or is visibly opaque`() throws {
    var modelled = 0
    var equal = 0
    var opaque: [String: Int] = [:]
    for golden in GoldenRule.all {
      let (rules, sets) = try golden.decoded()
      let family = golden.tableFamily
      if !rules.contains(where: \.hasOpaqueSteps) { modelled += 1 }
      do {
        let text = try rules.map {
          try $0.text(
            in: family, sets: sets, style: .listing, counter: CounterValues(packets: 0, bytes: 0))
        }.joined(separator: "\n")
        if text.contains("(opaque") {
          opaque[golden.src, default: 0] += 1
          continue
        }
        #expect(text == golden.nft_list, "\(golden.id)")
        if text == golden.nft_list { equal += 1 }
      } catch let error as TextError {
        print("  \(golden.id): \(error): \(golden.nft_list)")
        opaque[golden.src, default: 0] += 1
      }
    }
    print("golden texts: \(GoldenRule.all.count) rules, \(modelled) modelled, \(equal) equal; opaque:")
    for (source, count) in opaque.sorted(by: { $0.key < $1.key }) { print("  \(source): \(count)") }
    #expect(equal >= 1000)
  }

  @Test func `statements give the very steps they were read from`() throws {
    for golden in GoldenRule.all {
      let (rules, sets) = try golden.decoded()
      for rule in rules {
        let statements = rule.statements(in: golden.tableFamily, sets: sets)
        let made = try Rule(statements, in: golden.tableFamily, sets: sets)
        #expect(made.expressions == rule.expressions, "\(golden.id)")
      }
    }
  }

  @Test func `a rule that has words reads back from JSON`() throws {
    var written = 0
    for golden in GoldenRule.all {
      let (rules, sets) = try golden.decoded()
      let table = Table(
        family: golden.tableFamily, name: "t", chains: [Chain(name: "c", rules: rules)],
        sets: sets.values.sorted { $0.name < $1.name })
      guard let json = try? table.fileJSON() else { continue }
      written += 1
      let read = try Table.tables(fromJSON: json)
      #expect(read.first?.chains.first?.rules == rules, "\(golden.id)")
      #expect(try read.first?.fileJSON() == json, "\(golden.id)")
    }
    print("golden JSON: \(written) rules written and read")
    #expect(written >= 1000)
  }

  private func comparable(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing(
      "[ log level 4", with: "[ log")
  }
}

extension Rule {
  var hasOpaqueSteps: Bool {
    expressions.contains { if case .opaque = $0 { true } else { false } }
  }
}
