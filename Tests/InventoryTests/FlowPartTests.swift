import Diagnostics
import Inventory
import Policy
import Testing

/// `per`: one flow that stands once for each of some names.
@Suite struct FlowPartTests {
  private static let hosts = """
    version: 1
    zones: {ams: {}, fra: {}}
    services: {https: tcp/443}
    hosts:
      web-ams-[1..2]: {addresses: ["10.1.1.[11..12]"], zone: ams, groups: [web]}
      web-fra: {addresses: [10.2.1.11], zone: fra, groups: [web]}
      db-ams: {addresses: [10.1.2.11], zone: ams, groups: [db]}
      db-fra: {addresses: [10.2.2.11], zone: fra, groups: [db]}
      log-ams: {addresses: [10.1.3.11], zone: ams, groups: [log]}

    """

  /// Each part as `web-ams-1 web-ams-2 > db-ams`.
  private func parts(_ flow: String) throws -> [String] {
    let policy = try policy("\(Self.hosts)flows: {store: {\(flow), service: https, why: x}}\n")
    return policy.flows[0].parts.map { part in
      [part.from, part.to].map { id in
        policy[id].hosts.map { policy[$0].name }.joined(separator: " ")
      }.joined(separator: " > ")
    }
  }

  @Test(arguments: [
    ("from: web, to: db, per: [ams, fra]", ["web-ams-1 web-ams-2 > db-ams", "web-fra > db-fra"]),
    ("from: web, to: db, per: fra", ["web-fra > db-fra"]),
    // A term that has nothing there takes nothing away from the others.
    (
      "from: [web, log], to: db, per: [fra, ams]",
      ["web-fra > db-fra", "log-ams web-ams-1 web-ams-2 > db-ams"]
    ),
    ("from: all, to: all & !web, per: [fra]", ["db-fra web-fra > db-fra"]),
    ("from: web, to: db, per: [ams, web-fra]", nil),
    (
      "from: all, to: db, per: [db-fra, ams]",
      ["db-fra > db-fra", "db-ams log-ams web-ams-1 web-ams-2 > db-ams"]
    ),
  ])
  func `both ends are narrowed to each name`(flow: String, expected: [String]?) throws {
    if let expected {
      #expect(try parts(flow) == expected)
    } else {
      #expect(
        messages("flows: {store: {\(flow), service: https, why: x}}") == ["no host of `to` is in `web-fra`"])
    }
  }

  @Test func `parts are named after the flow, or by the name that they are`() throws {
    let policy = try policy(
      "\(Self.hosts)flows: {store: {from: [web, db], to: all, per: [ams, fra], service: https, why: x}}\n")
    let flow = policy.flows[0]
    #expect(flow.per == ["ams", "fra"])
    #expect(policy[flow.written.to].name == "all")
    #expect(
      flow.parts.map { [policy[$0.from].name, policy[$0.to].name] }
        == [["store/from.ams", "ams"], ["fra", "fra"]])
  }

  /// It selects something as an end of `per` where one of its terms alone does not: what is written must select something
  /// by itself all the same.
  @Test func `an end of a part excuses no selector that selects nothing`() throws {
    let flows = """
      groups: {some: [web, log]}
      flows:
        a: {from: some, to: db, per: [fra], service: https, why: x}
        b: {from: [web & fra, log & fra], to: db, service: https, why: x}

      """
    #expect(
      messages(flows) == ["the term `log & fra` selects nothing: no host is in `fra` as well"])
  }

  private func messages(_ flows: String) -> [String] {
    Inventory.load([SourceFile(path: "i.yaml", bytes: Array("\(Self.hosts)\(flows)\n".utf8))])
      .report.diagnostics.map(\.message)
  }
}
