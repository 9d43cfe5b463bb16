internal import Addressing
internal import Attempts
internal import CLinux
internal import Glibc
internal import SystemPackage

extension AttemptOutcome {
  /// What an ICMP error says about an attempt to a destination (RFC 792, RFC 1812 5.2.7.1, RFC 4443).
  init(_ report: ErrorReport, about ipProtocol: IPProtocol, to destination: Address) {
    guard let icmp = report.icmp, let offender = report.offender else {
      self.init(error: report.error)
      return
    }
    let (type, code) = (Int32(icmp.type), Int32(icmp.code))
    let noPort: Bool
    let noProtocol: Bool
    let forbidden: Bool
    switch destination.family {
    case .ipv4:
      noPort = type == ICMP_DEST_UNREACH && code == ICMP_PORT_UNREACH
      noProtocol = type == ICMP_DEST_UNREACH && code == ICMP_PROT_UNREACH
      forbidden =
        type == ICMP_DEST_UNREACH && [ICMP_NET_ANO, ICMP_HOST_ANO, ICMP_PKT_FILTERED].contains(code)
    case .ipv6:
      noPort = type == ICMP6_DST_UNREACH && code == ICMP6_DST_UNREACH_NOPORT
      noProtocol = type == ICMP6_PARAM_PROB && code == ICMP6_PARAMPROB_NEXTHEADER
      // "Source address failed ingress/egress policy" and "reject route to destination" have no names in
      // the C library.
      forbidden = type == ICMP6_DST_UNREACH && (code == ICMP6_DST_UNREACH_ADMIN || code == 5 || code == 6)
    }
    // Only the destination itself knows that nothing listens there; and it says so of a port to UDP alone,
    // because TCP has its own answer and ICMP no ports. Everything else is a filter's.
    let isClosed = offender == destination && (noProtocol || noPort && ipProtocol == .udp)
    if isClosed {
      self = .refused(by: offender)
    } else if forbidden || noPort || noProtocol {
      self = .rejected(by: offender)
    } else {
      self = .unreachable(by: offender)
    }
  }

  /// What the error number of a call says that no ICMP message explains.
  init(error: Int32) {
    switch error {
    case EPERM: self = .egressDenied
    case ECONNREFUSED, ECONNRESET: self = .refused(by: nil)
    case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN: self = .unreachable(by: nil)
    case ETIMEDOUT: self = .silent
    default: self = .failed("\(Errno(rawValue: error))")
    }
  }

  /// What the error of socket(2) says.
  init(creating ipProtocol: IPProtocol, error: Int32) {
    switch error {
    case EPERM, EACCES: self = .unsupported("raw sockets need the capability CAP_NET_RAW")
    case EPROTONOSUPPORT, EAFNOSUPPORT, ESOCKTNOSUPPORT:
      self = .unsupported("this kernel has no sockets for \(ipProtocol)")
    default: self = .failed("\(Errno(rawValue: error))")
    }
  }
}
