import Nftables
import Testing

@Suite struct StatementTests {
  @Test(arguments: SekishoRules.all)
  func `a rule of the compiler prints as nft writes it and reads back as it was`(rule: WrittenRule) throws {
    let made = try Rule(rule.statements, in: .inet)
    #expect(made.statements(in: .inet) == rule.statements)
    #expect(try made.text(in: .inet, style: .file).hasPrefix(rule.file))
    let listed = rule.listed ?? rule.file.replacing("counter", with: "counter packets 0 bytes 0")
    #expect(
      try made.text(in: .inet)
        == (rule.listed ?? (rule.file.contains("{ ip saddr") ? rule.file : listed)))
  }
}
