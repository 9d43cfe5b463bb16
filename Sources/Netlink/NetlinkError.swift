/// What can go wrong between this process and the kernel's netlink.
public enum NetlinkError: Error, Hashable, Sendable {
  /// A call failed, or the kernel answered a request with an error; `doing` is what was tried, as in
  /// "open a netlink socket".
  case failed(KernelErrno, doing: String, extended: String?)
  /// The message is larger than the socket may send without privileges.
  case tooLarge(bytes: Int, limit: Int)
  /// The kernel dropped answers because the receive buffer was full (`ENOBUFS`).
  case overrun
  /// Something changed while the kernel was listing it (`NLM_F_DUMP_INTR`).
  case interrupted
  /// No answer came where one is due.
  case silence(doing: String)
  /// An answer that does not follow the protocol.
  case malformed(doing: String)
}

extension NetlinkError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .failed(let code, let doing, let extended):
      "cannot \(doing): \(extended.map { "\($0): " } ?? "")\(code)"
    case .tooLarge(let bytes, let limit):
      "the transaction has \(bytes) bytes and this socket sends at most \(limit) at once"
    case .overrun: "the kernel dropped answers because the receive buffer was full (ENOBUFS)"
    case .interrupted: "the ruleset changed while it was read"
    case .silence(let doing): "cannot \(doing): the kernel did not answer"
    case .malformed(let doing): "cannot \(doing): the kernel's answer is malformed"
    }
  }

  /// What to do about it, in words; `nil` where nothing is known to help.
  public var remedy: String? {
    switch self {
    case .failed(.perm, _, _), .failed(.access, _, _):
      "run it as root, or with the capability CAP_NET_ADMIN in this network namespace"
    case .failed(.protocolNotSupported, _, _), .failed(.familyNotSupported, _, _),
      .failed(.notSupported, _, _):
      "load the kernel module nf_tables (modprobe nf_tables), or use a kernel that has it"
    case .failed(.noMemory, _, _): "free memory and try again"
    case .tooLarge:
      "run it as root, or raise the limit with sysctl net.core.wmem_max"
    case .overrun, .interrupted: "try again"
    default: nil
    }
  }
}
