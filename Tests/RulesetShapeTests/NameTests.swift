import Addressing
import Nftables
import RulesetShape
import Testing

/// Names as they are written, and what they are read back as.
@Suite struct NameTests {
  private static let chains: [(ChainMeaning, String)] = [
    (.base(.input), "input"), (.base(.forward), "forward"), (.base(.output), "output"),
    (.denial(.input), "in/deny"), (.recording(.output), "out/records"),
    (.notNew(.forward), "forward/not-new"), (.translated(.output), "out/dnat"),
    (.requests(.input, service: "https"), "in.https"), (.requests(.output, service: "a.b"), "out.a.b"),
    (.requests(.forward, service: "deny"), "forward.deny"),
    (.requests(.input, service: "mdns.replies"), "in.mdns.replies"),
    (.replies(.input, service: "mdns"), "in/mdns.replies"),
    (.replies(.input, service: "tcp.80"), "in/tcp.80.replies"),
    (.replies(.output, service: "dnat.tcp"), "out/dnat.tcp.replies"),
    (.shared(.input, .type(.icmp, 8)), "in/icmp-8"), (.shared(.input, .type(.icmpv6, 128)), "in/icmpv6-128"),
    (.shared(.forward, .ipProtocol(.esp)), "forward/protocol-50"),
    (.shared(.output, .port(.tcp, 443)), "out/tcp-443"),
    (.shared(.input, .ports(.udp, 53...53)), "in/udp.53"),
    (.shared(.input, .ports(.sctp, 8000...8999)), "in/sctp.8000-8999"),
    (.tripwire(.input), "in/tripwire"), (.tripwire(.forward), "forward/tripwire"),
    (.quarantine, "quarantine"), (.toContainers, "forward/to-containers"),
    (.fromContainers, "forward/from-containers"),
    (.shared(.input, .translatedPorts(.tcp, 443...443)), "in/dnat.tcp.443"),
    (.shared(.input, .translatedPorts(.tcp, 1...65535)), "in/dnat.tcp.1-65535"),
  ]

  @Test(arguments: chains) func `a chain's name is read back as what it was made of`(
    meaning: ChainMeaning, name: String
  ) {
    #expect(meaning.name.text == name)
    #expect(ChainMeaning(meaning.name) == meaning)
  }

  @Test(arguments: [
    "INPUT", "prerouting", "in", "in.", "in/", "inet.https", "in/drop", "in/deny/x", "in/tcp", "in/tcp-",
    "in/tcp-080", "in/tcp-+80", "in/tcp-65536", "in/esp-1", "in/icmp-256", "in/tcp.9-1", "in/tcp.1-2-3",
    "in/tcp.", "in/protocol-256", "in/dnat.tcp", "in/dnat.esp.1", "in/.replies", "in.web/x", "input.x",
    "DOCKER-USER", "/deny", ".https", "in/to-containers", "out/from-containers",
  ])
  func `a chain of nobody's making has no meaning`(name: String) {
    #expect(ChainMeaning(ChainName(checked: name)) == nil)
  }

  private static let sets: [(SetMeaning, String)] = [
    (.ports(.input), "in"), (.ports(.forward), "forward"), (.ranges(.input, .tcp), "in/tcp"),
    (.translated(.output, .udp), "out/dnat.udp"), (.types(.input, .icmp), "in/icmp"),
    (.types(.output, .icmpv6), "out/icmpv6"), (.protocols(.forward), "forward/protocols"),
    (.records(.input, .ports, .ipv4), "in/denied.v4"),
    (.records(.forward, .messages, .ipv4), "forward/denied-icmp.v4"),
    (.records(.output, .others, .ipv6), "out/denied-other.v6"), (.asking(.input, .ipv6), "in/asking.v6"),
    (.ended(.input, "a.b.1.1", .ipv4), "in/expired.a.b.1.1.v4"),
    (.ended(.output, "a.b.1.1/2", .ipv6), "out/expired.a.b.1.1/2.v6"),
    (.opened(.input, .ipv4), "in/opened.v4"), (.opened(.forward, .ipv6), "forward/opened.v6"),
    (.quarantine(.ipv4), "quarantine/v4"), (.quarantine(.ipv6), "quarantine/v6"),
    (.peers("quarantine", .ipv4), "quarantine.v4"),
    (.counted("scan", .ipv4), "tripwire/counts.scan.v4"), (.cut(.ipv6), "tripwire/cut.v6"),
    (.tripped("a.v4", .ipv6), "tripwire/tripped.a.v4.v6"),
    (.doors(.input, "scan", .ipv4), "in/doors.scan.v4"),
    (.knocks(.forward, "a.b", .ipv6), "forward/knocks.a.b.v6"), (.peers("tripwire", .ipv4), "tripwire.v4"),
    (.peers("tripwire/from", .ipv4), "tripwire/from.v4"),
    (.peers("tripwire/to.cut", .ipv6), "tripwire/to.cut.v6"),
    (.bridges, "bridges"), (.peers("api", .ipv4), "api.v4"), (.peers("bridges", .ipv4), "bridges.v4"),
    (.peers("in", .ipv6), "in.v6"), (.peers("1st", .ipv4), "_1st.v4"),
    (.peers("_x", .ipv4), "__x.v4"), (.peers("in/from", .ipv4), "in/from.v4"),
    (.peers("in/to.denied", .ipv4), "in/to.denied.v4"),
    (.peers("in/route-1.one", .ipv6), "in/route-1.one.v6"), (.peers("a.v6", .ipv4), "a.v6.v4"),
  ]

  @Test(arguments: sets) func `a set's name is read back as what it was made of`(
    meaning: SetMeaning, name: String
  ) {
    #expect(meaning.name.text == name)
    #expect(SetMeaning(meaning.name) == meaning)
  }

  @Test(arguments: [
    "denied", "blackhole", "api.v5", ".v4", "_api.v4", "Api.v4", "in/", "in/esp", "in/dnat.esp", "in/denied",
    "in/expired..v4x", "in/asking", "in/opened", "quarantine", "quarantine/v5", "in/quarantine",
    "tripwire/cut", "in/doors", "in/knocks",
  ])
  func `a set of nobody's making has no meaning`(name: String) {
    #expect(SetMeaning(SetName(checked: name)) == nil)
  }
}
