package import Addressing
package import Nftables

/// What a chain of a compiled table is for.
package enum ChainMeaning: Hashable, Sendable {
  /// The chain that the kernel calls: `input`.
  case base(Side)
  /// Where whatever is not allowed ends: `in/deny`.
  case denial(Side)
  /// What records of that who wanted what: `in/records`.
  case recording(Side)
  /// What counts knocks on closed doors, and refuses who knocks too often: `in/tripwire`.
  case tripwire(Side)
  /// Errors, what cannot be a connection, and what is not tracked: `in/not-new`.
  case notNew(Side)
  /// Connections whose destination somebody's NAT has changed: `in/dnat`.
  case translated(Side)
  /// What comes from outside to containers: `forward/to-containers`.
  case toContainers
  /// What containers ask for outside: `forward/from-containers`.
  case fromContainers
  /// The flows of one service: `in.https`.
  case requests(Side, service: String)
  /// Answers to the multicast requests of one service: `in/mdns.replies`.
  case replies(Side, service: String)
  /// Jumps to each of the services that claim one key: `in/tcp-443`.
  case shared(Side, SharedKey)
  /// Where connections of addresses that the host has cut off end, whichever side they come by: `quarantine`.
  case quarantine

  /// What several services claim.
  package enum SharedKey: Hashable, Sendable {
    /// `icmp-8`.
    case type(IPProtocol, UInt8)
    /// `protocol-50`.
    case ipProtocol(IPProtocol)
    /// `tcp-443`.
    case port(IPProtocol, UInt16)
    /// A piece of an interval map of ports: `tcp.8000-8999`.
    case ports(IPProtocol, ClosedRange<UInt16>)
    /// The same, of the port before any NAT: `dnat.tcp.443`.
    case translatedPorts(IPProtocol, ClosedRange<UInt16>)
  }

  /// `nil`: of every side.
  package var side: Side? {
    switch self {
    case .base(let side), .denial(let side), .recording(let side), .tripwire(let side), .notNew(let side),
      .translated(let side), .requests(let side, _), .replies(let side, _), .shared(let side, _):
      side
    case .toContainers, .fromContainers: .forward
    case .quarantine: nil
    }
  }

  /// The service whose flows' rules stand in the chain.
  package var service: String? {
    switch self {
    case .requests(_, let service), .replies(_, let service): service
    case .base, .denial, .recording, .tripwire, .notNew, .translated, .toContainers, .fromContainers,
      .shared, .quarantine:
      nil
    }
  }

  package var name: ChainName {
    let text =
      switch self {
      case .base(let side): side.baseName
      case .denial(let side): "\(side.rawValue)/\(Word.denial)"
      case .recording(let side): "\(side.rawValue)/\(Word.recording)"
      case .tripwire(let side): "\(side.rawValue)/\(Word.tripwire)"
      case .notNew(let side): "\(side.rawValue)/\(Word.notNew)"
      case .translated(let side): "\(side.rawValue)/\(Word.translated)"
      case .toContainers: "\(Side.forward.rawValue)/\(Word.toContainers)"
      case .fromContainers: "\(Side.forward.rawValue)/\(Word.fromContainers)"
      case .requests(let side, let service): "\(side.rawValue).\(service)"
      case .replies(let side, let service): "\(side.rawValue)/\(service)\(Word.replies)"
      case .shared(let side, let key): "\(side.rawValue)/\(key.text)"
      case .quarantine: Word.quarantine
      }
    return ChainName(checked: text)
  }

  /// - Returns: `nil` of a name that Sekisho gives to no chain.
  package init?(_ name: ChainName) {
    let text = name.text
    if let side = Side.allCases.first(where: { $0.baseName == text }) {
      self = .base(side)
    } else if text == Word.quarantine {
      self = .quarantine
    } else if !text.contains("/"), let (side, service) = Side.divided(text, at: ".") {
      self = .requests(side, service: String(service))
    } else if let (side, rest) = Side.divided(text, at: "/"), !rest.contains("/") {
      switch rest {
      case Word.denial: self = .denial(side)
      case Word.recording: self = .recording(side)
      case Word.tripwire: self = .tripwire(side)
      case Word.notNew: self = .notNew(side)
      case Word.translated: self = .translated(side)
      case Word.toContainers where side == .forward: self = .toContainers
      case Word.fromContainers where side == .forward: self = .fromContainers
      default:
        // No key ends with this: behind the last dot of one there are ports.
        if rest.hasSuffix(Word.replies), rest.count > Word.replies.count {
          self = .replies(side, service: String(rest.dropLast(Word.replies.count)))
        } else if let key = SharedKey(rest) {
          self = .shared(side, key)
        } else {
          return nil
        }
      }
    } else {
      return nil
    }
  }

  private enum Word {
    static let denial: Substring = "deny"
    static let recording: Substring = "records"
    static let tripwire: Substring = "tripwire"
    static let notNew: Substring = "not-new"
    static let translated: Substring = "dnat"
    static let toContainers: Substring = "to-containers"
    static let fromContainers: Substring = "from-containers"
    static let replies = ".replies"
    static let quarantine = "quarantine"
  }
}

extension ChainMeaning.SharedKey {
  fileprivate var text: String {
    switch self {
    case .type(let ipProtocol, let type): "\(ipProtocol)-\(type)"
    case .ipProtocol(let ipProtocol): "\(Word.byNumber)\(ipProtocol.rawValue)"
    case .port(let ipProtocol, let port): "\(ipProtocol)-\(port)"
    case .ports(let ipProtocol, let ports): "\(ipProtocol).\(ports.rangeText)"
    case .translatedPorts(let ipProtocol, let ports): "\(Word.translated)\(ipProtocol).\(ports.rangeText)"
    }
  }

  fileprivate init?(_ text: Substring) {
    if text.hasPrefix(Word.byNumber) {
      guard let number = UInt8(text.dropFirst(Word.byNumber.count)) else { return nil }
      self = .ipProtocol(IPProtocol(rawValue: number))
    } else if text.hasPrefix(Word.translated) {
      guard let (ipProtocol, ports) = Self.ports(text.dropFirst(Word.translated.count)) else { return nil }
      self = .translatedPorts(ipProtocol, ports)
    } else if let (ipProtocol, ports) = Self.ports(text) {
      self = .ports(ipProtocol, ports)
    } else {
      let words = text.split(separator: "-", omittingEmptySubsequences: false)
      guard words.count == 2, let ipProtocol = IPProtocol(name: words[0]) else { return nil }
      if ipProtocol.hasPorts, let port = UInt16(words[1]) {
        self = .port(ipProtocol, port)
      } else if ipProtocol == .icmp || ipProtocol == .icmpv6, let type = UInt8(words[1]) {
        self = .type(ipProtocol, type)
      } else {
        return nil
      }
    }
    // A number with a sign or zeros ahead of it is none of ours.
    if self.text != text { return nil }
  }

  private static func ports(_ text: Substring) -> (IPProtocol, ClosedRange<UInt16>)? {
    let words = text.split(separator: ".", omittingEmptySubsequences: false)
    guard words.count == 2, let ipProtocol = IPProtocol(name: words[0]), ipProtocol.hasPorts else {
      return nil
    }
    let ends = words[1].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard ends.count == 1 || ends.count == 2, let first = ends[0], let last = ends[ends.count - 1],
      first <= last
    else { return nil }
    return (ipProtocol, first...last)
  }

  private enum Word {
    static let byNumber = "protocol-"
    static let translated = "dnat."
  }
}
