internal import Addressing
internal import Policy

/// What a value of the language looks like, as far as it can be said of the value alone.
indirect enum ValueSchema: Sendable {
  /// A text that says something.
  case text
  case bool
  case integer(ClosedRange<Int>)
  /// One of these.
  case words([String])
  /// A text of this form.
  case pattern(TextPattern)
  /// A number that is written as such, or a text of this form.
  case integerOr(ClosedRange<Int>, TextPattern)
  /// One value, or a list of at least one.
  case oneOrMore(ValueSchema)
  /// A list of just so many, no two of them equal.
  case list(ValueSchema, count: Int)
  case mapping(MappingSchema)
  /// A section: a mapping of names to values.
  case named(TextPattern, ValueSchema)
  /// A value that may be left out behind its key.
  case orNothing(ValueSchema)
  case either([ValueSchema])

  static func words<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) -> Self
  where Value.RawValue == String {
    .words(type.allCases.map(\.rawValue))
  }

  /// Whether a list is possible.
  var takesList: Bool {
    switch self {
    case .oneOrMore, .list: true
    case .either(let forms): forms.contains(where: \.takesList)
    case .orNothing(let form): form.takesList
    case .text, .bool, .integer, .words, .pattern, .integerOr, .mapping, .named: false
    }
  }

  static let name = pattern(.name)
  static let names = oneOrMore(name)
  static let selector = oneOrMore(pattern(.selectorTerm))
  static let mode = either([words(RuledMode.self), mapping(.mode)])
  static let port = integerOr(1...65535, .ports)
  static let prefix = pattern(.prefix)
}

/// The form of a text, for readers that know regular expressions (those that ECMA 262 and Python share), and in words.
struct TextPattern: Sendable {
  /// Some are of all that there is: they are put together for whoever asks, and no loader does.
  private let form: @Sendable () -> String
  let words: String

  init(_ form: @autoclosure @escaping @Sendable () -> String, _ words: String) {
    self.form = form
    self.words = words
  }

  /// Of the whole text.
  var expression: String { "^(?:\(form()))$" }

  // MARK: Names

  private static let oneName = "(?=[0-9._-]*[a-z])[a-z0-9][a-z0-9._-]{0,\(NameRule.maximumLength - 1)}"
  private static let range = #"\[[0-9]{1,9}\.\.[0-9]{1,9}\]"#
  private static let reserved = NameRule.reserved.map(\.rawValue).joined(separator: "|")

  static let name = Self(
    oneName, "a name: 1 to \(NameRule.maximumLength) characters of [a-z0-9._-], a letter among them")
  /// In the namespace that selectors name.
  static let declaredName = Self("(?!(?:\(reserved))$)\(oneName)", "\(name.words); \(reserved) are taken")
  static let hostName = Self(
    "(?!(?:\(reserved))$)(?:\(oneName)|(?=[^a-z]*[a-z])[a-z0-9._-]*\(range)[a-z0-9._-]*)",
    "\(name.words), or a range of them such as db-[1..3]; \(reserved) are taken")
  static let selectorTerm = Self(
    "[ \\n]*(?:!\(oneName)[ \\n]*&[ \\n]*)*\(oneName)[ \\n]*(?:&[ \\n]*!?\(oneName)[ \\n]*)*",
    "a name of a host, group, zone or network; `a & b` is who is in both, `a & !b` who is not in b, `all` every host"
  )

  // MARK: Addresses

  private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
  private static let ipv4 = #"\#(octet)(?:\.\#(octet)){3}"#
  private static let ipv6 = "[0-9A-Fa-f]*:[0-9A-Fa-f:.]*"
  private static let somePrefix = "\(ipv4)(?:/[0-9]{1,2})?|\(ipv6)(?:/[0-9]{1,3})?"

  static let oneAddress = Self("\(ipv4)|\(ipv6)", "an address such as 10.20.1.11")
  static let address = Self(
    "\(ipv4)|\(ipv6)|[0-9A-Fa-f:.]*\(range)[0-9A-Fa-f:.]*",
    "an address such as 10.20.1.11; of a range of hosts one such as 10.20.1.[11..13]")
  static let prefix = Self(somePrefix, "a prefix such as 10.20.0.0/16, or an address")
  static let addressRange = Self(
    "\(somePrefix)|\(ipv4)-\(ipv4)|\(ipv6)-\(ipv6)",
    "a prefix such as 10.20.0.0/16, an address, or a range such as 10.20.1.10-10.20.1.99")
  static let exception = Self(
    "\(somePrefix)|\(ipv4)-\(ipv4)|\(ipv6)-\(ipv6)|(?!all$)\(oneName)",
    "managed, private, the name of a network, a prefix or a range")
  static let destination = Self(
    #"(?!-)[a-zA-Z0-9._@:/\[\]%+-]+"#, "what ssh is told to connect to, such as user@host")
  static let transport = Self(
    #"(?=.*\{host\})[ -~]+"#,
    "a command with {host} in it, such as ssh -J bastion {host} sudo -n")
  static let bridge = Self(
    #"(?!(?:l|lo)?\*$|lo$)(?:[A-Za-z0-9._-]{1,15}|[A-Za-z0-9._-]{1,14}\*)"#,
    "the name of a link such as docker0; br-* is every name that begins with br-")

  // MARK: Services

  private static let somePorts = "[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4})?"
  static let ports = Self(somePorts, "a port such as 443, or a range such as 8000-8099")
  static let types = Self("[a-z0-9-]+", "a message type such as echo-request")
  static let ipProtocol = Self(
    (ServiceTermText.protocolNames + ["icmp", "[1-9][0-9]{0,2}"]).joined(separator: "|"),
    "a protocol such as udp, icmp or vrrp, or its number")
  /// What the parser takes, asked for each word that could be one.
  static let serviceTerm = Self(
    serviceTerms,
    "a protocol with its ports, such as tcp/443 or udp/5300-5310, icmp/echo-request, or a protocol alone, such as esp"
  )

  private static var serviceTerms: String {
    let withPorts = ServiceTermText.protocolNames.filter(ServiceTermText.needsPorts)
    let alone = ServiceTermText.protocolNames.filter { (try? ServiceTermText.terms($0)) != nil }
    return "(?:\(withPorts.joined(separator: "|")))/(?:\(somePorts))|"
      + (ServiceTermText.messages + alone).joined(separator: "|")
  }

  // MARK: Times and counts

  static let moment = Self(
    "2[0-2][0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z)?",
    "a day such as 2027-03-31, or a moment such as 2027-03-31T18:00:00Z")
  static let duration = Self(
    "1 (?:second|minute|hour|day)|[1-9][0-9]{0,8}(?:[smhd]| (?:seconds|minutes|hours|days))",
    "a time such as 90s, 5m, 2h, 1d, or 1 minute")
  static let hops = Self(
    "1 hop|(?:[2-9]|[1-5][0-9]|6[0-4]) hops", "a number of hops such as 3 hops, at most 64")
  static let doors = Self(
    "(?:[2-9]|[1-9][0-9]{1,2}|1000) closed doors",
    "a number of closed doors such as 20 closed doors, 2 to 1000")
}

extension ServiceTermText {
  /// Protocols that the language names, in the order of their numbers.
  static let protocolNames = (IPProtocol.names.map(\.name) + ["icmpv4"]).filter {
    (try? protocolNamed($0)) != nil
  }

  static func needsPorts(_ name: String) -> Bool { (try? protocolNamed(name))?.hasPorts ?? false }

  /// Every message of ICMP that can be a service, as it is written.
  static let messages: [String] = {
    let names = Set(AddressFamily.allCases.flatMap { ICMPType.names($0).map(\.name) }).sorted()
    let both = names.map { "icmp/\($0)" }
    let one = ["icmpv4", "icmpv6"].flatMap { family in
      (names + (0...255).map { "\($0)" }).map { "\(family)/\($0)" }
    }
    return (both + one).filter { (try? terms($0)) != nil }
  }()
}
