internal import Addressing
internal import AgentProtocol
internal import Policy

/// What is asked for at the other end, whichever family it is asked in.
enum Wanted: Hashable {
  /// Of a protocol that has ports.
  case port(IPProtocol, UInt16)
  /// An echo request.
  case ping
  /// Another message that begins something, of one family.
  case message(IPProtocol, UInt8)
  /// A protocol without ports.
  case whole(IPProtocol)
  /// A port that the server of a file transfer picks for its data (RFC 959, PASV).
  case passive

  /// - Throws: ``Unwanted``.
  init(_ record: Recorded.Record) throws(Unwanted) {
    let ipProtocol = record.ipProtocol
    if ipProtocol.hasPorts {
      // No sender of theirs has port 0, and whoever says that there is none is no host of ours.
      guard let port = record.port, port > 0 else { throw .nothing }
      self = .port(ipProtocol, port)
    } else if ipProtocol == .icmp || ipProtocol == .icmpv6 {
      guard let type = record.type else { throw .message }
      if type == (ipProtocol == .icmp ? 8 : 128) {
        self = .ping
      } else if Self.isOpened(ipProtocol, type) {
        self = .message(ipProtocol, type)
      } else {
        throw .message
      }
    } else {
      let isProtocol =
        !IPProtocol.extensionHeaders.contains(ipProtocol) && !IPProtocol.unassigned.contains(ipProtocol)
      guard isProtocol, record.port == nil else { throw .nothing }
      self = .whole(ipProtocol)
    }
  }

  /// Whether a service may be about a message: of those that conntrack lets begin something (`nf_conntrack_proto_icmp.c`,
  /// `nf_conntrack_proto_icmpv6.c`) no policy opens timestamps.
  private static func isOpened(_ ipProtocol: IPProtocol, _ type: UInt8) -> Bool {
    ipProtocol == .icmp ? [15, 17].contains(type) : type == 139
  }

  /// Why no service can be about something.
  enum Unwanted: Error {
    /// Messages that no flow opens, or of which it is not known which they were.
    case message
    /// What an inventory refuses: port 0, a number that is no protocol's.
    case nothing
  }

  /// Everything that a service is about; `nil`: more than is looked at here, such as ranges of a great many ports.
  static func all(of service: Service) -> Set<Self>? {
    guard service.multicast.isEmpty, service.replies == nil else { return nil }
    var all: Set<Self> = []
    var echoes: Set<IPProtocol> = []
    for term in service.terms {
      switch term.match {
      case .any: all.insert(.whole(term.ipProtocol))
      case .ports(let ports):
        guard ports.ranges.reduce(0, { $0 + $1.count }) <= 256 else { return nil }
        for range in ports.ranges { for port in range { all.insert(.port(term.ipProtocol, port)) } }
      case .types(let types):
        let echo: UInt8 = term.ipProtocol == .icmp ? 8 : 128
        if types.contains(echo) { echoes.insert(term.ipProtocol) }
        for type in types.ranges.joined() where type != echo { all.insert(.message(term.ipProtocol, type)) }
      }
    }
    // That of one family alone is narrower than what was wanted.
    if echoes.count == 1 { return nil }
    if !echoes.isEmpty { all.insert(.ping) }
    return all
  }

  /// Ports of which the kernel picks one where nobody names one (ip-sysctl.rst, `ip_local_port_range`).
  static let picked: ClosedRange<UInt16> = 32_768...60_999

  /// Whether a kernel may have picked it.
  var isPicked: Bool { if case .port(_, let port) = self { Self.picked.contains(port) } else { false } }

  /// As an inventory writes it.
  var term: String {
    switch self {
    case .port(let ipProtocol, let port): "\(ipProtocol)/\(port)"
    case .ping: "icmp/echo-request"
    case .message(let ipProtocol, let type): "\(Self.word(ipProtocol))/\(type)"
    case .whole(let ipProtocol): "{protocol: \(ipProtocol.rawValue)}"
    case .passive: "tcp/\(Self.picked.lowerBound)-\(Self.picked.upperBound)"
    }
  }

  /// What a service that is about it alone may be called, if the name is free.
  var name: String {
    switch self {
    case .port(.tcp, let port) where Self.wellKnown[port] != nil: Self.wellKnown[port] ?? ""
    case .port(.udp, 123): "ntp"
    case .port(.udp, 514): "syslog"
    case .port(let ipProtocol, let port): "\(ipProtocol)-\(port)"
    case .ping: "ping"
    case .message(let ipProtocol, let type): "\(Self.word(ipProtocol))-\(type)"
    case .whole(let ipProtocol): "ip-\(ipProtocol)"
    case .passive: "ftp-data"
    }
  }

  private static func word(_ ipProtocol: IPProtocol) -> String {
    ipProtocol == .icmp ? "icmpv4" : "icmpv6"
  }

  /// Services of TCP that nearly everybody calls so (IANA, Service Name and Transport Protocol Port Number Registry).
  private static let wellKnown: [UInt16: String] = [
    22: "ssh", 25: "smtp", 80: "http", 389: "ldap", 443: "https", 587: "submission", 636: "ldaps",
    2049: "nfs", 3306: "mysql", 5432: "postgres", 5672: "amqp", 6379: "redis", 9092: "kafka",
  ]

  /// Its place among others.
  var order: (Int, UInt8, Int) {
    switch self {
    case .port(let ipProtocol, let port): (0, ipProtocol.rawValue, Int(port))
    case .whole(let ipProtocol): (1, ipProtocol.rawValue, 0)
    case .passive: (2, 0, 0)
    case .ping: (3, 0, 0)
    case .message(let ipProtocol, let type): (4, ipProtocol.rawValue, Int(type))
    }
  }
}
