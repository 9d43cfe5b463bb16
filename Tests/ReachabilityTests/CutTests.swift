import Policy
import Reachability
import Testing

@Suite struct CutTests {
  /// Many ways between many hosts: a cut that no trying of choices finds.
  @Test func `a large cut is exact`() throws {
    let width = 40
    var text =
      "version: 1\nservices: {s: tcp/1}\nhosts:\n  a: {addresses: [10.0.0.1]}\n  z: {addresses: [10.0.0.2]}\n"
    for number in 0..<width { text += "  m\(number): {addresses: [10.0.1.\(number)]}\n" }
    text += "flows:\n"
    for number in 0..<width {
      text += "  into-\(number): {from: a, to: m\(number), service: s, why: test}\n"
      text += "  out-\(number): {from: m\(number), to: z, service: s, why: test}\n"
      text +=
        "  across-\(number): {from: m\(number), to: m\((number * 7 + 1) % width), service: s, why: test}\n"
    }
    let policy = try policy(text)
    let ends = ["a", "z"].compactMap { name in policy.hosts.firstIndex { $0.name == name }.map { HostID($0) }
    }
    let graph = ReachGraph(policy, at: Timestamp(seconds: 0), marking: ends.map { [$0] })
    guard case .flows(let removal) = graph.cut(from: graph.area(of: [ends[0]]), to: graph.area(of: [ends[1]]))
    else {
      Issue.record("there is a way")
      return
    }
    #expect(removal.isSmallest && removal.flows.count == width)
  }

  /// Hosts of different families: the flow is no single step from each to each.
  @Test func `a flow whose hosts lack a common family leads nowhere`() throws {
    let policy = try policy(
      """
      version: 1
      services: {s: tcp/1}
      hosts:
        a: {addresses: [10.0.0.1], groups: [one]}
        b: {addresses: ["2001:db8::2"], groups: [one]}
        c: {addresses: [10.0.0.3], groups: [two]}
        d: {addresses: ["2001:db8::4"], groups: [two]}
      flows:
        f: {from: one, to: two, service: s, why: test}
      guards:
        across: {never: {from: a, to: d, within: 9 hops}}
        along: {never: {from: a, to: c, within: 9 hops}}

      """)
    let broken = GuardChecker(policy, at: Timestamp(seconds: 0)).broken()
    #expect(broken.map { policy.guards[$0.index].name } == ["along"])
    let hosts = policy.hosts.indices.map { HostID($0) }
    let graph = ReachGraph(policy, at: Timestamp(seconds: 0))
    #expect(graph.cut(from: graph.area(of: [hosts[0]]), to: graph.area(of: [hosts[3]])) == .separate)
  }
}
