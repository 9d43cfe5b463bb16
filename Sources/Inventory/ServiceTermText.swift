internal import Addressing
import Diagnostics
internal import Policy

/// Reads `tcp/443`, `icmp/echo-request`, `esp`: one protocol with its ports or types.
enum ServiceTermText {
  /// What is wrong, and what to write.
  struct Fault: Error {
    let message: String
    let help: String
    /// What to write in the mapping form, where that is something else.
    var inMapping: String?
  }

  /// `icmp/TYPE` makes two terms, one for each family; everything else one.
  static func terms(_ text: String) throws(Fault) -> [ServiceTerm] {
    if text.contains(where: { ",+ ;|".contains($0) }) { throw severalInOne(text) }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let detail = parts.count > 1 ? String(parts[1]) : nil
    let name = String(parts[0])
    if name == "icmp" { return try bothFamilies(detail) }
    if detail == nil, !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      let port = "`tcp/\(name)` or `udp/\(name)`"
      if UInt8(name) == nil { throw Fault(message: "`\(name)` has no protocol", help: "write \(port)") }
      throw Fault(
        message: "`\(name)` may be a port or a protocol",
        help: "write \(port) for a port, `{protocol: \(name)}` for a protocol")
    }
    if let detail, isNumber(name.prefix { $0 != "-" }), let turned = IPProtocol(name: detail), turned.hasPorts
    {
      throw Fault(
        message: "\(SafeText.quoted(text)) has the port before the protocol",
        help: "write `\(detail)/\(name)`")
    }
    let ipProtocol = try protocolNamed(name)
    if let family = icmpFamily(ipProtocol) {
      guard let detail else { throw missingTypes(name) }
      return [ServiceTerm(ipProtocol, .types(IntervalSet([try type(detail, family)].map { $0...$0 })))]
    }
    if ipProtocol.hasPorts {
      guard let detail else { throw missingPorts(name) }
      return [ServiceTerm(ipProtocol, .ports(IntervalSet([try ports(detail)])))]
    }
    guard detail == nil else {
      throw Fault(message: "the protocol `\(name)` has no ports", help: "write `\(name)` alone")
    }
    return [ServiceTerm(ipProtocol, .any)]
  }

  static let meansAnything: Set<String> = ["any", "all", "*", "ip", "every", "everything", "anything"]

  private static func isNumber(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// `tcp/80,443` is one text to YAML, and so are `53/tcp+udp` and `tcp/80;443`.
  private static func severalInOne(_ text: String) -> Fault {
    let sign = ["+", ";", "|"].first { text.contains($0) }
    let separator = text.contains(",") ? "a comma" : sign.map { "`\($0)`" } ?? "a space"
    let message = "\(SafeText.quoted(text)) is one text, and \(separator) separates nothing in it"
    guard let terms = meant(text) else {
      return Fault(
        message: message,
        help: separator == "a space"
          ? "write a protocol with its ports, such as `tcp/443`" : "write a list, such as `[tcp/80, tcp/443]`"
      )
    }
    return Fault(
      message: message,
      help: terms.count == 1 ? "write `\(terms[0])`" : "write a list: `[\(terms.joined(separator: ", "))]`")
  }

  /// The protocol of a name or number; `icmp` alone is refused, it means two.
  static func protocolNamed(_ name: String) throws(Fault) -> IPProtocol {
    if name == "icmpv4" { return .icmp }
    if name != "icmp", let known = IPProtocol(name: name) { return known }
    if meansAnything.contains(name.lowercased()) {
      throw Fault(
        message: "\(SafeText.quoted(name)) is no protocol, and no word means every one",
        help: "name what is needed; every port of TCP is `tcp/1-65535`, of UDP `udp/1-65535`",
        inMapping: "name what is needed; every port of TCP is `{protocol: tcp, ports: 1-65535}`")
    }
    guard !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      if name.contains(":") {
        let halves = name.split(separator: ":", maxSplits: 1).map(String.init)
        let isOne = halves.count == 2 && IPProtocol(name: halves[0])?.hasPorts == true
        let port = isOne ? try? ports(halves[1]) : nil
        // What was written, where it is two ports.
        let numbers = Set(halves.compactMap { try? ports($0).lowerBound }).sorted()
        let (from, to) = numbers.count == 2 ? (numbers[0], numbers[1]) : (22, 80)
        throw Fault(
          message: "\(SafeText.quoted(name)) is no service: ports are not written with `:`",
          help: port == nil
            ? "write `tcp/\(from)-\(to)` for a range, `[tcp/\(from), tcp/\(to)]` for two ports"
            : "write `\(halves[0])/\(halves[1])`",
          inMapping: inMapping(halves))
      }
      let known = IPProtocol.names.map(\.name) + ["icmpv4"]
      let nearest = Suggestion.nearest(to: name, among: known).map { "did you mean `\($0)`?" }
      throw Fault(
        message: "the protocol \(SafeText.quoted(name)) is not known",
        help: nearest ?? "write `tcp/443`, `udp/53`, `icmp/echo-request`, or a protocol's name or number",
        inMapping: nearest ?? inMapping(name.split(separator: "/", maxSplits: 1).map(String.init)))
    }
    guard name.utf8.first != 0x30 || name == "0", let number = UInt8(name) else {
      throw Fault(
        message: "\(SafeText.quoted(name)) is not a protocol's number",
        help: "write a name, or a number of 1 to 252")
    }
    let found = IPProtocol(rawValue: number)
    if found.hasPorts || icmpFamily(found) != nil {
      let named = found == .icmp ? "icmpv4" : "\(found)"
      throw Fault(
        message: "the protocol \(number) is \(named)",
        help: "write `\(named)/` and what of it, or the port of which protocol",
        inMapping: "write `protocol: \(named)`")
    }
    if IPProtocol.unassigned.contains(found) {
      throw Fault(
        message: number == 255
          ? "255 is reserved, not a protocol" : "\(number) is a number for experiments, not a protocol",
        help: "write a name, or a number of 1 to 252")
    }
    if IPProtocol.extensionHeaders.contains(found) {
      throw Fault(
        message: "\(number) is a header of IPv6, not a protocol",
        help: "name the protocol behind it: `tcp/443`, `esp`",
        inMapping: "name the protocol behind it, such as `tcp` or `esp`")
    }
    return found
  }

  /// What to write in the mapping form for a protocol with what stands behind its sign.
  private static func inMapping(_ halves: [String]) -> String {
    guard halves.count == 2, let known = IPProtocol(name: halves[0] == "icmpv4" ? "icmp" : halves[0]) else {
      return "write a protocol's name, such as `tcp`, `icmp` or `esp`, or its number"
    }
    if known.hasPorts, (try? ports(halves[1])) != nil {
      return "write `protocol: \(halves[0]), ports: \(halves[1])`"
    }
    let key = known.hasPorts ? " and `ports:`" : icmpFamily(known) != nil ? " and `types:`" : ""
    return "write `protocol: \(halves[0])`\(key)"
  }

  static func icmpFamily(_ ipProtocol: IPProtocol) -> AddressFamily? {
    switch ipProtocol {
    case .icmp: .ipv4
    case .icmpv6: .ipv6
    default: nil
    }
  }

  static func missingPorts(_ name: String) -> Fault {
    Fault(message: "`\(name)` needs ports", help: "write `\(name)/443`; `\(name)/1-65535` is every port")
  }

  static func missingTypes(_ name: String) -> Fault {
    Fault(message: "`\(name)` needs a message type", help: "write `\(name)/echo-request`")
  }

  // MARK: Ports

  /// One port, or a range of them.
  static func ports(_ text: String) throws(Fault) -> ClosedRange<UInt16> {
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let low = try port(ends[0], of: text)
    let high = ends.count > 1 ? try port(ends[1], of: text) : low
    guard low <= high else {
      throw Fault(message: "the ports \(SafeText.quoted(text)) run backwards", help: "write `\(high)-\(low)`")
    }
    return low...high
  }

  private static func port(_ digits: Substring, of text: String) throws(Fault) -> UInt16 {
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      let halves = digits.split(separator: ":", omittingEmptySubsequences: false)
      if halves.count == 2, text == digits, let range = try? ports("\(halves[0])-\(halves[1])") {
        throw Fault(
          message: "\(SafeText.quoted(text)) is no range: ports are not written with `:`",
          help: "write `\(range.lowerBound)-\(range.upperBound)` for all of them")
      }
      throw Fault(
        message: "\(SafeText.quoted(text)) is not a port",
        help: "write a number such as 443, or a range such as 8000-8099; every port is 1-65535")
    }
    if digits.utf8.first == 0x30 {
      throw digits.utf8.count == 1
        ? Fault(message: "port 0 does not exist", help: "ports are 1 to 65535; for every port write 1-65535")
        : Fault(message: "the port \(SafeText.quoted(digits)) has a leading zero", help: "write it without")
    }
    guard let port = UInt16(digits) else {
      throw Fault(message: "the port \(SafeText.quoted(digits)) is above 65535", help: "ports are 1 to 65535")
    }
    return port
  }

  // MARK: ICMP

  static func bothFamilies(_ detail: String?) throws(Fault) -> [ServiceTerm] {
    guard let detail else { throw missingTypes("icmp") }
    if detail.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !detail.isEmpty {
      throw Fault(
        message: "the number `\(detail)` is another message in each family",
        help: "write `icmpv4/\(detail)` or `icmpv6/\(detail)`, or `icmp/` and a name",
        inMapping: "write `protocol: icmpv4` or `protocol: icmpv6`, or the name of the type")
    }
    let known = AddressFamily.allCases.filter { family in
      ICMPType.names(family).contains { $0.name == detail }
    }
    if let only = known.first, known.count == 1 {
      let prefix = only == .ipv4 ? "icmpv4" : "icmpv6"
      _ = try type(detail, only)
      throw Fault(
        message: "the message type `\(detail)` exists in IP\(only.suffix) only",
        help: "write `\(prefix)/\(detail)`", inMapping: "write `protocol: \(prefix)`")
    }
    let v4 = try type(detail, .ipv4)
    let v6 = try type(detail, .ipv6)
    return [
      ServiceTerm(.icmp, .types(IntervalSet([v4...v4]))),
      ServiceTerm(.icmpv6, .types(IntervalSet([v6...v6]))),
    ]
  }

  /// A message type by name or number that a policy may open.
  static func type(_ text: String, _ family: AddressFamily) throws(Fault) -> UInt8 {
    let names = ICMPType.names(family)
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    if isNumber, text.utf8.first == 0x30, text != "0" {
      throw Fault(
        message: "the message type \(SafeText.quoted(text)) has a leading zero", help: "write it without")
    }
    guard let value = names.first(where: { $0.name == text })?.value ?? (isNumber ? UInt8(text) : nil) else {
      let nearest = Suggestion.nearest(to: text, among: names.map(\.name)).map { "did you mean `\($0)`?" }
      throw Fault(
        message: "the message type \(SafeText.quoted(text)) of ICMP for IP\(family.suffix) is not known",
        help: nearest
          ?? "write a name such as `echo-request`, or a number of 0 to 255 behind `icmpv4/` or `icmpv6/`",
        inMapping: nearest
          ?? "write a name such as `echo-request`, or with `icmpv4` or `icmpv6` a number of 0 to 255")
    }
    let name = names.first { $0.value == value }?.name ?? text
    try checkOpens(name, value, family)
    return value
  }

  /// Only a message that begins a connection can be a service: connection tracking lets any other through
  /// if it belongs to an allowed connection, and calls it invalid if not, whatever a flow says
  /// (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c).
  private static func checkOpens(
    _ name: String, _ value: UInt8, _ family: AddressFamily
  ) throws(Fault) {
    switch (family, value) {
    case (.ipv4, 5), (.ipv6, 137):
      throw Fault(
        message: "`\(name)` is never opened: a redirect lets a neighbour take over a host's routes",
        help: "remove it; routes belong to the host's configuration")
    case (.ipv4, 13), (.ipv4, 14):
      throw Fault(
        message: "`\(name)` is never opened: timestamps tell a stranger the host's clock",
        help: "remove it; use NTP")
    case (.ipv6, 133...136):
      throw Fault(
        message: "`\(name)` is always open: without neighbour discovery there is no IPv6", help: "remove it")
    case (.ipv6, 130...132), (.ipv6, 143):
      throw Fault(
        message: "`\(name)` is always open: without it switches do not deliver neighbour discovery",
        help: "remove it")
    case (.ipv4, 8), (.ipv4, 15), (.ipv4, 17), (.ipv6, 128), (.ipv6, 139): return
    case (.ipv4, 0), (.ipv4, 16), (.ipv4, 18), (.ipv6, 129), (.ipv6, 140):
      let requests: [UInt8: String] = [
        0: "echo-request", 129: "echo-request", 140: "139", 16: "info-request", 18: "address-mask-request",
      ]
      let request = requests[value] ?? "echo-request"
      throw Fault(
        message: "`\(name)` is an answer, which opens nothing: without its request it is always dropped",
        help: "write the request, `\(request)`: answers to what a flow allows are always let through")
    case (.ipv4, 3), (.ipv4, 4), (.ipv4, 11), (.ipv4, 12), (.ipv6, ..<128):
      throw Fault(
        message:
          "`\(name)` is an error, which opens nothing: about any other connection it is always dropped",
        help: "remove it: errors about connections that flows allow are always let through")
    default:
      throw Fault(
        message: "`\(name)` begins no connection, and connection tracking drops it whatever a flow says",
        help: "remove it: of ICMP only requests can be a service, such as `echo-request`")
    }
  }
}
