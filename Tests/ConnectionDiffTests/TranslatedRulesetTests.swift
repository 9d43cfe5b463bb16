import Addressing
import ConnectionDiff
import ConnectionSpace
import Foundation
import Goldens
import Nftables
import Policy
import RulesetSpace
import Testing

/// What is told of a ruleset that translates (`Tests/Golden/read/addresses-translated`), against the evaluator.
///
/// The evaluator knows no links and translates nothing: the marks 10 and 11 stand for `eth0` and `docker0`, and what the
/// one rule for destinations does, `iifname "eth0" tcp dport 8080 dnat to 172.17.0.2:80`, is done here by hand.
@Suite struct TranslatedRulesetTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let eth0: UInt32 = 10

  private static func text() throws -> String {
    try String(
      contentsOfFile: "\(Golden.root)/Tests/Golden/read/addresses-translated/ruleset.json", encoding: .utf8)
  }

  private static func tables(_ text: String) throws -> [Table] {
    try Table.tables(fromJSON: Array(text.utf8))
  }

  /// By link, and with a source in the set of blocked addresses or not.
  private struct Circumstance {
    let mark: UInt32
    let judges: [(family: Family, judge: Evaluator)]
  }

  private static func circumstances(_ source: String) throws -> [Circumstance] {
    var text = try text()
    for (name, mark) in [("eth0", eth0), ("docker0", 11)] {
      text = text.replacing(
        #"{"meta": {"key": "iifname"}}, "right": "\#(name)""#,
        with: #"{"meta": {"key": "mark"}}, "right": \#(mark)"#)
    }
    #expect(!text.contains(#""iifname""#))
    // What a rule fills the evaluator takes for unknown: once nobody is blocked, once the source is.
    let adding =
      #"{"set": {"op": "add", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}, "set": "@blocked"}}"#
    let declaration = #""size": 65535, "flags": ["timeout"], "timeout": 3600"#
    #expect(text.contains(declaration) && text.contains(adding))
    let texts = ["255.255.255.255", source].filter { !$0.contains(":") }.map {
      text.replacing(declaration, with: #""elem": ["\#($0)"]"#).replacing(adding, with: #"{"counter": null}"#)
    }
    return try texts.flatMap { text in
      let judges = try tables(text).map { (family: $0.family, judge: Evaluator($0)) }
      return [eth0, 11, 12].map { Circumstance(mark: $0, judges: judges) }
    }
  }

  private static func passes(
    _ source: Address, _ destination: Address, _ ipProtocol: IPProtocol, _ kind: UInt16, isIn: Bool,
    _ circumstance: Circumstance
  ) -> Bool {
    var (target, port, hook) = (destination, kind, isIn ? Hook.input : .forward)
    var isTranslated = false
    if circumstance.mark == eth0, source.family == .ipv4, ipProtocol == .tcp, kind == 8080 {
      (target, port, hook) = (Address(.ipv4, 0xac11_0002), 80, .forward)
      isTranslated = target != destination
    }
    let header =
      ipProtocol.hasPorts
      ? Packet.transportHeader(ipProtocol, source: 40_000, destination: port)
      : [UInt8(truncatingIfNeeded: kind), 0, 0, 0, 0, 0, 0, 0]
    var packet = Packet(
      from: source, to: target, ipProtocol, transport: header, inputInterface: 7, outputInterface: 8)
    packet.mark = circumstance.mark
    packet.status = isTranslated ? 32 : 0
    return circumstance.judges.allSatisfy { family, judge in
      family == .ipv4 && source.family == .ipv6 || judge.evaluate(packet, at: hook).verdict == .accept
    }
  }

  private static let terms: [(IPProtocol, UInt16)] = [
    (.tcp, 22), (.tcp, 80), (.tcp, 81), (.tcp, 443), (.tcp, 8080), (.tcp, 8081), (.udp, 53), (.udp, 443),
    (.icmp, 8), (.icmp, 13),
  ]
  private static let sources = ["198.51.100.5", "198.51.100.200", "203.0.113.7", "192.0.2.1", "2001:db8::9"]
  private static let destinations = [
    "10.0.0.1", "172.17.0.2", "172.17.0.3", "2001:db8::1",
  ]

  @Test(arguments: [Direction.ingress, .forward])
  func `every line is what the evaluator says of packets by every link`(direction: Direction) throws {
    let allowed = try AllowedConnections(
      Self.tables(try Self.text()), direction, own: nil, names: nil, at: Self.now)
    var (sure, possible, denied) = (0, 0, 0)
    for source in Self.sources {
      let circumstances = try Self.circumstances(source)
      let from = try Address(parsing: source)
      for destination in try Self.destinations.map({ try Address(parsing: $0) })
      where destination.family == from.family {
        for (ipProtocol, kind) in Self.terms {
          let outcomes = circumstances.map {
            Self.passes(from, destination, ipProtocol, kind, isIn: direction == .ingress, $0)
          }
          let isSure = allowed.lines.contains { $0.holds(from, destination, ipProtocol, kind) }
          let isPossible = allowed.possible.contains { $0.holds(from, destination, ipProtocol, kind) }
          let label = "\(direction) \(source) \(destination) \(ipProtocol) \(kind): \(outcomes)"
          if isSure { #expect(!outcomes.contains(false), "\(label)") }
          if outcomes.contains(true) { #expect(isSure || isPossible, "\(label)") }
          if isPossible, !isSure { #expect(Set(outcomes).count == 2, "\(label)") }
          if isSure { sure += 1 } else if isPossible { possible += 1 } else { denied += 1 }
        }
      }
    }
    #expect(sure > 0 && possible > 0 && (denied > 0 || direction == .forward))
    let led = try #require(allowed.translations.first)
    #expect(allowed.translations.count == 1 && led.links == .only(["eth0"]) && led.isSure)
    #expect(led.target == "172.17.0.2:80" && led.rule.table == "ip nat")
    for (ipProtocol, kind) in Self.terms {
      let isLed = led.line.holds(
        Address(.ipv4, 0xc000_0201), Address(.ipv4, 0x0a00_0001), ipProtocol, kind)
      #expect(isLed == (ipProtocol == .tcp && kind == 8080))
    }
  }
}

extension ConnectionLine {
  fileprivate func holds(_ from: Address, _ to: Address, _ ipProtocol: IPProtocol, _ kind: UInt16) -> Bool {
    func isIn(_ rectangle: Rectangle) -> Bool {
      guard rectangle.ipProtocol == ipProtocol, rectangle.sources.contains(from),
        rectangle.destinations.contains(to)
      else { return false }
      return switch rectangle.kinds {
      case .any: true
      case .ports(let ports): ports.contains(kind)
      case .types(let types): types.contains(UInt8(truncatingIfNeeded: kind))
      }
    }
    return rectangles.contains(where: isIn) && !exceptions.contains(where: isIn)
  }
}
