import Lint
import Policy
import Testing

/// One kind of finding, and an inventory with it or nearly.
struct LintCase: CustomTestStringConvertible {
  let kind: Finding.Kind
  /// What the inventory is like.
  let testDescription: String
  let more: String
  let found: [String]

  init(_ kind: Finding.Kind, _ description: String, _ more: String, _ found: [String] = []) {
    self.kind = kind
    testDescription = "\(kind.rawValue): \(description)"
    self.more = more
    self.found = found
  }

  /// Two flows, each `from to service` and perhaps `until`.
  static func flows(
    _ kind: Finding.Kind, _ description: String, _ flows: [String], _ found: [String] = []
  ) -> Self {
    let lines = flows.enumerated().map { number, flow in
      let parts = flow.split(separator: " ")
      let until = parts.count > 3 ? ", until: \(parts[3])" : ""
      let ends = "from: [\(parts[0])], to: [\(parts[1])], service: [\(parts[2])]"
      return "  f\(number + 1): {\(ends), why: test, owner: test\(until)}"
    }
    return Self(kind, description, "flows:\n" + lines.joined(separator: "\n") + "\n", found)
  }
}

@Suite struct KindTests {
  static let covered: [LintCase] = [
    .flows(.covered, "a host of the group", ["a-1 b ssh", "a b ssh"], ["f1"]),
    .flows(.covered, "one service of two, one end of two", ["a b-1 dns", "a b,office dns,ssh"], ["f1"]),
    .flows(.covered, "ports within ports", ["a b ssh", "a b any-tcp"], ["f1"]),
    .flows(.covered, "of equals the later", ["a b ssh", "left right ssh"], ["f2"]),
    .flows(.covered, "a chain, each once", ["a-1 b-1 ssh", "a b-1 ssh", "a b ssh"], ["f1", "f2"]),
    .flows(.covered, "it ends, the other does not", ["a b ssh 2027-01-01", "a b ssh"], ["f1"]),
    .flows(.covered, "it ends with the other", ["a-1 b ssh 2027-01-01", "a b ssh 2027-01-01"], ["f1"]),
    .flows(.covered, "multicast with answers", ["a b quiet-mdns", "a b mdns"], ["f1"]),
    .flows(.covered, "the unicast part of multicast", ["a b udp-5353", "a b mdns"], ["f1"]),
    .flows(.covered, "a network within a network", ["office a ssh", "world a ssh"], ["f1"]),
    .flows(.covered, "the other ends sooner", ["a b ssh 2027-01-02", "a b ssh 2027-01-01"], ["f2"]),
    .flows(.covered, "it never ends", ["a-1 b ssh", "a b ssh 2027-01-01"]),
    .flows(.covered, "the other has ended", ["a-1 b ssh 2020-01-01", "a b ssh 2020-01-02"]),
    .flows(.covered, "one host more", ["a,b-1 b ssh", "a b ssh"], ["f2"]),
    .flows(.covered, "one service more", ["a b dns,ssh", "a b ssh"], ["f2"]),
    .flows(.covered, "two cover it together", ["a b dns,ssh", "a b ssh", "a b dns"], ["f2", "f3"]),
    .flows(.covered, "the other way round", ["b a ssh", "a b ssh"]),
    .flows(
      .covered, "groups and answers are more than a port", ["a b mdns", "a b udp-5353,quiet-mdns"], ["f2"]),
    .flows(.covered, "addresses in a network are not the host", ["a-1 b ssh", "whole b ssh"]),
  ]

  static let wide: [LintCase] = [
    .flows(.anyToAny, "every host to every host", ["all all ssh"], ["f1"]),
    .flows(.anyToAny, "by other names, and more", ["left,right all,office ssh"], ["f1"]),
    .flows(.anyToAny, "every address, as far as there are no exceptions", ["world all ssh"], ["f1"]),
    .flows(.anyToAny, "every host to every address", ["all world ssh"], ["f1"]),
    .flows(.anyToAny, "one host is missing", ["all a,b-1,b-2 ssh"]),
    .flows(.anyToAny, "a network that is an office", ["office all ssh"]),
    .flows(.anyToAny, "the flow is over", ["all all ssh 2020-01-01"]),
    LintCase(.wider, "a group", Self.group("[a, b]", "some & !b-1", "some & !b"), ["some: b-1"]),
    LintCase(.wider, "a zone", Self.group("[a, b]", "left & !a-1", "left & !a-1"), ["left: a-1"]),
    LintCase(.wider, "a use has them", Self.group("[a, b]", "some & !b-1", "some")),
    LintCase(.wider, "another use leaves out others", Self.group("[a, b]", "some & !b-1", "some & !b-2")),
    LintCase(.wider, "less by an intersection", Self.group("[a, b]", "some & left", "some & left")),
    LintCase(.wider, "everything but", Self.group("[a, b]", "all & !b-1", "all & !b-1")),
    LintCase(.wider, "a network", Self.group("[a, b]", "world & !office", "world & !office"), ["world"]),
    LintCase(.wider, "a network as it is", Self.group("[a, b]", "world & !office", "world")),
  ]

  static let exposed: [LintCase] = [
    .flows(.exposed, "the management service", ["world a ssh"], ["f1"]),
    .flows(.exposed, "among others, from more than the world", ["office,world,b a dns,ssh"], ["f1"]),
    .flows(.exposed, "another service with its port", ["world a shells"], ["f1"]),
    .flows(.exposed, "every port", ["world a any-tcp"], ["f1"]),
    .flows(.exposed, "for a while", ["world a ssh 2027-01-01"], ["f1"]),
    .flows(.exposed, "it is over", ["world a ssh 2020-01-01"]),
    .flows(.exposed, "a service for everybody", ["world a https,dns"]),
    .flows(.exposed, "from an office", ["office a ssh,any-tcp"]),
    .flows(.exposed, "from hosts", ["all a ssh"]),
    .flows(.exposed, "to the world", ["a world ssh,any-tcp"]),
    LintCase(
      .exposed, "as the settings name it",
      """
      settings: {management: https}
      flows:
        f: {from: world, to: a, service: https, why: test}
        g: {from: world, to: a, service: ssh, why: test}
      """, ["f"]),
    LintCase(
      .exposed, "nearly every port, in two ranges",
      """
      services: {most: [tcp/1-21, tcp/23-65535], many: udp/1024-32767}
      flows:
        f: {from: world, to: a, service: most, why: test}
        g: {from: world, to: a, service: many, why: test}
      """, ["f"]),
    LintCase(
      .exposed, "half of what is given out of IPv6",
      """
      networks: {six: {prefixes: ["2000::/3"]}, lan: {prefixes: ["2001:db8::/32"]}}
      flows:
        f: {from: six & !a, to: a, service: ssh, why: test}
        g: {from: lan & !a, to: a, service: ssh, why: test}
      """, ["f"]),
  ]

  static let routes: [LintCase] = [
    LintCase(.noRoute, "hosts on two links", Self.gateway("[a, office]", "a b ssh"), ["f1"]),
    LintCase(.noRoute, "the other way round", Self.gateway("[office, b]", "b a ssh"), ["f1"]),
    LintCase(.noRoute, "some of the hosts", Self.gateway("[a-1, b]", "a b ssh"), ["f1"]),
    LintCase(.noRoute, "a network it is in", Self.gateway("[a, b]", "office a ssh"), ["f1"]),
    LintCase(.noRoute, "covered", Self.gateway("[a, b]", "a b ssh", "b-1 a-2 ssh")),
    LintCase(
      .noRoute, "covered by two routes", Self.gateway("[a-1, b]}, {between: [b, [a-2, a-3]]", "a b ssh")),
    LintCase(
      .noRoute, "covered by another gateway",
      Self.gateway("[a, office]", "a b ssh").replacing(
        "  far:",
        with:
          "  more: {addresses: [10.0.0.253, 10.0.1.253], forwarding: gateway, routes: [{between: [a, b]}]}\n  far:"
      )
    ),
    LintCase(.noRoute, "the flow is over", Self.gateway("[a, office]", "a b ssh 2020-01-01")),
    LintCase(.noRoute, "within one link", Self.gateway("[a, office]", "a-1 a ssh")),
    LintCase(.noRoute, "to the gateway itself", Self.gateway("[a, office]", "a gate ssh", "gate b ssh")),
    LintCase(.noRoute, "nearly every address", Self.gateway("[a, office]", "world a ssh")),
    LintCase(.noRoute, "on another link", Self.gateway("[a, office]", "a far ssh")),
    LintCase(.noRoute, "a host that is on both links", Self.gateway("[a, office]", "a both ssh")),
  ]

  /// A gateway beside both zones and the office, with one route, and flows.
  private static func gateway(_ between: String, _ flows: String...) -> String {
    let hosts = """
      hosts:
        gate:
          addresses: [10.0.0.254, 10.0.1.254, 198.51.100.1]
          forwarding: gateway
          routes: [{between: \(between)}]
        far: {addresses: 10.0.7.1}
        both: {addresses: [10.0.0.77, 10.0.1.77]}
      """
    return hosts + "\n" + LintCase.flows(.noRoute, "", flows).more
  }

  /// A group `some`, two flows to `a` from selectors, and a guard that names no group.
  private static func group(_ some: String, _ one: String, _ other: String) -> String {
    """
    groups: {some: \(some)}
    flows:
      f1: {from: \(one), to: a-2, service: ssh, why: test}
      f2: {from: \(other), to: a-3, service: ssh, why: test}
    """
  }

  static let places: [LintCase] = [
    LintCase(.managedInNetwork, "as in the base", "", ["whole: a-1 a-2 a-3 b-1 b-2 b-3"]),
    LintCase(
      .managedInNetwork, "one more", "networks: {one: {prefixes: [10.0.0.2]}}",
      ["one: a-2", "whole: a-1 a-2 a-3 b-1 b-2 b-3"]),
    LintCase(
      .managedInNetwork, "excepted", "networks: {one: {prefixes: [10.0.0.0/24], except: [managed]}}",
      ["whole: a-1 a-2 a-3 b-1 b-2 b-3"]),
  ]

  static let management: [LintCase] = [
    .flows(.noManagement, "a zone", ["b a https", "a b ssh"], ["left: a-1 a-2 a-3"]),
    .flows(
      .noManagement, "a host of a zone", ["a b-1 ssh", "b a any-tcp", "b b-2,b-3 https"], ["right: b-2 b-3"]),
    .flows(.noManagement, "only from itself", ["a-1 a ssh", "office b ssh"], ["left: a-1"]),
    .flows(
      .noManagement, "the flow is over", ["office all ssh 2020-01-01", "a-1 a-2 https"], ["left: a-1 a-2"]),
    .flows(
      .noManagement, "everything else but", ["office all https,dns"],
      ["left: a-1 a-2 a-3", "right: b-1 b-2 b-3"]),
    .flows(.noManagement, "each other", ["a a ssh", "b b any-tcp"]),
    .flows(.noManagement, "no flow touches them", ["office a ssh"]),
    LintCase(
      .noManagement, "another service",
      "settings: {management: https}\nflows: {f: {from: office, to: all, service: ssh, why: test}}",
      ["left: a-1 a-2 a-3", "right: b-1 b-2 b-3"]),
    LintCase(
      .noManagement, "a part of the service",
      "settings: {management: shells}\nflows: {f: {from: office, to: all, service: ssh, why: test}}"),
    LintCase(
      .noManagement, "a family that the host does not have",
      """
      hosts: {six: {addresses: "2001:db8:2::1"}, four: {addresses: 10.0.2.1}}
      flows:
        f: {from: [a-1, four], to: [six], service: ssh, why: test}
        g: {from: six, to: a-1, service: ssh, why: test}
      """, ["four: four"]),
    LintCase(
      .noManagement, "a guard keeps it away",
      """
      flows: {f: {from: office, to: all, service: https, why: test}}
      guards:
        g: {expect: {from: all, to: left, service: ssh, verdict: denied}}
        h: {never: {from: all, to: b, within: 1 hop}}
      """),
    LintCase(
      .noManagement, "a guard keeps it away from some, or another service",
      """
      flows: {f: {from: office, to: all, service: https, why: test}}
      guards:
        g: {expect: {from: b, to: left, service: ssh, verdict: denied}}
        h: {expect: {from: all, to: b, service: dns, verdict: denied}}
      """, ["left: a-1 a-2 a-3", "right: b-1 b-2 b-3"]),
  ]

  static let tripwires: [LintCase] = [
    LintCase(.cutsManagement, "others are spared", Self.tripwire("spare: a-2"), ["t"]),
    LintCase(.cutsManagement, "some of them are", Self.tripwire("spare: [a-2, b-1]"), ["t"]),
    LintCase(.cutsManagement, "it does not say whom", Self.tripwire("from: all")),
    LintCase(.cutsManagement, "they are spared", Self.tripwire("spare: b")),
    LintCase(.cutsManagement, "they are not counted", Self.tripwire("from: a, spare: a-2")),
    LintCase(
      .cutsManagement, "the flow is over", Self.tripwire("spare: a-2", until: ", until: 2020-01-01")),
    LintCase(.cutsManagement, "it is on another host", Self.tripwire("spare: a-2", on: "a-2")),
    LintCase(
      .unusedService, "a tripwire is a use",
      """
      flows: {f: {from: a, to: b, service: [https, dns, mdns, ping, ping6, udp-5353, quiet-mdns], why: test}}
      tripwires: {t: {on: a, touch: [ssh, any-tcp], cut: 1h, why: test}}
      """, ["shells"]),
  ]

  /// Hosts `b` manage `a-1`.
  private static func tripwire(_ keys: String, on: String = "a-1", until: String = "") -> String {
    """
    flows: {f: {from: b, to: a-1, service: ssh, why: test\(until)}}
    tripwires: {t: {on: \(on), \(keys), touch: any, cut: 1h, why: test}}
    """
  }

  static let uses: [LintCase] = [
    LintCase(.unusedGroup, "of selectors, of hosts", "groups: {some: [a-1, b-1]}", ["a", "b", "some"]),
    LintCase(
      .unusedGroup, "a flow, a group and an exclusion are uses",
      """
      groups: {some: b-1, more: [some, b-2]}
      flows: {f: {from: more, to: left & !b, service: ssh, why: test}}
      """, ["a"]),
    LintCase(
      .unusedGroup, "what is described, or is a way to hosts, serves by itself",
      """
      groups:
        some: {hosts: a-1, description: who is asked at night}
        more: {hosts: b-1, transport: "ssh -J a-1 {host} sudo -n"}
      """, ["a", "b"]),
    LintCase(
      .unusedGroup, "a guard and a route are uses",
      """
      hosts: {gate: {addresses: 10.0.9.1, forwarding: gateway, routes: [{between: [a, office]}]}}
      guards: {g: {isolated: b}}
      """),
    LintCase(.unusedNetwork, "nothing", "", ["office", "whole", "world"]),
    LintCase(
      .unusedNetwork, "a flow and an exception are uses",
      """
      networks: {rest: {prefixes: [10.0.0.0/8], except: [office]}}
      flows: {f: {from: [rest, world], to: a, service: ssh, why: test}}
      """, ["whole"]),
    LintCase(.unusedZone, "no host, no use", "zones: {empty: {}}", ["empty"]),
    LintCase(
      .unusedService, "a flow, a guard and a setting are uses",
      """
      settings: {management: shells}
      flows: {f: {from: a, to: b, service: [ssh, https, dns, mdns], why: test}}
      guards:
        g: {expect: {from: b, to: a, service: ping, verdict: denied}}
        h: {never: {from: b, to: a, service: any-tcp, within: 1 hop}}
        i: {only: {from: a, to: b, service: udp-5353}}
      """, ["ping6", "quiet-mdns"]),
  ]

  static let flows: [LintCase] = [
    .flows(
      .expired, "over", ["a b ssh 2025-12-31T23:59:59Z", "b a ssh 2026-01-01T00:00:00Z"], ["f1", "f2"]),
    .flows(.expired, "not yet", ["a b ssh 2026-01-01", "b a ssh"]),
    LintCase(
      .noOwner, "one of two",
      """
      flows:
        f: {from: a, to: b, service: ssh, why: test}
        g: {from: b, to: a, service: ssh, why: test, owner: me}
      """, ["f"]),
  ]

  static let families: [LintCase] = [
    LintCase(.families, "a group", Self.ends("hosts: {a-4: {addresses: 10.0.0.4, groups: [a]}}"), ["a: a-4"]),
    LintCase(
      .families, "a selector of a flow", Self.ends("hosts: {a-4: {addresses: 10.0.0.4}}", from: "[a, a-4]"),
      ["f: a-4"]),
    LintCase(
      .families, "the fewest others",
      Self.ends("hosts: {a-4: {addresses: \"2001:db8::4\", zone: left, groups: [a]}}")
        + "\n  g: {from: left, to: b, service: ssh, why: test}\n  h: {from: all, to: b, service: https, why: test}",
      ["a: a-4"]),
    LintCase(
      .families, "both ends",
      Self.ends(
        "hosts: {a-4: {addresses: 10.0.0.4, groups: [a]}, b-4: {addresses: \"2001:db8::4\", groups: [b]}}"),
      ["a: a-4", "b: b-4"]),
    LintCase(
      .families, "all alike", Self.ends("hosts: {c-1: {addresses: 10.0.0.4, groups: [c]}}", from: "c")),
    LintCase(
      .families, "the other end has one family",
      Self.ends("hosts: {a-4: {addresses: 10.0.0.4, groups: [a]}}", to: "office")),
    LintCase(
      .families, "the service has one family",
      Self.ends("hosts: {a-4: {addresses: 10.0.0.4, groups: [a]}}", service: "mdns")),
    LintCase(
      .families, "the flow is over",
      Self.ends("hosts: {a-4: {addresses: 10.0.0.4, groups: [a]}}", service: "ssh, until: 2020-01-01")),
  ]

  private static func ends(
    _ hosts: String, from: String = "a", to: String = "b", service: String = "ssh"
  ) -> String {
    "\(hosts)\nflows:\n  f: {from: \(from), to: \(to), service: \(service), why: test}"
  }

  static let leftAlone: [LintCase] = [
    LintCase(
      .leftIngress, "two of a zone, and one of a group",
      """
      hosts:
        c-1: {addresses: 10.0.0.41, zone: left, mode: {ingress: leave}}
        c-2: {addresses: 10.0.0.42, zone: left, mode: {ingress: leave}}
        c-3: {addresses: 10.0.0.43, groups: [c], mode: {ingress: leave, egress: observe}}
      """, ["c: c-3", "left: c-1 c-2"]),
    LintCase(
      .leftEgress, "one of two", "hosts: {c-1: {addresses: 10.0.0.41, mode: {egress: leave}}}", ["c-1: c-1"]),
    LintCase(.leftEgress, "it observes", "hosts: {c-1: {addresses: 10.0.0.41, mode: {egress: observe}}}"),
    LintCase(.unusedVirtual, "nothing", "virtual: {v: {addresses: 10.0.0.44, carriers: a}}", ["v"]),
    LintCase(
      .unusedVirtual, "a group is a use",
      "virtual: {v: {addresses: 10.0.0.44, carriers: a}}\ngroups: {g: v}"),
  ]

  @Test(
    arguments: covered + wide + exposed + routes + places + management + tripwires + uses + flows + families
      + leftAlone
  )
  func `a kind is found where it is, and not where it nearly is`(example: LintCase) throws {
    let found = Lint.findings(in: try policy(example.more), at: now)
    #expect(found.filter { $0.kind == example.kind }.map(\.short).sorted() == example.found)
  }

  @Test func `every kind is found in some example`() {
    let cases =
      Self.covered + Self.wide + Self.exposed + Self.routes + Self.places + Self.management
      + Self.tripwires + Self.uses + Self.flows + Self.families + Self.leftAlone
    let found = Set(cases.filter { !$0.found.isEmpty }.map(\.kind))
    #expect(found == Set(Finding.Kind.allCases))
  }
}
