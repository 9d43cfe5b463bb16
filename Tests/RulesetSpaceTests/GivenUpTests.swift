import Addressing
import ConnectionSpace
import Nftables
import RulesetSpace
import Testing

/// Chains that take more than there is to spend, on a host that does more with packets than to let them pass.
@Suite struct GivenUpTests {
  /// A chain of forty rules whose matches cut each other, what each does with what it matches, and the chain that judges.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let intricate: String
    let action: String
    let judge: String
    let condition: String
    let passage: Passage
  }

  static let cases = [
    Case(
      testDescription: "leads elsewhere",
      intricate: #""type":"nat","hook":"prerouting","prio":-100,"policy":"accept""#,
      action: #"{"redirect":{"port":80}}"#,
      judge: #""type":"filter","hook":"input","prio":0,"policy":"drop""#,
      condition: #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}"#,
      passage: .ingress),
    Case(
      testDescription: "leads elsewhere what the host asks for",
      intricate: #""type":"nat","hook":"output","prio":-100,"policy":"accept""#,
      action: #"{"dnat":{"addr":"192.0.2.1","port":80}}"#,
      judge: #""type":"filter","hook":"output","prio":0,"policy":"drop""#,
      condition: #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}}"#,
      passage: .egress),
    Case(
      testDescription: "tells connection tracking to leave it alone",
      intricate: #""type":"filter","hook":"prerouting","prio":-300,"policy":"accept""#,
      action: #"{"notrack":null}"#,
      judge: #""type":"filter","hook":"input","prio":0,"policy":"drop""#,
      condition: #"{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"untracked"}}"#,
      passage: .ingress),
    Case(
      testDescription: "hands it to a socket",
      intricate: #""type":"filter","hook":"prerouting","prio":-150,"policy":"accept""#,
      action: #"{"tproxy":{"port":50080}}"#,
      judge: #""type":"filter","hook":"forward","prio":0,"policy":"drop""#,
      condition: #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":1}}"#,
      passage: .forward),
  ]

  private static func tables(_ example: Case) throws -> [Table] {
    var objects = [
      #"{"table":{"family":"ip","name":"t"}}"#,
      #"{"chain":{"family":"ip","table":"t","name":"intricate",\#(example.intricate)}}"#,
      #"{"chain":{"family":"ip","table":"t","name":"judge",\#(example.judge)}}"#,
    ]
    func match(_ left: String, _ first: String, _ last: String) -> String {
      #"{"match":{"op":"==","left":{"payload":{\#(left)}},"right":{"range":[\#(first),\#(last)]}}}"#
    }
    func rule(_ chain: String, _ expressions: [String]) -> String {
      #"{"rule":{"family":"ip","table":"t","chain":"\#(chain)","expr":[\#(expressions.joined(separator: ","))]}}"#
    }
    for number in 0..<40 {
      objects.append(
        rule(
          "intricate",
          [
            match(#""protocol":"ip","field":"saddr""#, "\"10.0.\(number).0\"", "\"10.0.\(255 - number).9\""),
            match(#""protocol":"tcp","field":"dport""#, "\(1000 + 31 * number)", "\(3000 + 17 * number)"),
            example.action,
          ]))
    }
    objects.append(rule("judge", [example.condition, #"{"accept":null}"#]))
    return try Table.tables(fromJSON: Array(#"{"nftables":[\#(objects.joined(separator: ","))]}"#.utf8))
  }

  @Test(arguments: cases)
  func `what may become of packets in a chain that is given up is left open, and nothing else`(
    example: Case
  ) throws {
    let tables = try Self.tables(example)
    let universe = Universe()
    let circumstances = Circumstances(ownAddresses: AddressSet([Address(.ipv4, 0x0a00_0001)]))
    let exact = try RulesetSpace(tables, example.passage, circumstances, in: universe)
    #expect(exact.givenUp.isEmpty && exact.upper != universe.empty)
    var tried = 0
    for power in 4..<24 {
      let small = Universe(budget: Budget(steps: 1 << power))
      // Too little for what is not of a single chain.
      guard let some = try? RulesetSpace(tables, example.passage, circumstances, in: small, givesUp: true)
      else { continue }
      let (lower, upper) = (
        try universe.space(of: some.lower.rectangles()), try universe.space(of: some.upper.rectangles())
      )
      #expect(try lower.isSubset(of: exact.lower) && exact.upper.isSubset(of: upper), "2^\(power) steps")
      for translation in some.translations {
        let sure = try universe.space(of: translation.sure.rectangles())
        let same = exact.translations.filter { $0.rule == translation.rule }
        let known = try same.reduce(universe.empty) { try $0.union($1.sure) }
        #expect(try sure.isSubset(of: known), "2^\(power) steps")
      }
      if some.givenUp.isEmpty {
        #expect(lower == exact.lower && upper == exact.upper, "2^\(power) steps")
      } else {
        #expect(some.givenUp.contains("ip t intricate"), "\(some.givenUp)")
        tried += 1
      }
    }
    #expect(tried > 0)
  }
}
