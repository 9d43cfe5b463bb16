import Nftables
import Testing

/// A change whose bytes are pinned.
struct BatchCase: CustomTestStringConvertible {
  let name: String
  let operations: [Nftables.Operation]
  /// Sets that elements come to or go from, as the operations hold them.
  let sets: [NamedSet]

  var testDescription: String { name }

  private init(_ name: String, sets: [NamedSet] = [], _ operations: [Nftables.Operation]) {
    self.name = name
    self.operations = operations
    self.sets = sets
  }

  private init(_ name: String, rules: [Rule]) {
    self.init(name, rules.map { .addRule("c", $0, .last) })
  }

  static let all = objects + rules

  private static let objects = [
    BatchCase(
      "a-table-with-chains",
      [
        .addTable(comment: "ours"), .addChain("input", BaseChain(hook: .input, policy: .drop), comment: nil),
        .addChain(
          "early",
          BaseChain(type: "route", hook: .output, priority: ChainPriority(rawValue: -150), policy: .accept),
          comment: "ahead of the rest"),
        .addChain(
          "wire",
          BaseChain(hook: .ingress, policy: .accept, devices: ["eth0"]), comment: nil),
        .addChain("in.web", nil, comment: "one service"), .setPolicy("early", .drop),
      ]),
    BatchCase(
      "sets-with-elements",
      [
        .addSet(
          NamedSet(
            name: "api.v4", key: [.ipv4Address], size: 16, comment: "two hosts",
            elements: SetElements(
              keyLength: 4, keys: [10, 0, 0, 1, 10, 0, 0, 2],
              attributes: [1: ElementAttributes(comment: "the second")]))),
        .addSet(
          NamedSet(
            name: "api.v6", key: [.ipv6Address], size: 16,
            elements: SetElements(
              keyLength: 16, keys: [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]))),
        .addSet(
          ranges(
            "office.v4", [([10, 0, 0, 0], [10, 255, 255, 255]), ([240, 0, 0, 0], [255, 255, 255, 255])])),
        .addSet(ranges("all.v4", [([0, 0, 0, 0], [255, 255, 255, 255])])),
        .addSet(
          NamedSet(
            name: "banned", key: [.ipv4Address], flags: .timeout, timeout: 3_600_000,
            elements: SetElements(
              keyLength: 4, keys: [192, 0, 2, 1], attributes: [0: ElementAttributes(timeout: 60_000)]))),
        .addSet(
          NamedSet(
            name: "denied", key: [.ipv4Address, .inetProto, .inetService], flags: [.dynamic, .timeout],
            size: 65536, timeout: 86_400_000, elements: .none(keyLength: 12))),
        .addSet(
          NamedSet(
            name: "pairs", key: [.ipv4Address, .inetService], flags: [.interval, .concatenated],
            elements: SetElements(
              keyLength: 8, keys: [10, 0, 0, 1, 0, 80, 0, 0], lastKeys: [10, 0, 0, 9, 0, 90, 0, 0]))),
      ]),
    BatchCase(
      "maps",
      [
        .addChain("in.web", nil, comment: nil),
        .addSet(
          ports(
            "in", [([6, 0, 0, 0, 1, 187, 0, 0], .jump("in.web")), ([17, 0, 0, 0, 0, 53, 0, 0], .accept)])),
        .addSet(
          NamedSet(
            name: "in/tcp", key: [.inetService], data: [.verdict], flags: .interval,
            elements: SetElements(
              keyLength: 2, keys: [0, 1, 0x80, 0], lastKeys: [0, 9, 0x80, 9],
              payload: .verdicts([.goto("in.web"), .drop])))),
        .addSet(
          NamedSet(
            name: "marks", key: [.ipv4Address], data: [.mark],
            elements: SetElements(
              keyLength: 4, keys: [10, 0, 0, 1], payload: .values([7, 0, 0, 0], length: 4)))),
      ]),
    BatchCase(
      "rules-at-their-places",
      [
        .deleteRule("in.web", handle: 7), .addRule("in.web", Rule([.counter, .verdict(.drop)]), .last),
        .addRule(
          "in.web", Rule([.counter, .verdict(.accept)], comment: "api-to-web"),
          .before(handle: 0x1_0000_0002)),
      ]),
    BatchCase(
      "elements-come-and-go", sets: [peers, office, dispatch],
      [
        .deleteElements(peers), .deleteElements(office), .deleteElements(dispatch), .addElements(peers),
        .addElements(office), .addElements(dispatch),
      ]),
    BatchCase("a-set-grows", sets: [peers], [.resizeSet(peers, to: 4096)]),
    BatchCase("a-table-is-switched-on", [.setFlags([])]),
    BatchCase(
      "everything-goes",
      [
        .deleteRule("in.web", handle: 9), .deleteSet("api.v4"), .deleteChain("in.web"), .deleteTable,
      ]),
  ]

  private static let rules = [
    BatchCase(
      "expressions-that-load",
      rules: [
        Rule([.meta(.l4Proto, into: .r1)]),
        Rule([.payload(base: .transport, offset: 2, length: 2, into: .at(byte: 4))]),
        Rule([.conntrack(.state, direction: nil, into: .r1)]),
        Rule([.conntrack(.destinationPort, direction: .original, into: .r1)]),
        Rule([.fib(result: .addressType, flags: [.source, .inputInterface], into: .r1)]),
        Rule([.fib(result: .outputInterface, flags: [.destination, .present], into: .r1)]),
        Rule([.immediate(.r1, [1, 2, 3, 4])]),
      ]),
    BatchCase(
      "expressions-that-compare",
      rules: [
        Rule([.compare(.equal, .r1, [6])]), Rule([.compare(.greaterOrEqual, .r1, [0, 80])]),
        Rule([.range(negated: false, .r1, from: [0, 1], to: [0, 9])]),
        Rule([.range(negated: true, .r1, from: [0, 1], to: [0, 9])]),
        Rule([.bitwise(from: .r1, into: .r1, mask: [0xff, 0, 0, 0], xor: [0, 0, 0, 1])]),
        Rule([.shift(from: .r1, into: .at(byte: 16), length: 4, left: true, bits: 3)]),
        Rule([.byteorder(from: .r1, into: .r1, toNetwork: true, length: 4, size: 4)]),
      ]),
    BatchCase(
      "expressions-that-look-up",
      rules: [
        Rule([.lookup(.named("api.v4"), .r1, negated: false, into: nil)]),
        Rule([.lookup(.named("api.v4"), .r1, negated: true, into: nil)]),
        Rule([.lookup(.named("in"), .r1, negated: false, into: .verdict)]),
        Rule([
          .lookup(
            .inline(
              InlineSet(key: [.inetProto], elements: SetElements(keyLength: 1, keys: [6, 17]))), .r1,
            negated: false, into: nil),
          .lookup(
            .inline(
              InlineSet(
                key: [.inetService], data: [.verdict], flags: .interval,
                elements: SetElements(
                  keyLength: 2, keys: [0, 1, 0, 10], lastKeys: [0, 9, 0, 20],
                  payload: .verdicts([.accept, .jump("in.web")])))), .at(byte: 4), negated: false,
            into: .verdict),
        ]),
      ]),
    BatchCase(
      "expressions-that-act",
      rules: [
        Rule([.counter]), Rule([.limit(Limit(rate: 5, unit: 60, burst: 10))]),
        Rule([.limit(Limit(rate: 1 << 20, burst: 0, bytes: true, over: true))]),
        Rule([.log(Log(prefix: "denied: ", level: 4, flags: 31))]),
        Rule([.log(Log(group: 5, snapLength: 100, queueThreshold: 10))]),
        Rule([.reject(.adminProhibited)]), Rule([.reject(Reject(.tcpReset, code: 0))]),
        Rule([.setMeta(.mark, from: .r1)]), Rule([.setConntrack(.mark, direction: nil, from: .r1)]),
        Rule([
          .dynamicSet(
            DynamicSet(.update, set: "denied", key: .r1, timeout: 60_000, expressions: [.counter]))
        ]),
        Rule([.dynamicSet(DynamicSet(.delete, set: "denied", key: .r1))]),
        Rule([.opaque(name: "notrack", attributes: [])]),
        Rule([.opaque(name: "quota", attributes: [12, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0])]),
      ]),
    BatchCase(
      "verdicts",
      rules: [
        .accept, .drop, .continue, .return, .jump("in.web"), .goto("in.web"), .queue(0x0001_0003),
      ].map { Rule([.verdict($0)], comment: "decides") }),
  ]

  private static func ranges(_ name: SetName, _ pairs: [(from: [UInt8], to: [UInt8])]) -> NamedSet {
    NamedSet(
      name: name, key: [.ipv4Address], flags: .interval,
      elements: SetElements(keyLength: 4, keys: pairs.flatMap(\.from), lastKeys: pairs.flatMap(\.to)))
  }

  private static func ports(_ name: SetName, _ pairs: [(key: [UInt8], verdict: Verdict)]) -> NamedSet {
    NamedSet(
      name: name, key: [.inetProto, .inetService], data: [.verdict], size: 16,
      elements: SetElements(
        keyLength: 8, keys: pairs.flatMap(\.key), payload: .verdicts(pairs.map(\.verdict))))
  }

  private static let peers = NamedSet(
    name: "api.v4", key: [.ipv4Address], size: 1024,
    elements: SetElements(keyLength: 4, keys: [10, 0, 0, 1, 10, 0, 0, 2]))
  private static let office = ranges(
    "office.v4", [([10, 0, 0, 0], [10, 0, 0, 255]), ([255, 0, 0, 0], [255, 255, 255, 255])])
  private static let dispatch = ports("in", [([6, 0, 0, 0, 1, 187, 0, 0], .jump("in.web"))])
}
