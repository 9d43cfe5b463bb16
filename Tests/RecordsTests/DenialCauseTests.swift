import AgentProtocol
import Policy
import Records
import Testing

/// Why a host does not allow what it has recorded.
@Suite struct DenialCauseTests {
  private static let inventory = """
    version: 1
    services:
      web: tcp/80
      db: tcp/5432
      names: {protocol: udp, ports: [53]}
      ping: [icmp/echo-request, icmpv6/echo-request]
      ping4: icmpv4/echo-request
      tunnel: esp
      agents: tcp/50001
      data: tcp/32768-60999
    networks: {office: {prefixes: [192.0.2.0/24]}, left: {prefixes: [10.1.0.0/16]}, right: {prefixes: [10.2.0.0/16]}}
    hosts:
      app:   {addresses: [10.0.0.1, "2001:db8::1"]}
      base:  {addresses: [10.0.0.2, "2001:db8::2"]}
      four:  {addresses: [10.0.0.3]}
      gw:    {addresses: [10.0.0.9], forwarding: gateway, routes: [{between: [left, right]}]}
      inner: {addresses: [10.1.0.5]}
      gate:  {addresses: [10.0.0.8], forwarding: gateway, routes: [{between: [four, office]}]}
    flows:
      app-to-base: {from: app, to: base, service: db, why: a test}
      app-pings:   {from: app, to: base, service: ping4, why: a test}
      over:        {from: app, to: base, service: web, why: a test, until: "2026-01-01T00:00:00Z"}
      four-to-app: {from: four, to: app, service: [web, names], why: a test}
      six-only:    {from: office, to: base, service: tunnel, why: a test}
      inner-out:   {from: inner, to: office, service: web, why: a test}
      across:      {from: left, to: right, service: web, why: a test}

    """

  struct Case: CustomTestStringConvertible {
    let record: String
    let host: String
    let direction: Direction
    let cause: String

    init(_ record: String, _ direction: Direction, _ host: String, _ cause: String) {
      (self.record, self.direction, self.host, self.cause) = (record, direction, host, cause)
    }

    var testDescription: String { "\(host) \(direction): \(record)" }
  }

  static let cases = [
    // Nothing is about it.
    Case("10.0.0.1 tcp/22", .ingress, "base", "no flow allows it"),
    Case("10.0.0.2 tcp/22", .egress, "app", "no flow allows it"),
    Case("192.0.2.7 tcp/5432", .ingress, "base", "no flow allows it"),
    // Nobody's address; a port that no service has, and one that has.
    Case("203.0.113.9 tcp/22", .ingress, "base", "the inventory does not know 203.0.113.9"),
    Case("203.0.113.9 tcp/5432", .ingress, "base", "the inventory does not know 203.0.113.9"),
    Case("203.0.113.9 udp/53", .egress, "app", "the inventory does not know 203.0.113.9"),
    // The other way round, at either end.
    Case("10.0.0.2 tcp/5432", .ingress, "app", "flow app-to-base is the other way"),
    Case("10.0.0.1 tcp/5432", .egress, "base", "flow app-to-base is the other way"),
    Case("2001:db8::2 tcp/5432", .ingress, "app", "flow app-to-base is the other way"),
    // It was allowed until its end.
    Case("10.0.0.1 tcp/80", .ingress, "base", "the time of flow over is over"),
    Case("2001:db8::2 tcp/80", .egress, "app", "the time of flow over is over"),
    // What the inventory allows: rules from before, or a record from before.
    Case(
      "10.0.0.1 tcp/5432", .ingress, "base",
      "flow app-to-base allows it: the host has other rules, or had (sekisho diff tells which), or the session was ended"
    ),
    Case(
      "10.0.0.1 udp/53", .egress, "four",
      "flow four-to-app allows it: the host has other rules, or had (sekisho diff tells which), or the session was ended"
    ),
    // Which message it was is recorded, or is not.
    Case("10.0.0.1 icmp", .ingress, "base", "flow app-pings allows other messages of it"),
    Case("10.0.0.1 icmp/13", .ingress, "base", "no flow allows it"),
    Case(
      "10.0.0.1 icmp/8", .ingress, "base",
      "flow app-pings allows it: the host has other rules, or had (sekisho diff tells which), or the session was ended"
    ),
    // The other family.
    Case(
      "2001:db8::1 icmpv6", .ingress, "base", "flow app-pings has it in the other family of addresses alone"),
    Case(
      "2001:db8::1 icmpv6/128", .ingress, "base",
      "flow app-pings has it in the other family of addresses alone"),
    Case("2001:db8::1 tcp/80", .ingress, "four", "the inventory gives the host no IPv6 address"),
    Case("2001:db8::1 esp", .egress, "gw", "the inventory gives the host no IPv6 address"),
    // Nobody is believed to be the host itself.
    Case("10.0.0.2 tcp/5432", .ingress, "base", "own address from outside"),
    Case("::ffff:10.0.0.1 tcp/5432", .ingress, "base", "IPv4 in IPv6 source"),
    // Through a gateway.
    Case("10.1.0.7 10.2.0.7 tcp/81", .forward, "gw", "no flow allows it"),
    Case("10.1.0.7 203.0.113.9 tcp/81", .forward, "gw", "the inventory does not know 203.0.113.9"),
    Case(
      "10.1.0.5 192.0.2.7 tcp/80", .forward, "gw",
      "the inventory has no route over this gateway for flow inner-out"),
    Case(
      "10.1.0.7 10.2.0.7 tcp/80", .forward, "gate", "the inventory leads flow across through gw, and not here"
    ),
    // To a client's port, from where it may ask.
    Case(
      "10.2.0.7 10.1.0.7 tcp/50000", .forward, "gate",
      "they look like answers of flow across, whose requests go through gw: the route is asymmetric"),
    Case(
      "10.2.0.7 10.1.0.7 tcp/50000", .forward, "gw",
      "they look like answers of flow across, of a session that the host has forgotten or did not see begin"),
    Case(
      "10.0.0.2 tcp/40000", .ingress, "app",
      "they look like answers of flow app-to-base, of a session that the host has forgotten or did not see begin"
    ),
    Case(
      "10.0.0.1 tcp/40000", .egress, "base",
      "they look like answers of flow app-to-base, of a session that the host has forgotten or did not see begin"
    ),
    // What the inventory has a name for is asked for, of that protocol alone; a range as wide as clients' is no name.
    Case("10.0.0.2 tcp/50001", .ingress, "app", "no flow allows it"),
    Case("10.0.0.1 tcp/50001", .egress, "base", "no flow allows it"),
    Case("10.2.0.7 10.1.0.7 tcp/50001", .forward, "gw", "no flow allows it"),
    Case(
      "10.0.0.1 udp/50001", .ingress, "four",
      "they look like answers of flow four-to-app, of a session that the host has forgotten or did not see begin"
    ),
    // The other protocol, below clients' ports, and where no flow is.
    Case("10.0.0.2 udp/40000", .ingress, "app", "no flow allows it"),
    Case("10.0.0.2 tcp/32767", .ingress, "app", "no flow allows it"),
    Case("10.0.0.1 tcp/40000", .ingress, "base", "no flow allows it"),
    Case("203.0.113.9 tcp/40000", .ingress, "app", "the inventory does not know 203.0.113.9"),
    Case("10.2.0.7 10.1.0.7 tcp/80", .forward, "gw", "flow across is the other way"),
    Case(
      "10.1.0.7 10.2.0.7 tcp/80", .forward, "gw",
      "flow across allows it: the host has other rules, or had (sekisho diff tells which), or the session was ended"
    ),
  ]

  @Test(arguments: cases) func `the cause is what an explanation of the same connection says`(it: Case) throws
  {
    let policy = try policy(Self.inventory)
    let explainer = DenialExplainer(policy, now: Timestamp(seconds: 1_800_000_000))
    let host = try #require(policy.host(named: it.host))
    for _ in 0..<2 {
      let cause = explainer.cause(of: try record(it.record), at: host, it.direction)
      #expect(cause.words == it.cause)
    }
  }

  @Test func `ahead of its end a flow has not ended`() throws {
    let policy = try policy(Self.inventory)
    let explainer = DenialExplainer(policy, now: Timestamp(seconds: 1_700_000_000))
    let host = try #require(policy.host(named: "base"))
    let cause = explainer.cause(of: try record("10.0.0.1 tcp/80"), at: host, .ingress)
    #expect(cause == .allowed(flow: "over"))
  }
}
