import Nftables
import RulesetShape
import Testing

/// What rules say of themselves.
@Suite struct RuleTests {
  private static func rule(_ statements: [Statement], _ comment: String?) throws -> Rule {
    try Rule(statements, in: .inet, comment: comment)
  }

  @Test(arguments: [Denial.observe, .drop, .reject]) func `a last rule is read back as what it does`(
    denial: Denial
  ) throws {
    let rule = try Self.rule(denial.statements, denial.note.rawValue)
    #expect(Denial(rule) == denial)
    #expect(RuleNote(rule)?.isOfEverything == true)
  }

  @Test func `what leads elsewhere denies nothing`() throws {
    #expect(Denial(try Self.rule([.counter, .jump("x")], nil)) == nil)
    #expect(Denial(try Self.rule([.counter], nil)) == nil)
  }

  @Test func `a flow may be called as a note is`() throws {
    let rule = try Self.rule([.counter, .accept], "denied")
    #expect(rule.acceptedFlow == "denied")
    #expect(RuleNote(rule) == nil)
  }

  @Test(arguments: [0, 1, 1_900_000_000] as [Int64]) func `an end is read back as it was written`(
    seconds: Int64
  ) throws {
    let open = try Self.rule([FlowEnd.until(seconds), .counter, .accept], "api-to-db")
    #expect(open.end == seconds)
    #expect(open.acceptedFlow == "api-to-db" && open.endedFlow == nil)
    let over = try Self.rule(
      [FlowEnd.from(seconds), .counter, .goto("in/deny")], FlowEnd.comment(of: "api-to-db"))
    #expect(over.endedFlow == "api-to-db" && over.acceptedFlow == nil)
  }

  @Test func `a rule without an end has none`() throws {
    #expect(try Self.rule([.counter, .accept], "a").end == nil)
  }
}
