import Testing

/// What a change of flows means to a host, case by case: each of them is what one condition of the union is for.
@Suite struct FlowChangeTests {
  static let virtual =
    "virtual: {v: {addresses: [10.0.0.100], carriers: [a]}, w: {addresses: [10.0.0.101], carriers: [a]}}"

  struct Case: Sendable, CustomTestStringConvertible {
    let change: ChangeText
    let steps: String
    var testDescription: String { "\(change.host) \(change.flows) \(steps)" }

    init(_ change: ChangeText, _ steps: String) {
      self.change = change
      self.steps = steps
    }
  }

  private static func flow(_ from: String, _ to: String, _ service: String = "web", _ more: String = "")
    -> String
  {
    "f: {from: \(from), to: \(to), service: \(service), why: a test\(more)}"
  }

  /// Each opens only, and the other way closes only.
  static let opening: [ChangeText] = [
    ChangeText(flows: (flow("b", "a", "few"), flow("b", "a", "more"))),
    ChangeText(flows: (flow("b", "a"), flow("[b, c]", "a"))),
    ChangeText(flows: (flow("a", "b"), flow("a", "[b, c]"))),
    // For longer.
    ChangeText(flows: (flow("b", "a", "web", ", until: 2027-06-01"), flow("b", "a"))),
    ChangeText(
      flows: (flow("b", "a", "web", ", until: 2027-06-01"), flow("b", "a", "web", ", until: 2027-07-01"))),
    // At all addresses, and not at a virtual one alone.
    ChangeText(flows: (flow("b", "v"), flow("b", "[v, a]")), sections: (virtual, virtual)),
    ChangeText(flows: (flow("v", "b"), flow("[v, a]", "b")), sections: (virtual, virtual)),
    // What the host itself may ask for anyhow its containers may not.
    ChangeText(
      host: (
        "forwarding: containers, mode: {egress: observe}", "forwarding: containers, mode: {egress: observe}"
      ), flows: ("", flow("a", "b"))),
    // Where requests pass anyhow, answers to groups do not.
    ChangeText(
      host: ("mode: {ingress: observe}", "mode: {ingress: observe}"), flows: ("", flow("b", "a", "mdns"))),
    ChangeText(
      host: ("mode: {egress: observe}", "mode: {egress: observe}"), flows: ("", flow("a", "b", "mdns"))),
  ]

  /// Each opens and closes.
  static let moving: [ChangeText] = [
    ChangeText(flows: (flow("b", "a"), flow("c", "a"))),
    ChangeText(flows: (flow("b", "a", "few"), flow("b", "a"))),
    ChangeText(
      host: ("forwarding: containers", "forwarding: deny, mode: {forward: observe}"),
      flows: (flow("b", "a"), flow("c", "a"))),
    ChangeText(flows: (flow("b", "v"), flow("b", "w")), sections: (virtual, virtual)),
    ChangeText(flows: (flow("v", "b"), flow("w", "b")), sections: (virtual, virtual)),
    // An end that means another thing by the same name, with another end that is another one.
    ChangeText(flows: (flow("o", "v"), flow("o", "w")), sections: (virtual + office(1), virtual + office(2))),
    ChangeText(flows: (flow("v", "o"), flow("w", "o")), sections: (virtual + office(1), virtual + office(2))),
    ChangeText(flows: (flow("v", "o"), flow("a", "o")), sections: (virtual + office(1), virtual + office(2))),
    ChangeText(flows: (flow("o", "v"), flow("o", "a")), sections: (virtual + office(1), virtual + office(2))),
    ChangeText(
      host: (gateway, gateway), flows: (flow("o", "left"), flow("o", "right")),
      sections: (office(1), office(2))),
    ChangeText(
      host: (gateway, gateway), flows: (flow("left", "o"), flow("right", "o")),
      sections: (office(1), office(2))),
    ChangeText(
      host: (gateway, gateway), flows: (flow("left", "o"), flow("left", "o")),
      sections: (office(1), office(2))),
    ChangeText(
      host: (gateway, gateway), flows: (flow("o", "left"), flow("o", "left")),
      sections: (office(1), office(2))),
  ]

  static let gateway = "forwarding: gateway, routes: [{between: [o, [left, right]]}]"

  private static func office(_ number: Int) -> String {
    "\nnetworks: {o: {prefixes: [192.0.2.0/26, 192.0.2.\(number * 64)/26]}, left: {prefixes: [198.51.100.0/25]}, "
      + "right: {prefixes: [198.51.100.128/25]}}"
  }

  /// Flows that have ended, and others that nobody notices.
  static let idle: [ChangeText] = [
    // What passes anyhow.
    ChangeText(
      host: ("mode: {egress: observe}", "mode: {egress: observe}"), flows: ("", flow("a", "b"))),
    ChangeText(
      host: ("mode: {ingress: observe}", "mode: {ingress: observe}"), flows: ("", flow("b", "a"))),
    ChangeText(flows: ("", flow("b", "a", "web", ", until: 2020-01-01"))),
    ChangeText(
      flows: ("", flow("b", "a", "web", ", until: 2020-01-01") + "\n" + flow("b", "a").replacingName("g"))
    )
    .having(flow("b", "a").replacingName("g")),
  ]

  static let cases: [Case] =
    opening.flatMap { [Case($0, "+"), Case($0.reversed, "-")] } + moving.map { Case($0, "+-") }
    + idle.flatMap { [Case($0, "="), Case($0.reversed, "=")] }

  @Test(arguments: cases) func `what a flow opens and closes is told, and nothing else passes meanwhile`(
    one: Case
  )
    throws
  {
    #expect(try one.change.steps() == one.steps)
    #expect(try one.change.faults() == [])
  }

  /// A change with the table that an inventory gives `a` which has the flows of both sides.
  struct United: Sendable {
    let change: ChangeText
    let both: (flows: String, host: String, sections: String)
  }

  private static let near = "networks: {near: {prefixes: [10.0.0.0/28]}}"
  private static let (old, new) = (
    "old: {from: b, to: a, service: few, why: a test}", "new: {from: c, to: a, service: web, why: a test}"
  )
  private static let few = "few: {from: c, to: a, service: few, why: a test}"
  private static let mine = "mine: {from: near, to: a, service: web, why: a test}"
  private static func tripwire(_ count: Int) -> String {
    "tripwires: {t: {\"on\": a, after: \(count) closed doors, within: 1 minute, cut: 1 hour, why: a test}}"
  }

  static let united: [United] = [
    United(change: ChangeText(flows: (old, new)), both: (old + "\n" + new, "", "")),
    // Who may be named by what comes in is asked for wherever one side lets it in.
    United(
      change: ChangeText(flows: (mine, few), sections: (near, near)), both: (mine + "\n" + few, "", near)),
    United(
      change: ChangeText(flows: (old, mine), sections: (near, near)), both: (mine + "\n" + old, "", near)),
    United(
      change: ChangeText(host: ("dhcp: true", ""), flows: (old, new)),
      both: (old + "\n" + new, "dhcp: true", "")),
    // Whoever is cut off is so by the new one's tripwires.
    United(
      change: ChangeText(flows: (old, new), sections: ("", tripwire(20))),
      both: (old + "\n" + new, "", tripwire(20))),
    United(
      change: ChangeText(flows: (old, new), sections: (tripwire(20), tripwire(30))),
      both: (old + "\n" + new, "", tripwire(30))),
    United(
      change: ChangeText(host: ("deny: drop", "deny: reject"), flows: (old, new)),
      both: (old + "\n" + new, "deny: reject", "")),
  ]

  @Test(arguments: united.indices) func `in between a host has what the flows of both sides give it`(
    place: Int
  )
    throws
  {
    let one = Self.united[place]
    #expect(try one.change.isInBetween(one.both.flows, host: one.both.host, sections: one.both.sections))
    #expect(try one.change.faults() == [])
  }

  /// What no host can have in between, and why.
  static let refused: [(ChangeText, String)] = [
    (
      ChangeText(
        host: (
          "forwarding: containers, containers: {bridges: [docker0]}",
          "forwarding: containers, containers: {bridges: [br0]}"
        ),
        flows: (old, new)), "bridges of containers are others on a"
    ),
    (
      ChangeText(
        host: ("forwarding: containers", gateway), flows: ("", flow("o", "left")),
        sections: (office(1), office(1))),
      "a forwards as a gateway on one side"
    ),
  ]

  @Test(arguments: refused.indices) func `what no ruleset allows exactly is refused either way`(place: Int)
    throws
  {
    let (change, words) = Self.refused[place]
    for change in [change, change.reversed] {
      let reasons = try change.reasons()
      #expect(reasons.contains { $0.contains(words) }, "\(reasons)")
    }
  }
}

extension String {
  fileprivate func replacingName(_ name: String) -> String { name + dropFirst() }
}

extension ChangeText {
  /// The same with a flow that was there before.
  fileprivate func having(_ flow: String) -> Self {
    var result = self
    result.flows.0 = flow
    return result
  }
}
